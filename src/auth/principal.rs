//! Who asks: the outcome of a sign-in, and what every door decides by.

use std::fmt;

use crate::account::device::{AppPassword, PhoneAccount, Scope, Token};
use crate::account::{Role, SecretHash, User};
use crate::contact::{OrganizationId, UserId};
use crate::index::Viewer;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub who: Who,
    pub role: Role,
    /// None: an operator's token, which acts in every organization, or nobody.
    pub organization: Option<OrganizationId>,
    /// What was shown to sign in. A principal counts as long as this does.
    pub credential: Credential,
}

/// The account behind a principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody signed in.
    Anonymous,
    User(UserId),
    /// A phone account, by its name in lower case.
    Phone(Box<str>),
    /// A token, by its public id.
    Token(Box<str>),
}

/// What somebody showed to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    None,
    /// A user's password, by its hash at that time: another one ends what this one opened.
    Password(SecretHash),
    /// An app password of the user, by its public id.
    App(Box<str>),
    /// One of a phone account's secrets, by its hash.
    Secret(SecretHash),
    /// A token: what it may do of what its role may; everything where empty.
    Token(Box<[Scope]>),
}

impl Principal {
    /// Somebody of whom it is not known how they signed in: they change no credentials, and no
    /// connection is theirs.
    pub fn new(who: Who, role: Role, organization: Option<OrganizationId>) -> Self {
        Self { who, role, organization, credential: Credential::None }
    }

    /// Nobody: sees nothing.
    pub fn anonymous() -> Self {
        Self::new(Who::Anonymous, Role::User, None)
    }

    /// The user who is signed in, if it is one.
    pub fn user(&self) -> Option<UserId> {
        match self.who {
            Who::User(id) => Some(id),
            Who::Anonymous | Who::Phone(_) | Who::Token(_) => None,
        }
    }

    /// The kinds of work that are left to a token with scopes; None: all that the role may.
    pub fn scopes(&self) -> Option<&[Scope]> {
        match &self.credential {
            Credential::Token(scopes) if !scopes.is_empty() => Some(scopes),
            _ => None,
        }
    }

    /// Whether scopes leave this kind of work.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes().is_none_or(|scopes| scopes.contains(&scope))
    }

    /// What decides the rendition of each person's card.
    pub fn viewer(&self) -> Viewer {
        let account = matches!(self.who, Who::User(_) | Who::Token(_));
        Viewer { full: account && self.role >= Role::Admin, person: self.user() }
    }

    /// The user who may change their own credentials: with the password only, so that a lost
    /// device opens nothing else.
    pub fn owner_of_credentials(&self) -> Option<UserId> {
        self.user().filter(|_| matches!(self.credential, Credential::Password(_)))
    }

    pub(super) fn of_user(user: &User, password: &SecretHash) -> Self {
        let organization = Some(user.organization.clone());
        let credential = Credential::Password(password.clone());
        Self { who: Who::User(user.id), role: user.role, organization, credential }
    }

    /// An app password never has an administrator's rights.
    pub(super) fn of_app(user: &User, app: &AppPassword) -> Self {
        let organization = Some(user.organization.clone());
        let credential = Credential::App(app.id.clone());
        Self { who: Who::User(user.id), role: role_by_app(user.role), organization, credential }
    }

    pub(super) fn of_phone(phone: &PhoneAccount, secret: &SecretHash) -> Self {
        let organization = Some(phone.organization.clone());
        let credential = Credential::Secret(secret.clone());
        Self { who: Who::Phone(phone.name.clone()), role: Role::User, organization, credential }
    }

    pub(super) fn of_token(token: &Token) -> Self {
        let organization = token.organization.clone();
        let who = Who::Token(token.id.clone());
        let credential = Credential::Token(token.scopes.clone().into());
        Self { who, role: token.role, organization, credential }
    }
}

/// The role that remains to a user behind an app password.
pub(super) fn role_by_app(role: Role) -> Role {
    role.min(Role::OfficeManager)
}

/// For the log.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.who, &self.credential) {
            (Who::Anonymous, _) => f.write_str("-"),
            (Who::User(id), Credential::App(app)) => write!(f, "user:{id} app:{app}"),
            (Who::User(id), _) => write!(f, "user:{id}"),
            (Who::Phone(name), _) => write!(f, "phone:{name}"),
            (Who::Token(id), _) => write!(f, "token:{id}"),
        }
    }
}
