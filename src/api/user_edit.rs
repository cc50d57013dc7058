//! What a request says about a user: the account, and changes of the card.

use hyper::StatusCode;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::account::{Role, SecretHash};
use crate::api::asker::Asker;
use crate::api::contact_json::LISTS;
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::auth::Authenticator;
use crate::contact::card::{Card, CardBuilder, Field, FieldSet};
use crate::import::person::{wrong_extension, wrong_login};
use crate::table::fields;
use crate::table::write::name_follows;

/// The longest value of a field, and the most values of one.
const VALUE_BYTES_MAX: usize = 64 * 1024;
const VALUES_MAX: usize = 100;

/// What a formatted name is made of.
const NAME_PARTS: FieldSet =
    FieldSet::of(&[Field::GivenName, Field::MiddleName, Field::FamilyName, Field::Company]);

/// A user's members as they were sent; what was not sent stays as it is.
pub(super) struct UserEdit {
    pub(super) extension: Option<Box<str>>,
    /// Lower case; `null` takes it away.
    pub(super) login: Option<Option<Box<str>>>,
    password: Option<Option<Zeroizing<String>>>,
    pub(super) role: Option<Role>,
    pub(super) listed: Option<bool>,
    /// New values by field; none clears it.
    card: Vec<(Field, Vec<String>)>,
}

impl UserEdit {
    /// # Errors
    /// 400 for members that are unknown or have no such value, 403 for a role above the asker's.
    pub(super) fn read(mut input: Input, asker: &Asker) -> Result<Self, Problem> {
        let extension = input.text("extension")?.filter(|text| !text.is_empty());
        if let Some(reason) = extension.as_deref().and_then(wrong_extension) {
            return Err(Problem::field("extension", reason));
        }
        let has = |present: Option<Value>| present.map(|value| (value, ()));
        let login = match has(input.take("login")) {
            None => None,
            Some((Value::Null, ())) => Some(None),
            Some((Value::String(login), ())) => Some(Some(login.trim().to_lowercase().into())),
            Some(_) => return Err(Problem::field("login", "login must be a text")),
        };
        if let Some(reason) =
            login.as_ref().and_then(|l: &Option<Box<str>>| wrong_login(l.as_deref()?))
        {
            return Err(Problem::field("login", reason));
        }
        let password = match input.take("password") {
            None => None,
            Some(Value::Null) => Some(None),
            Some(Value::String(password)) => Some(Some(Zeroizing::new(password))),
            Some(_) => return Err(Problem::field("password", "password must be a text")),
        };
        let (role, listed) = (role(&mut input, asker)?, input.flag("listed")?);
        // Named already by the parameter, for operators.
        let _ = input.take("organization");
        let card = card_fields(input)?;
        let extension = extension.map(Into::into);
        Ok(Self { extension, login, password, role, listed, card })
    }

    /// The hash of the new password; an inner None where the password goes.
    pub(super) async fn hashed_password(
        &self,
        authenticator: &Authenticator,
    ) -> Result<Option<Option<SecretHash>>, Problem> {
        let Some(password) = &self.password else { return Ok(None) };
        let Some(password) = password else { return Ok(Some(None)) };
        let bytes = Zeroizing::new(password.as_bytes().to_vec());
        Ok(Some(Some(authenticator.hash(bytes).await?)))
    }

    /// The card of a new user.
    ///
    /// # Errors
    /// 400 where there is nothing to call the user by.
    pub(super) fn new_card(&self) -> Result<Card, Problem> {
        self.build(CardBuilder::default())
    }

    /// The card of a user with the changes made.
    ///
    /// # Errors
    /// 409 where the extension would change, 400 where nothing is left to call the user by.
    pub(super) fn changed_card(&self, old: &Card) -> Result<Card, Problem> {
        let given = old.first(Field::Extension);
        let asked = self.extension.as_deref();
        if let (Some(given), Some(asked)) = (given, asked)
            && given != asked
        {
            let detail = format!(
                "the extension {given} was given for good: it cannot be changed. Make a new user \
                 for {asked}, and remove this one"
            );
            let conflict = Problem::new(StatusCode::CONFLICT, detail);
            return Err(conflict.with("field", "extension".into()));
        }
        let mut builder = old.edit();
        let renames = self.card.iter().any(|(field, _)| NAME_PARTS.contains(*field));
        if renames && name_follows(old) {
            builder.replace(Field::FormattedName, []);
        }
        self.build(builder)
    }

