//! The settings of an organization: as a request changes them, and as they are shown.

use serde_json::{Value, json};

use crate::account::networks::Networks;
use crate::account::{
    AnonymousAccess, BaseAlias, Layout, Organization, OrganizationSettings, RefusedWrites,
};
use crate::api::input::Input;
use crate::api::my_books::is_view;
use crate::api::problem::Problem;
use crate::auth::dn::Dn;
use crate::contact::book::AddressBook;
use crate::contact::card::{Field, FieldSet};
use crate::contact::derived::NameOrder;
use crate::contact::{Book, OrganizationId};
use crate::file::fields;
use crate::index::Snapshot;

/// The longest text of a setting.
const TEXT_CHARS_MAX: usize = 255;
/// The most values of a list.
const LIST_MAX: usize = 100;

/// The photo stands among the fields that users change.
const PHOTO: &str = "photo";
/// What is never left to users on their own cards: what decides who they are, who they sign in as and
/// what they may see.
const NEVER_SELF: FieldSet = FieldSet::of(&[
    Field::Extension,
    Field::Email,
    Field::Department,
    Field::Site,
    Field::Manager,
    Field::Did,
    Field::VoicemailBox,
]);

/// Who looks at the settings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Administrator,
    User,
}

/// The settings with the members of a request in their place.
///
/// # Errors
/// 400 names the member that is wrong, and says what is allowed.
pub(super) fn changed(
    mut settings: OrganizationSettings,
    mut input: Input,
    snapshot: &Snapshot,
) -> Result<OrganizationSettings, Problem> {
    for (name, place) in [
        ("name", &mut settings.name),
        ("domain", &mut settings.domain),
        ("region", &mut settings.region),
        ("area_code", &mut settings.area_code),
        ("outside_line", &mut settings.outside_line),
        ("inter_organization_prefix", &mut settings.inter_organization_prefix),
        ("language", &mut settings.language),
    ] {
        if let Some(text) = input.text(name)? {
            *place = text;
        }
    }
    if let Some(order) = input.text("name_order")? {
        settings.name_order = match order.as_str() {
            "given-first" => NameOrder::GivenFirst,
            "family-first" => NameOrder::FamilyFirst,
            _ => {
                let detail = "name_order must be given-first or family-first";
                return Err(Problem::field("name_order", detail));
            }
        };
    }
    if let Some(text) = input.text("suffix")? {
        let new = suffix(&text)?;
        // One that a file gave in another form stays as it is there.
        if suffix(&settings.suffix).ok().as_ref() != Some(&new) {
            settings.suffix = new;
        }
    }
    if let Some(names) = list(&mut input, "hidden_numbers")? {
        settings.hidden_numbers = hidden(&names)?;
    }
    if let Some(names) = list(&mut input, "self_edit")? {
        let (photo, fields): (Vec<String>, Vec<String>) =
            names.into_iter().partition(|name| name == PHOTO);
        settings.self_edit = self_edit(&fields)?;
        settings.self_edit_photo = !photo.is_empty();
    }
    if let Some(names) = list(&mut input, "shares_with")? {
        settings.shares_with = shares_with(&names, &settings.id, snapshot)?;
    }
    if let Some(names) = list(&mut input, "listed_books")? {
        let books = books(&names, "listed_books", &settings.id, snapshot)?;
        if let Some(home) = books.iter().find(|book| !is_view(book)) {
            let detail = format!("{home} is no view to list: homes always are, presence never is");
            return Err(Problem::field("listed_books", detail));
        }
        settings.listed_books = books;
    }
    if let Some(value) = input.take("anonymous") {
        settings.anonymous = anonymous(value, &settings.id, snapshot)?;
    }
    if let Some(value) = input.take("base_aliases") {
        settings.base_aliases = base_aliases(value, &settings, snapshot)?;
    }
    if let Some(on) = input.flag("keypad_search")? {
        settings.keypad_search = on;
    }
    carddav(&mut input, &mut settings)?;
    // Shown only; a client may send back what it got.
    let _ = (input.take("id"), input.take("shares_now_with"));
    input.must_be_empty()?;
    check(&settings)?;
    Ok(settings)
}

/// How CardDAV shows the books.
fn carddav(input: &mut Input, settings: &mut OrganizationSettings) -> Result<(), Problem> {
    if let Some(name) = input.text("carddav_layout")? {
        let detail = "carddav_layout must be auto, separate or merged";
        let layout = Layout::parse(&name).ok_or_else(|| Problem::field("carddav_layout", detail));
        settings.carddav_layout = layout?;
    }
    if let Some(name) = input.text("refused_writes")? {
        let detail = "refused_writes must be deny or revert";
        let refused = RefusedWrites::parse(&name);
        settings.refused_writes =
            refused.ok_or_else(|| Problem::field("refused_writes", detail))?;
    }
    if let Some(value) = input.take("people_on_devices_max") {
        let detail = "people_on_devices_max must be a whole number from 0 to 4294967295";
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        settings.people_on_devices_max =
            number.ok_or_else(|| Problem::field("people_on_devices_max", detail))?;
    }
    Ok(())
}

