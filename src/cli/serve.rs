//! `ringbook serve`: runs the daemon until a signal stops it.

use std::env;
use std::io::{self, IsTerminal};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, interval_at};
use tracing_subscriber::EnvFilter;

use crate::cli::greeting::greet;
use crate::cli::{Status, fail, note, runtime};
use crate::config::organization::Locale;
use crate::config::{Config, ConfigError, Sources};
use crate::daemon::{Daemon, Options};

/// What is logged where `RINGBOOK_LOG` says nothing.
const LOG: &str = "info";
/// What is never logged: ldap3_proto reports each malformed message, which is the peers' doing, and
/// tokio_postgres each value that is written, contacts and hashes of secrets.
const LOG_NEVER: [&str; 2] = ["ldap3_proto=off", "tokio_postgres=warn"];

/// How often the certificate that Ringbook made is looked at: whether it ends soon, and whether this
/// machine has other addresses. Where the clock was wrong at the start, soon after it is right.
const RENEWAL: Duration = Duration::from_secs(10 * 60);

#[derive(Args, Clone, Debug, Default)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    settings: Settings,
    /// Fill an empty store with a demo company of 80 people; listens on loopback only
    #[arg(long)]
    demo: bool,
    /// Listen on all addresses with every door for which no setting names another
    #[arg(long)]
    lan: bool,
}

impl ServeArguments {
    fn load(&self) -> Result<(Config, Locale), ConfigError> {
        self.settings.load_for(self.lan.then(all_addresses))
    }
}

/// The address that stands for all: also for those of IPv4, where the machine has IPv6.
fn all_addresses() -> IpAddr {
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)) {
        Ok(_) => Ipv6Addr::UNSPECIFIED.into(),
        Err(_) => Ipv4Addr::UNSPECIFIED.into(),
    }
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
        self.load_for(None)
    }

    /// As [`Settings::load`], for a daemon that listens on this address unless set otherwise.
    fn load_for(&self, listen_on: Option<IpAddr>) -> Result<(Config, Locale), ConfigError> {
        let text = |(name, value): (_, std::ffi::OsString)| Some((name, value.into_string().ok()?));
        let variables =
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let environment: Vec<(String, String)> = variables.filter_map(text).collect();
        let locale = Locale::of(&environment);
        let (file, arguments) = (self.config.clone(), self.set.clone());
        let sources = Sources { file, environment, arguments, listen_on };
        let mut config = Config::load(&sources)?;
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        Ok((config, locale))
    }
}

pub(super) fn run(arguments: ServeArguments) -> Status {
    log();
    let (config, locale) = match arguments.load() {
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
    let status = runtime.block_on(serve(options, &arguments));
    // Tasks that outlived the stop's deadline end here.
    runtime.shutdown_background();
    status
}

async fn serve(options: Options, arguments: &ServeArguments) -> Status {
    // Before anything is begun, so that an early signal ends it well.
    let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
    let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] = kinds.map(signal) else {
        return fail(&io::Error::other("cannot listen for signals"));
    };
    let mut config = options.config.clone();
    let daemon = match Daemon::start(options).await {
        Ok(daemon) => daemon,
        Err(error) => return fail(&error),
    };
    greet(daemon.listening(), &config, arguments.demo);
    let mut renewal = interval_at(Instant::now() + RENEWAL, RENEWAL);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => reload(&daemon, arguments, &mut config),
            _ = renewal.tick() => {
                if let Err(error) = daemon.renew(&config) {
                    tracing::error!("the old certificate stays: {error}");
                }
            }
        }
    }
    tokio::select! {
        () = daemon.stop() => Status::Done,
        // Asked twice: at once.
        _ = interrupt.recv() => Status::Done,
    }
}

/// Reads the settings again. What is wrong leaves everything as it is.
fn reload(daemon: &Daemon, arguments: &ServeArguments, config: &mut Config) {
    match arguments.load() {
        Ok((read, _)) => *config = read,
        Err(error) => return tracing::error!("SIGHUP: the settings stay as they are: {error}"),
    }
    match daemon.reload(config) {
        Ok(()) => tracing::info!("SIGHUP: certificates and networks are read again"),
        Err(error) => tracing::error!("SIGHUP: the old certificate stays: {error}"),
    }
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