    fn build(&self, mut builder: CardBuilder) -> Result<Card, Problem> {
        if let Some(extension) = self.extension.as_deref() {
            builder.replace(Field::Extension, [extension]);
        }
        for (field, values) in &self.card {
            builder.replace(*field, values.iter().map(String::as_str));
        }
        builder.finish().map_err(|nameless| Problem::field("name", nameless.to_string()))
    }
}

/// A change that lost against others again and again.
pub(super) fn contended() -> Problem {
    let detail = "too much is changing at the same time, try again later";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
}

fn role(input: &mut Input, asker: &Asker) -> Result<Option<Role>, Problem> {
    let Some(name) = input.text("role")? else { return Ok(None) };
    let names = "role must be user, office-manager, admin or operator";
    let role = Role::parse(&name).ok_or_else(|| Problem::field("role", names))?;
    if role > asker.principal.role {
        return Err(Problem::forbidden("nobody gives a role above their own"));
    }
    Ok(Some(role))
}

/// The members that are fields of the card.
fn card_fields(mut input: Input) -> Result<Vec<(Field, Vec<String>)>, Problem> {
    let mut card = Vec::new();
    if let Some(numbers) = input.take("numbers") {
        card.extend(number_fields(&numbers)?);
    }
    for (name, value) in input.rest() {
        let list = LISTS.iter().find(|(_, list)| *list == name).map(|(field, _)| *field);
        let field = list.or_else(|| fields::by_json_name(&name));
        let field = field.ok_or_else(|| {
            Problem::field(&name, format!("there is no member `{name}` that can be set"))
        })?;
        card.push((field, values(&name, value)?));
    }
    Ok(card)
}

/// `[{"type": "mobile", "value": "…"}]` replaces all numbers but the extension.
fn number_fields(numbers: &Value) -> Result<Vec<(Field, Vec<String>)>, Problem> {
    let kinds = Field::NUMBERS.without(FieldSet::of(&[Field::Extension]));
    let wrong = || {
        let names: Vec<&str> = kinds.iter().filter_map(fields::json_name).collect();
        let detail = format!(
            "numbers must be a list of {{\"type\", \"value\"}}; types are {}",
            names.join(", ")
        );
        Problem::field("numbers", detail)
    };
    let mut by_kind: Vec<(Field, Vec<String>)> =
        kinds.iter().map(|field| (field, Vec::new())).collect();
    for number in numbers.as_array().ok_or_else(wrong)? {
        let kind = number.get("type").and_then(Value::as_str).and_then(fields::by_json_name);
        let value = number.get("value").and_then(Value::as_str).ok_or_else(wrong)?;
        let list = by_kind.iter_mut().find(|(field, _)| Some(*field) == kind);
        let (_, list) = list.ok_or_else(wrong)?;
        list.push(checked("numbers", value)?);
    }
    Ok(by_kind)
}

fn values(name: &str, value: Value) -> Result<Vec<String>, Problem> {
    let wrong = || Problem::field(name, format!("{name} must be a text, or a list of texts"));
    let texts = match value {
        Value::Null => Vec::new(),
        Value::Array(texts) if texts.len() <= VALUES_MAX => texts,
        text @ Value::String(_) => vec![text],
        _ => return Err(wrong()),
    };
    let text = |text: &Value| checked(name, text.as_str().ok_or_else(wrong)?);
    texts.iter().map(text).collect()
}

fn checked(name: &str, value: &str) -> Result<String, Problem> {
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if value.len() > VALUE_BYTES_MAX || value.contains(odd) {
        let detail = format!("{name} has control characters or more than {VALUE_BYTES_MAX} bytes");
        return Err(Problem::field(name, detail));
    }
    Ok(value.to_owned())
}
