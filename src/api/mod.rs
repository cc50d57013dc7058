//! The HTTP door for programs and administrators: JSON under `/api/v1`, described by openapi.json.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::response::IntoResponse;
use axum::routing::{delete, get, post, put};
use axum::{Router, middleware};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode, header};
use tower::ServiceExt;

use crate::api::import_run::Imports;
use crate::api::imports::keys::Running;
use crate::api::problem::Problem;
use crate::api::spool::Spool;
use crate::auth::Authenticator;
use crate::directory::{Clock, Directory, system_clock};
use crate::file::table::profiles::Profiles;
use crate::http::{Answer, Body, Caller, Mount, Site};
use crate::presence::Presence;

mod app_passwords;
mod asker;
mod audit;
mod body;
mod card_edit;
mod client_card;
mod contact_json;
mod contacts;
mod cursor;
mod divisions;
mod export;
mod export_file;
mod favorites;
mod file_name;
mod gate;
mod groups;
mod import_run;
mod imports;
mod input;
mod language;
mod last_use;
mod listing;
mod lookup;
mod management;
mod me;
mod my_books;
mod organization_settings;
mod organizations;
mod password;
mod phone_edit;
mod phones;
mod photos;
mod presence;
mod problem;
mod report;
mod scope;
mod secret;
mod setup;
mod shared_books;
mod spool;
mod tokens;
mod upload;
mod user_edit;
mod users;

/// Before every path.
const PREFIX: &str = "/api/v1";

/// Larger JSON bodies are refused.
const JSON_BYTES_MAX: usize = 1024 * 1024;

/// The HTTP API.
pub struct Api {
    router: Router,
}

/// What imports and exports need.
pub struct Files {
    /// Where files are while they are imported: without a name, and nobody else can open them.
    pub folder: PathBuf,
    pub profiles: Arc<Profiles>,
}

impl Default for Files {
    /// The system's folder for temporary files, and the profiles that are built in.
    fn default() -> Self {
        Self { folder: std::env::temp_dir(), profiles: Profiles::built_in() }
    }
}

/// What every handler has at hand.
struct Context {
    directory: Arc<Directory>,
    authenticator: Arc<Authenticator>,
    presence: Arc<Presence>,
    site: Arc<Site>,
    imports: Imports,
    keys: Running,
    spool: Spool,
    profiles: Arc<Profiles>,
    clock: Clock,
}

type Shared = Arc<Context>;

impl Api {
    pub fn new(
        directory: Arc<Directory>,
        authenticator: Arc<Authenticator>,
        presence: Arc<Presence>,
        site: Arc<Site>,
        files: Files,
    ) -> Self {
        let clock: Clock = system_clock;
        let imports = Imports::new(Arc::clone(&directory), Arc::clone(&authenticator), clock);
        let Files { folder, profiles } = files;
        let spool = Spool::new(folder);
        let context = Arc::new(Context {
            directory,
            authenticator,
            presence,
            site,
            imports,
            keys: Running::default(),
            spool,
            profiles,
            clock,
        });
        let gate = middleware::from_fn_with_state(Arc::clone(&context), gate::pass);
        let routes = routes().route_layer(gate).fallback(nothing_here);
        let routes = routes.method_not_allowed_fallback(other_method);
        Self { router: Router::new().nest(PREFIX, routes).with_state(context) }
    }

    /// Answers one request. Paths begin with `/api/v1`.
    pub async fn respond(
        &self,
        request: Request<axum::body::Body>,
        caller: Caller,
    ) -> Response<Body> {
        let mut request = request;
        request.extensions_mut().insert(caller);
        let answer = self.router.clone().oneshot(request).await;
        let response = match answer {
            Ok(response) => response,
            Err(never) => match never {},
        };
        response.map(body::shared)
    }
}

impl Mount for Api {
    fn handle(&self, request: Request<Incoming>, caller: Caller) -> Answer<'_> {
        Box::pin(self.respond(request.map(axum::body::Body::new), caller))
    }
}

