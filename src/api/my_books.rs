//! `/me/books`: in which layout a user has the books on the devices that synchronize, and which views
//! besides the homes.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::account::{Layout, User};
use crate::api::Shared;
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::auth::sight::Sight;
use crate::contact::book::AddressBook;
use crate::directory::{Edit, Request};

pub(super) async fn show(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
) -> Result<Json<Value>, Problem> {
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let user = user(&asker, &sight)?;
    Ok(Json(shown(&sight, user)))
}

pub(super) async fn put(
    State(context): State<Shared>,
    asker: Asker,
    _: Params<NoParams>,
    mut input: Input,
) -> Result<Json<Value>, Problem> {
    let (listed, layout) = (input.take("listed"), input.take("layout"));
    if listed.is_none() && layout.is_none() {
        return Err(Problem::field("listed", "listed or layout is required"));
    }
    let _turn = context.authenticator.account_changes().await;
    let snapshot = context.directory.snapshot();
    let sight = asker.sight(&snapshot)?;
    let user = user(&asker, &sight)?;
    let mut user = user.clone();
    match listed {
        None => {}
        Some(Value::Null) => user.listed_books = None,
        Some(list) => user.listed_books = Some(views(&sight, &list)?),
    }
    match layout {
        None => {}
        Some(Value::Null) => user.carddav_layout = None,
        Some(name) => user.carddav_layout = Some(layout_named(&name)?),
    }
    input.must_be_empty()?;
    let json = shown(&sight, &user);
    context.directory.commit(Request::one(Edit::PutUser(user))).await?;
    Ok(Json(json))
}

fn user<'s>(asker: &Asker, sight: &Sight<'s>) -> Result<&'s User, Problem> {
    let user = asker.principal.user().and_then(|id| sight.snapshot.user(id));
    user.ok_or_else(|| Problem::forbidden("only users choose books: sign in as one"))
}

fn shown(sight: &Sight<'_>, user: &User) -> Value {
    let names = |books: &[AddressBook]| -> Vec<String> {
        books.iter().filter(|book| sight.reads(**book)).map(ToString::to_string).collect()
    };
    let can_be_listed: Vec<AddressBook> = sight.books().into_iter().filter(is_view).collect();
    let chosen = user.listed_books.as_deref();
    json!({
        "listed": names(chosen.unwrap_or(&sight.organization.listed_books)),
        "chosen": chosen.is_some(), "available": names(&can_be_listed),
        "layout": user.carddav_layout.unwrap_or(sight.organization.carddav_layout).name(),
        "layout_chosen": user.carddav_layout.is_some(),
    })
}

fn layout_named(name: &Value) -> Result<Layout, Problem> {
    let layout = name.as_str().and_then(Layout::parse);
    layout.ok_or_else(|| Problem::field("layout", "a layout is auto, separate or merged"))
}

fn views(sight: &Sight<'_>, list: &Value) -> Result<Vec<AddressBook>, Problem> {
    let wrong = |name: &str| {
        let detail = format!("`{name}` is no book to list: see `available` of GET /me/books");
        Problem::field("listed", detail)
    };
    let names = list.as_array().ok_or_else(|| wrong("listed"))?;
    let mut views = Vec::new();
    for name in names {
        let name = name.as_str().ok_or_else(|| wrong("listed"))?;
        let book = AddressBook::parse(name, sight.owner());
        let book = book.filter(|book| is_view(book) && sight.reads(*book));
        let book = book.ok_or_else(|| wrong(name))?;
        if !views.contains(&book) {
            views.push(book);
        }
    }
    Ok(views)
}

/// Whether a book is listed only where somebody asks for it. Homes always are; presence is never
/// synchronized.
pub(super) fn is_view(book: &AddressBook) -> bool {
    matches!(book, AddressBook::Favorites | AddressBook::All | AddressBook::Group(_))
}
