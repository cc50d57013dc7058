//! `/setup`: an account on a device without typing: Apple's profile, and a page with a QR code.

use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, http};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, StatusCode, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::account::device::{Door, Doors};
use crate::api::asker::{Asker, NoParams, Params};
use crate::api::gate::Made;
use crate::api::problem::Problem;
use crate::api::setup::page::Codes;
use crate::api::setup::texts::{Language, Texts};
use crate::api::{Context, Shared, app_passwords};
use crate::contact::UserId;
use crate::http::{Address, Caller};

mod page;
mod profile;
mod qr;
mod texts;

/// Where CardDAV begins on this server.
const PATH: &str = "/dav/";
/// Where Apple's profile is.
const PROFILE: &str = "/api/v1/setup/apple.mobileconfig";
/// Names of the app passwords, as their owner sees them in the list.
const APPLE: &str = "Apple";
const DEVICE: &str = "CardDAV";

/// What stays as it is in a URL's user name and password: unreserved characters (RFC 3986, 2.3).
const USER_INFO: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Everything that a device of a user must be told.
struct Setup {
    address: Address,
    /// The authority's certificate in PEM, where devices must install it.
    authority: Option<String>,
    user: UserId,
    login: String,
    /// The user's name, and that of the organization.
    name: String,
    organization: String,
    /// None: the device asks for it.
    password: Option<Zeroizing<String>>,
    /// Whether the asker may have an app password made.
    makes_passwords: bool,
}

impl Setup {
    fn of(context: &Context, asker: &Asker, reached: &Reached) -> Result<Self, Problem> {
        let snapshot = context.directory.snapshot();
        let absent = || Problem::absent("user: sign in as one, with a name and a password");
        let user = asker.principal.user().and_then(|id| snapshot.user(id)).ok_or_else(absent)?;
        let login = context.authenticator.login_name(&snapshot, user).ok_or_else(absent)?;
        let organization = asker.organization(&snapshot)?.name.clone();
        let card = snapshot.contact(&user.organization, user.id);
        let name = card.map_or_else(|| login.clone(), |card| card.card.formatted_name().to_owned());
        let address = context.site.address(reached.authority.as_ref(), reached.secure);
        Ok(Self {
            authority: context.site.authority_for(&address),
            address,
            user: user.id,
            login,
            name,
            organization,
            password: None,
            makes_passwords: asker.principal.owner_of_credentials().is_some(),
        })
    }

    /// The same with an app password that is made for it, for CardDAV only.
    async fn with_password(
        self,
        context: &Context,
        asker: &Asker,
        name: &str,
    ) -> Result<(Self, Extension<Made>), Problem> {
        let user = app_passwords::owner(asker)?;
        let doors = Doors::of([Door::Carddav]);
        let (app, secret) = app_passwords::make(context, user, name, doors).await?;
        Ok((Self { password: Some(secret), ..self }, Extension(Made(app.id.to_string()))))
    }

    /// Where clients begin.
    fn url(&self) -> String {
        format!("{}{PATH}", self.address)
    }

    /// What DAVx5 opens its login with: `davx5` stands for https, `carddav` for http. The user name
    /// stands in it, and the password where there is one (DAVx5's manual, "Integration").
    fn davx5_url(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, USER_INFO).to_string();
        let scheme = if self.address.secure { "davx5" } else { "carddav" };
        let password = self.password.as_ref().map(|password| format!(":{}", encoded(password)));
        let (login, password) = (encoded(&self.login), password.unwrap_or_default());
        format!("{scheme}://{login}{password}@{}{PATH}", self.address.authority())
    }
}

/// `GET /setup/apple.mobileconfig`: without a password. The device asks for it, so the file may lie
/// anywhere.
pub(super) async fn profile(
    State(context): State<Shared>,
    asker: Asker,
    reached: Reached,
    language: Language,
    _: Params<NoParams>,
) -> Result<Response, Problem> {
    let setup = Setup::of(&context, &asker, &reached)?;
    Ok(profile_answer(&setup, language.texts()))
}