fn routes() -> Router<Shared> {
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/me", get(me::show))
        .route("/me/password", put(password::change))
        .route("/me/app-passwords", get(app_passwords::list_own).post(app_passwords::add_own))
        .route("/me/app-passwords/{id}", delete(app_passwords::remove_own))
        .route("/groups", get(groups::list))
        .route("/groups/{book}/contacts", get(groups::contacts))
        .route("/groups/{book}/export", get(export::export))
        .route("/contacts", get(groups::everything).post(contacts::add).delete(contacts::clear))
        .route("/contacts/delete", post(contacts::remove_some))
        .route(
            "/contacts/{id}",
            get(contacts::show)
                .put(contacts::replace)
                .patch(contacts::change)
                .delete(contacts::remove),
        )
        .route("/contacts/{id}/photo", get(photos::show).put(photos::put).delete(photos::remove))
        .route("/favorites/{id}", put(favorites::add).delete(favorites::remove))
        .route("/setup/apple.mobileconfig", get(setup::profile).post(setup::profile_with_password))
        .route("/setup/qr", get(setup::page).post(setup::page_with_password))
        .route("/lookup", get(lookup::lookup))
        .route("/presence", get(presence::list).post(presence::add))
        .route("/presence/{user}", put(presence::put))
        .route("/me/books", get(my_books::show).put(my_books::put))
        .route("/books", get(shared_books::list).post(shared_books::add))
        .route(
            "/books/{id}",
            get(shared_books::show).patch(shared_books::change).delete(shared_books::remove),
        )
        .merge(divisions::routes())
        .route("/users", get(users::list).post(users::add))
        .route("/users/{user}", get(users::show).patch(users::change).delete(users::remove))
        .route(
            "/users/{user}/app-passwords",
            get(app_passwords::list_of).post(app_passwords::add_of),
        )
        .route("/users/{user}/app-passwords/{id}", delete(app_passwords::remove_of))
        .route("/users/{user}/organization", get(management::show))
        .route("/import", post(imports::add))
        .route("/import/profiles", get(imports::profiles::list))
        .route("/import/maps", get(imports::maps::list))
        .route(
            "/import/maps/{name}",
            get(imports::maps::show).put(imports::maps::put).delete(imports::maps::remove),
        )
        .route("/imports", get(imports::history::list))
        .route("/imports/{id}", get(imports::history::show))
        .route("/imports/{id}/undo", post(imports::undo::undo))
        .route("/tokens", get(tokens::list).post(tokens::add))
        .route("/tokens/{id}", delete(tokens::remove))
        .route("/phones", get(phones::list).post(phones::add))
        .route("/phones/{name}", get(phones::show).patch(phones::change).delete(phones::remove))
        .route("/phones/{name}/secrets", post(phones::add_secret))
        .route("/phones/{name}/secrets/oldest", delete(phones::remove_oldest_secret))
        .route("/audit", get(audit::list))
        .route("/organizations", get(organizations::list).post(organizations::add))
        .route("/organizations/{id}", get(organizations::show).patch(organizations::change))
        .layer(DefaultBodyLimit::disable())
}

/// Asks the store, on a thread that may block.
async fn blocking<T, E>(
    context: &Context,
    ask: impl FnOnce(&Directory) -> Result<T, E> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: std::error::Error + Send + 'static,
{
    let directory = Arc::clone(&context.directory);
    let answer = tokio::task::spawn_blocking(move || ask(&directory)).await;
    let answer = answer.map_err(|fault| Problem::unreadable(&fault))?;
    answer.map_err(|fault| Problem::unreadable(&fault))
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("openapi.json"))
}

async fn nothing_here() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing here; /api/v1/openapi.json lists all")
}

async fn other_method() -> Problem {
    let detail = "this resource has other methods; see /api/v1/openapi.json";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
