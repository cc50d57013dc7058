//! `ringbook serve`: runs the daemon until a signal stops it.

use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::cli::{Status, fail, note, runtime, say};
use crate::config::organization::Locale;
use crate::config::{Config, ConfigError, Sources};
use crate::daemon::{Daemon, Listening, Options};

/// What is logged where `RINGBOOK_LOG` says nothing.
const LOG: &str = "info";
/// What is never logged: ldap3_proto reports each malformed message, which is the peers' doing, and
/// tokio_postgres each value that is written, contacts and hashes of secrets.
const LOG_NEVER: [&str; 2] = ["ldap3_proto=off", "tokio_postgres=warn"];

#[derive(Args, Clone, Debug, Default)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    settings: Settings,
    /// Fill an empty store with a demo company of 80 people; listens on loopback only
    #[arg(long)]
    demo: bool,
}

/// Where the settings of a daemon are.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Settings {
    /// File with settings; conf/ringbook.toml explains each key
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of everything that the daemon keeps [default: ringbook-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// One setting, such as ldap.listen=127.0.0.1:0; may be given several times and wins over the
    /// environment (RINGBOOK_LDAP_LISTEN), which wins over the file
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Settings {
    /// The checked configuration and what the environment says of the place.
    pub(super) fn load(&self) -> Result<(Config, Locale), ConfigError> {
        let text = |(name, value): (_, std::ffi::OsString)| Some((name, value.into_string().ok()?));
        let variables =
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let environment: Vec<(String, String)> = variables.filter_map(text).collect();
        let locale = Locale::of(&environment);
        let sources =
            Sources { file: self.config.clone(), environment, arguments: self.set.clone() };
        let mut config = Config::load(&sources)?;
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        Ok((config, locale))
    }
}

pub(super) fn run(arguments: ServeArguments) -> Status {
    log();
    let (config, locale) = match arguments.settings.load() {
        Ok(loaded) => loaded,
        Err(error) => {
            note(&error.to_string());
            return Status::Nothing;
        }
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let notify = env::var_os("NOTIFY_SOCKET");
    let options = Options { config, locale, demo: arguments.demo, notify };
    let status = runtime.block_on(serve(options));
    // Tasks that outlived the stop's deadline end here.
    runtime.shutdown_background();
    status
}

async fn serve(options: Options) -> Status {
    // Before anything is begun, so that an early signal ends it well.
    let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
    let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] = kinds.map(signal) else {
        return fail(&io::Error::other("cannot listen for signals"));
    };
    let demo = options.demo;
    let data = options.config.data.clone();
    let daemon = match Daemon::start(options).await {
        Ok(daemon) => daemon,
        Err(error) => return fail(&error),
    };
    greet(daemon.listening(), &data, demo);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => tracing::info!("SIGHUP: nothing here is read again"),
        }
    }
    tokio::select! {
        () = daemon.stop() => Status::Done,
        // Asked twice: at once.
        _ = interrupt.recv() => Status::Done,
    }
}

/// Says where the doors are and what to do next.
fn greet(listening: &Listening, data: &std::path::Path, demo: bool) {
    let Listening { ldap, http, organization, contacts, new_token } = listening;
    let suffix = &organization.suffix;
    say(&format!(
        "Ringbook {}: {} (organization `{}`, {contacts} contacts), data in {}",
        env!("CARGO_PKG_VERSION"),
        organization.name,
        organization.id,
        data.display()
    ));
    say(&format!("  LDAP     ldap://{ldap}   base {suffix}"));
    say(&format!("  CardDAV  http://{http}/dav/"));
    say(&format!("  HTTP     http://{http}/api/v1/"));
    if let Some(token) = new_token.as_ref().filter(|_| io::stdout().is_terminal()) {
        say(&format!(
            "The operator's token, also in {}/operator-token: {}",
            data.display(),
            token.as_str()
        ));
    }
    let data = if data == std::path::Path::new("ringbook-data") {
        String::new()
    } else {
        format!(" --data {}", data.display())
    };
    say("Next:");
    if demo {
        say(&format!(
            "  ldapsearch -x -H ldap://{ldap} -D 201 -w demo-201 -b {suffix} '(cn=mull*)' cn telephoneNumber"
        ));
        say(&format!(
            "  curl -u 201:demo-201 -X PROPFIND -H 'Depth: 1' http://{http}/dav/homes/201.demo/"
        ));
    } else {
        say(&format!("  ringbook import people.csv --into people{data}"));
        say(&format!("  ringbook phone add phones{data}"));
    }
    say("Ctrl-C stops.");
}

/// Logs to the error output, in colours for people only.
fn log() {
    let wanted = env::var("RINGBOOK_LOG").unwrap_or_else(|_unset| LOG.to_owned());
    let filter = EnvFilter::try_new(&wanted).unwrap_or_else(|error| {
        note(&format!("ringbook: RINGBOOK_LOG={wanted}: {error}; logging at {LOG}"));
        EnvFilter::new(LOG)
    });
    let directives = LOG_NEVER.iter().filter_map(|text| text.parse().ok());
    let filter = directives.fold(filter, EnvFilter::add_directive);
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // Fails only where a log is set up already.
    let _ = subscriber.with_ansi(io::stderr().is_terminal()).try_init();
}
