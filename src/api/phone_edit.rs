//! Phone accounts as JSON: what a request says of one, and how one is shown.

use serde_json::{Value, json};

use crate::account::Organization;
use crate::account::device::PhoneAccount;
use crate::account::networks::Networks;
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::api::users;
use crate::contact::book::AddressBook;
use crate::contact::derived::NameOrder;
use crate::contact::number::NumberFormat;
use crate::contact::{Book, UserId};
use crate::index::Snapshot;

/// Networks, books and users of one account at most.
const NETWORKS_MAX: usize = 100;
const BOOKS_MAX: usize = 100;
const USERS_MAX: usize = 1000;

/// The members that can be changed as they were sent; what was not sent stays as it is.
pub(super) struct PhoneEdit {
    networks: Option<Networks>,
    books: Option<Vec<AddressBook>>,
    /// Extensions or ids.
    acts_for: Option<Vec<String>>,
    number_format: Option<NumberFormat>,
    name_order: Option<Option<NameOrder>>,
}

impl PhoneEdit {
    /// # Errors
    /// 400 for members that have no such value.
    pub(super) fn read(input: &mut Input) -> Result<Self, Problem> {
        Ok(Self {
            networks: networks(input)?,
            books: books(input)?,
            acts_for: bounded(input, "acts_for", USERS_MAX)?,
            number_format: number_format(input)?,
            name_order: name_order(input)?,
        })
    }

    /// Changes an account.
    ///
    /// # Errors
    /// 400 for a book or user that is not there, and for an account of several users that could be
    /// used from anywhere.
    pub(super) fn apply(
        self,
        phone: &mut PhoneAccount,
        snapshot: &Snapshot,
        organization: &Organization,
    ) -> Result<(), Problem> {
        if let Some(books) = self.books {
            let absent = books.iter().find(|book| !is_there(snapshot, organization, **book));
            if let Some(book) = absent {
                return Err(Problem::field("books", format!("there is no book {book}")));
            }
            phone.books = books;
        }
        if let Some(users) = self.acts_for {
            phone.acts_for = acts_for(snapshot, organization, &users)?;
        }
        phone.networks = self.networks.unwrap_or_else(|| phone.networks.clone());
        phone.number_format = self.number_format.unwrap_or(phone.number_format);
        phone.name_order = self.name_order.unwrap_or(phone.name_order);
        if phone.acts_for.len() > 1 && phone.networks.is_empty() {
            let detail = "an account that acts for several users needs networks that it signs in \
                          from; it also needs TLS";
            return Err(Problem::field("networks", detail));
        }
        Ok(())
    }
}

/// The account without its secrets, which nobody knows any more.
pub(super) fn shown(
    phone: &PhoneAccount,
    snapshot: &Snapshot,
    organization: &Organization,
) -> Value {
    let texts = |books: &[AddressBook]| books.iter().map(ToString::to_string).collect::<Vec<_>>();
    let users = phone.acts_for.iter().filter_map(|id| snapshot.user(*id));
    let name = |user: &crate::account::User| {
        user.extension.as_deref().map_or_else(|| user.id.to_string(), str::to_owned)
    };
    json!({
        "name": phone.name, "organization": organization.id.as_str(),
        "dn": format!("cn={},ou=services,{}", phone.name, organization.suffix),
        "secrets": phone.secrets.len(),
        "networks": phone.networks.texts().collect::<Vec<_>>(),
        "books": texts(&phone.books), "acts_for": users.map(name).collect::<Vec<_>>(),
        "number_format": phone.number_format.name(),
        "name_order": phone.name_order.map(order_name),
    })
}

fn bounded(input: &mut Input, name: &str, max: usize) -> Result<Option<Vec<String>>, Problem> {
    let list = input.list(name)?;
    match &list {
        Some(list) if list.len() > max => {
            Err(Problem::field(name, format!("{name} has at most {max} entries")))
        }
        _ => Ok(list),
    }
}

fn networks(input: &mut Input) -> Result<Option<Networks>, Problem> {
    let Some(texts) = bounded(input, "networks", NETWORKS_MAX)? else { return Ok(None) };
    let networks = Networks::parse(texts.iter().map(String::as_str));
    networks.map(Some).map_err(|wrong| {
        Problem::field("networks", format!("{wrong}; write 192.0.2.0/24 or 2001:db8::/32"))
    })
}

fn books(input: &mut Input) -> Result<Option<Vec<AddressBook>>, Problem> {
    let Some(names) = bounded(input, "books", BOOKS_MAX)? else { return Ok(None) };
    let book = |name: &String| {
        let book = AddressBook::parse(name, None).filter(can_limit);
        book.ok_or_else(|| {
            let detail = "books can be people, shared, all, contacts, shared-ID, department-ID and \
                          site-ID; personal contacts and favorites follow from acts_for";
            Problem::field("books", detail)
        })
    };
    names.iter().map(book).collect::<Result<_, _>>().map(Some)
}

fn can_limit(book: &AddressBook) -> bool {
    !matches!(
        book,
        AddressBook::Favorites
            | AddressBook::Status(_)
            | AddressBook::Home(Book::Personal(_) | Book::PersonalBook(..))
    )
}

fn is_there(snapshot: &Snapshot, organization: &Organization, book: AddressBook) -> bool {
    match book {
        AddressBook::Group(group) => snapshot.group(&organization.id, group).is_some(),
        AddressBook::Home(Book::SharedBook(id)) => {
            snapshot.shared_book(&organization.id, id).is_some()
        }
        _ => true,
    }
}

fn acts_for(
    snapshot: &Snapshot,
    organization: &Organization,
    names: &[String],
) -> Result<Vec<UserId>, Problem> {
    let mut users = Vec::new();
    for name in names {
        let user = users::find(snapshot, organization, name).map_err(|_absent| {
            Problem::field("acts_for", format!("there is no user with the extension {name}"))
        })?;
        if !users.contains(&user.id) {
            users.push(user.id);
        }
    }
    Ok(users)
}

fn number_format(input: &mut Input) -> Result<Option<NumberFormat>, Problem> {
    let Some(name) = input.text("number_format")? else { return Ok(None) };
    let names = NumberFormat::ALL.map(NumberFormat::name).join(", ");
    let wrong = || Problem::field("number_format", format!("number_format can be {names}"));
    NumberFormat::parse(&name).map(Some).ok_or_else(wrong)
}

/// `null` is as in the organization.
fn name_order(input: &mut Input) -> Result<Option<Option<NameOrder>>, Problem> {
    let wrong = || {
        let detail = "name_order must be given-first or family-first, or null: as everywhere";
        Problem::field("name_order", detail)
    };
    match input.take("name_order") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(value) => {
            let known = [NameOrder::GivenFirst, NameOrder::FamilyFirst];
            let found = known.into_iter().find(|order| value.as_str() == Some(order_name(*order)));
            found.map(|order| Some(Some(order))).ok_or_else(wrong)
        }
    }
}

fn order_name(order: NameOrder) -> &'static str {
    match order {
        NameOrder::GivenFirst => "given-first",
        NameOrder::FamilyFirst => "family-first",
    }
}