/// The suffix in the one form that is compared: short types in lower case, without spaces.
///
/// # Errors
/// 400 where the text is no DN.
pub(super) fn suffix(text: &str) -> Result<String, Problem> {
    let dn = Dn::parse(text).ok().filter(|dn| !dn.rdns().is_empty());
    let wrong = || Problem::field("suffix", "suffix must be a DN, such as dc=example,dc=com");
    Ok(dn.ok_or_else(wrong)?.to_string())
}

fn list(input: &mut Input, name: &str) -> Result<Option<Vec<String>>, Problem> {
    let list = input.list(name)?;
    if list.as_ref().is_some_and(|list| list.len() > LIST_MAX) {
        return Err(Problem::field(name, format!("{name} has at most {LIST_MAX} values")));
    }
    Ok(list)
}

fn hidden(names: &[String]) -> Result<FieldSet, Problem> {
    let number = |name: &String| {
        let field = fields::by_json_name(name).filter(|field| Field::NUMBERS.contains(*field));
        field.ok_or_else(|| {
            let detail = format!("hidden_numbers: `{name}` is no type of number, such as mobile");
            Problem::field("hidden_numbers", detail)
        })
    };
    let fields: Vec<Field> = names.iter().map(number).collect::<Result<_, _>>()?;
    Ok(FieldSet::of(&fields))
}

fn self_edit(names: &[String]) -> Result<FieldSet, Problem> {
    let own = |name: &String| {
        let field = fields::by_json_name(name).filter(|field| !NEVER_SELF.contains(*field));
        field.ok_or_else(|| {
            let detail = format!(
                "self_edit: `{name}` is no field, or none that users may change themselves, such \
                 as mobile, title and note"
            );
            Problem::field("self_edit", detail)
        })
    };
    let fields: Vec<Field> = names.iter().map(own).collect::<Result<_, _>>()?;
    Ok(FieldSet::of(&fields))
}

fn shares_with(
    names: &[String],
    own: &OrganizationId,
    snapshot: &Snapshot,
) -> Result<Vec<OrganizationId>, Problem> {
    let mut all = Vec::new();
    for name in names {
        let id = OrganizationId::parse(name).filter(|id| id != own);
        let id = id.filter(|id| snapshot.organization(id).is_some()).ok_or_else(|| {
            let detail = format!("shares_with: `{name}` is no other organization");
            Problem::field("shares_with", detail)
        })?;
        if !all.contains(&id) {
            all.push(id);
        }
    }
    Ok(all)
}

/// Books of the organization that anybody can name.
fn books(
    names: &[String],
    field: &str,
    organization: &OrganizationId,
    snapshot: &Snapshot,
) -> Result<Vec<AddressBook>, Problem> {
    let exists = |book: &AddressBook| match *book {
        AddressBook::Group(group) => snapshot.group(organization, group).is_some(),
        AddressBook::Home(Book::SharedBook(id)) => snapshot.shared_book(organization, id).is_some(),
        AddressBook::Home(_) | AddressBook::All | AddressBook::Contacts => true,
        AddressBook::Favorites => true,
        AddressBook::Status(_) => false,
    };
    let mut books = Vec::new();
    for name in names {
        let book = AddressBook::parse(name, None).filter(exists);
        let book =
            book.ok_or_else(|| Problem::field(field, format!("{field}: there is no `{name}`")))?;
        if !books.contains(&book) {
            books.push(book);
        }
    }
    Ok(books)
}

/// `{"networks": […], "books": […]}`; null closes the organization to those who do not sign in.
fn anonymous(
    value: Value,
    organization: &OrganizationId,
    snapshot: &Snapshot,
) -> Result<Option<AnonymousAccess>, Problem> {
    let wrong = |detail: &str| Problem::field("anonymous", format!("anonymous: {detail}"));
    let members = match value {
        Value::Null => return Ok(None),
        Value::Object(members) => members,
        _ => return Err(wrong("say null, or {\"networks\": […], \"books\": […]}")),
    };
    let mut input = Input::from(members);
    let networks = list(&mut input, "networks")?.unwrap_or_default();
    let names = list(&mut input, "books")?.unwrap_or_default();
    input.must_be_empty()?;
    if networks.is_empty() || names.is_empty() {
        return Err(wrong("name at least one network and one book"));
    }
    let networks = Networks::parse(networks.iter().map(String::as_str));
    let networks = networks.map_err(|fault| wrong(&fault.to_string()))?;
    let books = books(&names, "anonymous", organization, snapshot)?;
    if books.contains(&AddressBook::Favorites) {
        return Err(wrong("favorites are of users"));
    }
    Ok(Some(AnonymousAccess { networks, books }))
}