/// `POST /setup/apple.mobileconfig`: with an app password that is made for it. Profiles are plain
/// text, so never with the user's own password, which opens more.
pub(super) async fn profile_with_password(
    State(context): State<Shared>,
    asker: Asker,
    reached: Reached,
    language: Language,
    _: Params<NoParams>,
) -> Result<Response, Problem> {
    reached.must_be_own_page()?;
    let setup = Setup::of(&context, &asker, &reached)?;
    let (setup, made) = setup.with_password(&context, &asker, APPLE).await?;
    Ok((made, profile_answer(&setup, language.texts())).into_response())
}

/// `GET /setup/qr`: the page, without a password.
pub(super) async fn page(
    State(context): State<Shared>,
    asker: Asker,
    reached: Reached,
    language: Language,
    _: Params<NoParams>,
) -> Result<Response, Problem> {
    page_answer(&Setup::of(&context, &asker, &reached)?, language)
}

/// `POST /setup/qr`: the page with an app password that is made for it, shown once.
pub(super) async fn page_with_password(
    State(context): State<Shared>,
    asker: Asker,
    reached: Reached,
    language: Language,
    _: Params<NoParams>,
) -> Result<Response, Problem> {
    reached.must_be_own_page()?;
    let setup = Setup::of(&context, &asker, &reached)?;
    let (setup, made) = setup.with_password(&context, &asker, DEVICE).await?;
    Ok((made, page_answer(&setup, language)?).into_response())
}

fn profile_answer(setup: &Setup, texts: &Texts) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/x-apple-aspen-config"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"ringbook.mobileconfig\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, profile::text(setup, texts)).into_response()
}

fn page_answer(setup: &Setup, language: Language) -> Result<Response, Problem> {
    // Only this answer's style sheet has the number, so nothing that stands in a name is one.
    let nonce = Uuid::new_v4().simple().to_string();
    let code = |text: &str, label: &str| {
        let long = "the address is too long for a QR code";
        qr::svg(text, label).ok_or_else(|| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, long))
    };
    let codes = Codes {
        davx5: code(&setup.davx5_url(), "DAVx⁵")?,
        apple: code(&format!("{}{PROFILE}", setup.address), "iPhone, iPad")?,
    };
    let html = page::html(setup, language, &codes, &nonce);
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_LANGUAGE, language.code().to_owned()),
        (header::VARY, "Accept-Language".to_owned()),
    ];
    Ok((headers, html).into_response())
}

/// How a request came: by which name, over TLS or not, from which page.
pub(super) struct Reached {
    authority: Option<Authority>,
    secure: bool,
    foreign: bool,
}

impl Reached {
    /// # Errors
    /// 403 where another site's page made the browser send it: nobody asked for a password.
    fn must_be_own_page(&self) -> Result<(), Problem> {
        if self.foreign {
            return Err(Problem::forbidden("send this from the server's own page"));
        }
        Ok(())
    }
}

impl<S: Sync> FromRequestParts<S> for Reached {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>();
        let authority = authority(&parts.uri, &parts.headers);
        let foreign = is_foreign(&parts.headers, authority.as_ref());
        let secure = caller.is_some_and(|caller| caller.secure);
        Ok(Self { authority, secure, foreign })
    }
}

fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let named = || text(headers, &header::HOST)?.parse().ok();
    uri.authority().cloned().or_else(named)
}

/// Whether a browser says that another site's page sent this: by `Sec-Fetch-Site`, or where it is
/// too old for that or does not speak TLS by `Origin`. Other programs send neither.
fn is_foreign(headers: &HeaderMap, authority: Option<&Authority>) -> bool {
    match text(headers, &http::HeaderName::from_static("sec-fetch-site")) {
        Some(site) => !matches!(site, "same-origin" | "none"),
        None => text(headers, &header::ORIGIN).is_some_and(|origin| {
            let origin = origin.split_once("://").and_then(|(_, rest)| rest.parse().ok());
            origin.as_ref() != authority
        }),
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// A text for XML and HTML. Characters that XML does not have become spaces (XML 1.0, 2.2).
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => safe.push(' '),
            c if c.is_control() && !matches!(c, '\t' | '\n') => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}
