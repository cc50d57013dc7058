//! What a request says about a user: the account, and changes of the card.

use hyper::StatusCode;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::account::{Organization, Role, SecretHash};
use crate::api::asker::Asker;
use crate::api::card_edit::CardEdit;
use crate::api::input::Input;
use crate::api::problem::Problem;
use crate::auth::Authenticator;
use crate::contact::card::{Card, CardBuilder, Field};
use crate::file::fields;
use crate::import::person::{wrong_extension, wrong_login};

/// A user's members as they were sent; what was not sent stays as it is.
pub(super) struct UserEdit {
    pub(super) extension: Option<Box<str>>,
    /// Lower case; `null` takes it away.
    pub(super) login: Option<Option<Box<str>>>,
    password: Option<Option<Zeroizing<String>>>,
    pub(super) role: Option<Role>,
    pub(super) listed: Option<bool>,
    /// Whether others may know of the presence.
    pub(super) presence_shown: Option<bool>,
    pub(super) card: CardEdit,
}

impl UserEdit {
    /// # Errors
    /// 400 for members that are unknown or have no such value, 403 for a role above the asker's.
    pub(super) fn read(mut input: Input, asker: &Asker) -> Result<Self, Problem> {
        let extension = input.text("extension")?.filter(|text| !text.is_empty());
        if let Some(reason) = extension.as_deref().and_then(wrong_extension) {
            return Err(Problem::field("extension", reason.to_string()));
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
            return Err(Problem::field("login", reason.to_string()));
        }
        let password = match input.take("password") {
            None => None,
            Some(Value::Null) => Some(None),
            Some(Value::String(password)) => Some(Some(Zeroizing::new(password))),
            Some(_) => return Err(Problem::field("password", "password must be a text")),
        };
        let (role, listed) = (role(&mut input, asker)?, input.flag("listed")?);
        let presence_shown = input.flag("presence_shown")?;
        // Named already by the parameter, for operators.
        let _ = input.take("organization");
        let card = CardEdit::read(input.rest())?;
        let extension = extension.map(Into::into);
        Ok(Self { extension, login, password, role, listed, presence_shown, card })
    }

    /// Whether users may change this on their own card.
    ///
    /// # Errors
    /// 403 for whatever the organization does not open to them.
    pub(super) fn may_be_own(
        &self,
        card: &Card,
        organization: &Organization,
    ) -> Result<(), Problem> {
        let account = self.login.is_some()
            || self.password.is_some()
            || self.role.is_some()
            || self.listed.is_some()
            || self.presence_shown.is_some()
            || self.extension.as_deref().is_some_and(|e| card.first(Field::Extension) != Some(e));
        let opened = organization.self_edit;
        if !account && self.card.changes(card).without(opened).is_empty() {
            return Ok(());
        }
        let opened: Vec<&str> = opened.iter().filter_map(fields::json_name).collect();
        let detail = if opened.is_empty() {
            "only administrators change cards of people here".to_owned()
        } else {
            format!("of your own card you change {}; ask an administrator", opened.join(", "))
        };
        Err(Problem::forbidden(detail))
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
        let mut builder = CardBuilder::default();
        if let Some(extension) = self.extension.as_deref() {
            builder.replace(Field::Extension, [extension]);
        }
        self.card.finish(builder)
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
        let mut builder = self.card.begin(old);
        if let Some(extension) = asked {
            builder.replace(Field::Extension, [extension]);
        }
        self.card.finish(builder)
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