/// `{"dc=phonebook": "people"}`: search bases of an older server, and what they are here.
fn base_aliases(
    value: Value,
    settings: &OrganizationSettings,
    snapshot: &Snapshot,
) -> Result<Vec<BaseAlias>, Problem> {
    let wrong = |detail: String| Problem::field("base_aliases", format!("base_aliases: {detail}"));
    let members = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Object(members) if members.len() <= LIST_MAX => members,
        _ => {
            return Err(wrong(format!("say {{\"dc=phonebook\": \"people\"}}, at most {LIST_MAX}")));
        }
    };
    let own = Dn::parse(&settings.suffix).unwrap_or_default();
    let mut aliases = Vec::new();
    for (base, book) in members {
        let dn = Dn::parse(&base).ok().filter(|dn| !dn.rdns().is_empty());
        let dn = dn.filter(|_| base.len() <= TEXT_CHARS_MAX);
        let dn = dn.ok_or_else(|| wrong(format!("`{base}` is no DN, such as dc=phonebook")))?;
        if dn.below(&own).is_some() {
            return Err(wrong(format!("`{base}` is in the organization's own tree")));
        }
        let name = book.as_str().ok_or_else(|| wrong(format!("name the book of `{base}`")))?;
        let books = books(&[name.to_owned()], "base_aliases", &settings.id, snapshot)?;
        let base = dn.to_string();
        aliases.extend(books.into_iter().map(|book| BaseAlias { base: base.clone(), book }));
    }
    Ok(aliases)
}

fn check(settings: &OrganizationSettings) -> Result<(), Problem> {
    let OrganizationSettings { name, domain, area_code, outside_line, language, .. } = settings;
    let prefix = &settings.inter_organization_prefix;
    let texts = [("name", name), ("domain", domain), ("suffix", &settings.suffix)];
    for (field, text) in texts {
        if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
            let detail = format!("{field} must have 1 to {TEXT_CHARS_MAX} characters");
            return Err(Problem::field(field, detail));
        }
    }
    let label = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.');
    if !domain.chars().all(label) {
        return Err(Problem::field("domain", "domain must be a mail domain, such as example.com"));
    }
    let digits = [
        ("area_code", area_code),
        ("outside_line", outside_line),
        ("inter_organization_prefix", prefix),
    ];
    for (field, digits) in digits {
        if digits.len() > 10 || !digits.bytes().all(|c| c.is_ascii_digit()) {
            return Err(Problem::field(field, format!("{field} must be digits")));
        }
    }
    let tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if language.is_empty() || language.len() > 35 || !language.chars().all(tag) {
        return Err(Problem::field("language", "language must be a tag such as de or pt-BR"));
    }
    Ok(())
}

/// The settings; what operators open to others is for administrators to see.
pub(super) fn shown(organization: &Organization, snapshot: &Snapshot, view: View) -> Value {
    let names = |fields: FieldSet| fields.iter().filter_map(fields::json_name).collect::<Vec<_>>();
    let books = |books: &[AddressBook]| books.iter().map(ToString::to_string).collect::<Vec<_>>();
    let ids = |ids: &[OrganizationId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let order = match organization.name_order {
        NameOrder::GivenFirst => "given-first",
        NameOrder::FamilyFirst => "family-first",
    };
    let mut self_edit = names(organization.self_edit);
    self_edit.extend(organization.self_edit_photo.then_some(PHOTO));
    let mut json = json!({
        "id": organization.id.as_str(), "name": organization.name, "domain": organization.domain,
        "suffix": organization.suffix, "region": organization.region,
        "area_code": organization.area_code, "outside_line": organization.outside_line,
        "inter_organization_prefix": organization.inter_organization_prefix,
        "language": organization.language, "name_order": order,
        "hidden_numbers": names(organization.hidden_numbers),
        "self_edit": self_edit,
        "listed_books": books(&organization.listed_books),
    });
    let neighbors: Vec<OrganizationId> = snapshot.neighbors(&organization.id).cloned().collect();
    let anonymous = organization.anonymous.as_ref().map(|anonymous| {
        json!({ "networks": networks(&anonymous.networks), "books": books(&anonymous.books) })
    });
    let aliases = organization.base_aliases.iter();
    let aliases = aliases.map(|alias| (alias.base.clone(), json!(alias.book.to_string())));
    let more = [
        ("shares_with", json!(ids(&organization.shares_with))),
        // Those that consented too.
        ("shares_now_with", json!(ids(&neighbors))),
        ("anonymous", json!(anonymous)),
        ("base_aliases", Value::Object(aliases.collect())),
        ("keypad_search", json!(organization.keypad_search)),
        ("carddav_layout", json!(organization.carddav_layout.name())),
        ("people_on_devices_max", json!(organization.people_on_devices_max)),
        ("refused_writes", json!(organization.refused_writes.name())),
    ];
    if let (View::Administrator, Some(json)) = (view, json.as_object_mut()) {
        json.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    json
}

fn networks(networks: &Networks) -> Vec<String> {
    networks.to_string().split(", ").filter(|text| !text.is_empty()).map(str::to_owned).collect()
}
