//! What a request says about a card: new values of its fields.

use serde_json::{Map, Value};

use crate::api::contact_json::LISTS;
use crate::api::problem::Problem;
use crate::contact::card::{Card, CardBuilder, Field, FieldSet, PostalAddress};
use crate::file::fields;
use crate::file::table::said::name_follows;

/// The longest value of a field, and the most values of one.
const VALUE_BYTES_MAX: usize = 64 * 1024;
const VALUES_MAX: usize = 100;

/// What a formatted name is made of.
const NAME_PARTS: FieldSet =
    FieldSet::of(&[Field::GivenName, Field::MiddleName, Field::FamilyName, Field::Company]);

/// New values by field, as they were sent; none clears a field, and what was not sent stays.
pub(super) struct CardEdit(Vec<(Field, Vec<String>)>);

impl CardEdit {
    /// # Errors
    /// 400 for members that are no fields or have no such value.
    pub(super) fn read(members: Map<String, Value>) -> Result<Self, Problem> {
        let mut card = Vec::new();
        for (name, value) in members {
            match name.as_str() {
                "numbers" => card.extend(number_fields(&value)?),
                "postal" => card.push((Field::Postal, postal_values(&value)?)),
                name => {
                    let list = LISTS.iter().find(|(_, list)| *list == name);
                    let field = list.map(|(field, _)| *field);
                    let field = field.or_else(|| fields::by_json_name(name)).ok_or_else(|| {
                        let detail = format!("there is no member `{name}` that can be set");
                        Problem::field(name, detail)
                    })?;
                    card.push((field, values(name, value)?));
                }
            }
        }
        Ok(Self(card))
    }

    /// The fields whose values would differ from a card's.
    pub(super) fn changes(&self, card: &Card) -> FieldSet {
        let differs = |(field, values): &&(Field, Vec<String>)| {
            !card.all(*field).eq(values.iter().map(|value| value.trim()).filter(|v| !v.is_empty()))
        };
        let fields: Vec<Field> = self.0.iter().filter(differs).map(|(field, _)| *field).collect();
        FieldSet::of(&fields)
    }

    /// The values of a card that is to be changed. A name that was made of its parts is made anew
    /// with them.
    pub(super) fn begin(&self, old: &Card) -> CardBuilder {
        let mut builder = old.edit();
        let renames = self.0.iter().any(|(field, _)| NAME_PARTS.contains(*field));
        if renames && name_follows(old) {
            builder.replace(Field::FormattedName, []);
        }
        builder
    }

    /// The card with the new values.
    ///
    /// # Errors
    /// 400 where nothing is left to call the contact by.
    pub(super) fn finish(&self, mut builder: CardBuilder) -> Result<Card, Problem> {
        for (field, values) in &self.0 {
            builder.replace(*field, values.iter().map(String::as_str));
        }
        builder.finish().map_err(|nameless| Problem::field("name", nameless.to_string()))
    }
}

/// `[{"type": "work", "street": "…", …}]` replaces all postal addresses.
fn postal_values(addresses: &Value) -> Result<Vec<String>, Problem> {
    let wrong = || {
        let detail = "postal must be a list of {\"type\", \"street\", \"locality\", \"region\", \
                      \"code\", \"country\"}; types are work and home";
        Problem::field("postal", detail)
    };
    let addresses = addresses.as_array().filter(|all| all.len() <= VALUES_MAX).ok_or_else(wrong)?;
    let address = |address: &Value| {
        let part = |name: &str| match address.as_object().ok_or_else(wrong)?.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => checked("postal", text),
            Some(_) => Err(wrong()),
        };
        let (kind, street, locality) = (part("type")?, part("street")?, part("locality")?);
        let (region, code, country) = (part("region")?, part("code")?, part("country")?);
        if !["", "work", "home"].contains(&kind.as_str()) {
            return Err(wrong());
        }
        let (kind, street, locality) = (&*kind, &*street, &*locality);
        let (region, code, country) = (&*region, &*code, &*country);
        Ok(PostalAddress { kind, street, locality, region, code, country }.value())
    };
    addresses.iter().map(address).collect()
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
