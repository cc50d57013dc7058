//! `ringbook phone-config`: the LDAP settings of phones, filled in, passwords included.

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args};
use hyper::Method;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::accounts::{pages, secret};
use crate::cli::client::{Client, ClientError};
use crate::cli::phone_config::server::{Listeners, Wanted, choose};
use crate::cli::phone_config::template::{Filled, Settings, SignIn, fill};
use crate::cli::phone_config::vendor::{Security, Vendor};
use crate::cli::{Connect, Status, note, say};

mod server;
mod template;
mod vendor;

const USERS: &str = "users";
const APP_PASSWORDS: &str = "app-passwords";
const BAR: &str = "{bar:30} {pos}/{len} phones";
/// Of the authority that Ringbook made, in the data folder.
const AUTHORITY: &str = "certs/ca.crt";

#[derive(Args, Clone, Debug)]
#[command(group(ArgGroup::new("whose").required(true).args(["extension", "all", "phone"])))]
pub(super) struct PhoneConfigArguments {
    /// Make of the phones
    #[arg(value_name = "VENDOR", value_parser = PossibleValuesParser::new(Vendor::names()))]
    vendor: String,
    /// Extension of the user whose phone it is; makes an app password for it
    #[arg(long, value_name = "EXTENSION")]
    extension: Option<String>,
    /// The phones of all users that have an extension; makes an app password for each
    #[arg(long, requires = "out")]
    all: bool,
    /// Phone account to sign in with, in place of a user
    #[arg(long, value_name = "NAME", requires = "secret_file")]
    phone: Option<String>,
    /// File whose first line is the secret of the phone account; `-` is the standard input
    #[arg(long, value_name = "FILE", requires = "phone")]
    secret_file: Option<PathBuf>,
    /// Folder for files, one for each phone, in place of the standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Name or address by which the phones reach Ringbook. Default: the address it listens on
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Port of the LDAP door. Default: the one it listens on, else 636 or 389
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// How the phones speak to it. Default: the best that they can do
    #[arg(long, value_enum, value_name = "SECURITY")]
    security: Option<Security>,
    /// Where searches begin. Default: the organization's suffix, which is people, shared contacts and
    /// the user's own
    #[arg(long, value_name = "DN")]
    base: Option<String>,
    /// Name of the app passwords. Default: that of the vendor, such as "Yealink phone"
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Remove older app passwords of the same name: phones that still use them are signed out
    #[arg(long, conflicts_with = "phone")]
    replace: bool,
    #[command(flatten)]
    connect: Connect,
}

/// What all phones of a run share.
struct Run<'a> {
    arguments: &'a PhoneConfigArguments,
    client: Client,
    vendor: &'static Vendor,
    settings: Settings,
}

/// An app password that was made, so that it can be removed where it comes to nothing.
struct Made {
    id: String,
    name: String,
}

pub(super) async fn run(arguments: PhoneConfigArguments) -> Result<Status, ClientError> {
    let unknown = || ClientError::Input(format!("there is no vendor `{}`", arguments.vendor));
    let vendor = Vendor::find(&arguments.vendor).ok_or_else(unknown)?;
    let client = Client::find(&arguments.connect)?;
    let wanted =
        Wanted { host: arguments.host.clone(), port: arguments.port, security: arguments.security };
    let (host, port, security) = choose(vendor, &wanted, Listeners::of(&arguments.connect))?;
    let (title, suffix) = organization(&client, &arguments.connect).await?;
    let base = arguments.base.clone().unwrap_or(suffix);
    let settings = Settings { host, port, security, base, title };
    let run = Run { arguments: &arguments, client, vendor, settings };
    let status = if arguments.all { run.all().await } else { run.one().await }?;
    run.advise();
    Ok(status)
}

/// Name and suffix of the organization that is worked in.
async fn organization(client: &Client, connect: &Connect) -> Result<(String, String), ClientError> {
    let answer = client.ask(Method::GET, &["organizations"], &[], None).await?;
    let items = answer.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let wanted = connect.organization.as_deref();
    let mut found =
        items.iter().filter(|item| wanted.is_none_or(|id| text(item, "id") == Some(id)));
    match (found.next(), found.next()) {
        (Some(item), None) => {
            let value = |name| text(item, name).unwrap_or_default().to_owned();
            Ok((value("name"), value("suffix")))
        }
        (None, _) => Err(ClientError::Input("there is no such organization".to_owned())),
        _ => Err(ClientError::Input("say by --organization ID which organization".to_owned())),
    }
}

fn text<'a>(item: &'a Value, name: &str) -> Option<&'a str> {
    item.get(name).and_then(Value::as_str)
}

impl Run<'_> {
    /// One phone: to the output, or to a file.
    async fn one(&self) -> Result<Status, ClientError> {
        let (filled, file, dn) = match (&self.arguments.phone, &self.arguments.extension) {
            (Some(phone), _) => {
                let sign_in = self.phone_account(phone).await?;
                let (filled, file) = self.written(&sign_in, phone)?;
                (filled, file, sign_in.dn)
            }
            (None, extension) => self.of_user(extension.as_deref().unwrap_or_default()).await?,
        };
        let lines: Vec<String> = filled.secret_lines.iter().map(ToString::to_string).collect();
        let place = file
            .as_ref()
            .map_or_else(|| "what is printed".to_owned(), |file| file.display().to_string());
        note(&format!("Keep {place} secret: line {} is a password.", lines.join(", ")));
        if self.arguments.connect.json {
            say(&self.json(&filled, file.as_deref(), &dn).to_string());
        } else if let Some(file) = file {
            say(&file.display().to_string());
        } else {
            filled.text.lines().for_each(say);
        }
        Ok(Status::Done)
    }

    /// A file for each user with an extension. A user for whom it fails is told, and left out.
    async fn all(&self) -> Result<Status, ClientError> {
        let users = pages(&self.client, &[USERS]).await?;
        let extensions: Vec<&str> =
            users.iter().filter_map(|user| text(user, "extension")).collect();
        let bar = bar(extensions.len() as u64);
        let (mut files, mut failed) = (Vec::new(), Vec::new());
        for extension in extensions {
            match self.of_user(extension).await {
                Ok((_, file, _)) => files.push(json!({ "extension": extension, "file": file })),
                Err(error) => {
                    bar.suspend(|| note(&format!("{extension}: {error}")));
                    failed.push(json!({ "extension": extension, "reason": error.to_string() }));
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        note("Keep the files secret: each has a password in it.");
        if self.arguments.connect.json {
            say(&json!({ "files": files, "failed": failed }).to_string());
        } else {
            say(&format!("{} files, {} failed", files.len(), failed.len()));
        }
        Ok(match (files.is_empty(), failed.is_empty()) {
            (_, true) => Status::Done,
            (false, false) => Status::Partly,
            (true, false) => Status::Nothing,
        })
    }

    /// Makes an app password for the phone of a user, and the settings with it. Where these come to
    /// nothing the app password is removed again, as nobody could use it.
    async fn of_user(
        &self,
        extension: &str,
    ) -> Result<(Filled, Option<PathBuf>, String), ClientError> {
        let (sign_in, made) = self.app_password(extension).await?;
        match self.written(&sign_in, extension) {
            Ok((filled, file)) => {
                if self.arguments.replace {
                    self.remove_older(extension, &made).await?;
                }
                Ok((filled, file, sign_in.dn))
            }
            Err(error) => {
                self.remove(extension, &made.id).await?;
                Err(error)
            }
        }
    }

    async fn app_password(&self, extension: &str) -> Result<(SignIn, Made), ClientError> {
        let name = self.arguments.name.clone();
        let name = name.unwrap_or_else(|| format!("{} phone", self.vendor.title));
        let body = json!({ "name": name, "doors": ["ldap:read"] });
        let path = [USERS, extension, APP_PASSWORDS];
        let answer = self.client.ask(Method::POST, &path, &[], Some(&body)).await?;
        let known = |name: &str| {
            let missing = io::Error::other(format!("no `{name}` of an app password"));
            text(&answer, name).ok_or_else(|| self.client.protocol(&missing))
        };
        let (id, dn) = (known("id")?.to_owned(), known("dn")?.to_owned());
        // Dashes are for people; some phones take letters and digits only.
        let password = Zeroizing::new(known("secret")?.replace('-', ""));
        let login = extension.to_owned();
        Ok((SignIn { dn, login, password }, Made { id, name }))
    }

    async fn phone_account(&self, name: &str) -> Result<SignIn, ClientError> {
        let password = match &self.arguments.secret_file {
            Some(file) => secret(file)?,
            None => return Err(ClientError::Input("give --secret-file".to_owned())),
        };
        let answer = self.client.ask(Method::GET, &["phones", name], &[], None).await?;
        let dn = text(&answer, "dn").unwrap_or_default().to_owned();
        Ok(SignIn { dn, login: name.to_owned(), password })
    }

    async fn remove_older(&self, extension: &str, made: &Made) -> Result<(), ClientError> {
        let path = [USERS, extension, APP_PASSWORDS];
        let answer = self.client.ask(Method::GET, &path, &[], None).await?;
        let items = answer.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        for item in items.iter().filter(|item| text(item, "name") == Some(&made.name)) {
            if let Some(id) = text(item, "id").filter(|id| *id != made.id) {
                self.remove(extension, id).await?;
            }
        }
        Ok(())
    }

    async fn remove(&self, extension: &str, id: &str) -> Result<(), ClientError> {
        let path = [USERS, extension, APP_PASSWORDS, id];
        self.client.ask(Method::DELETE, &path, &[], None).await.map(drop)
    }

    /// The settings of one phone, in a file where a folder is given.
    fn written(
        &self,
        sign_in: &SignIn,
        name: &str,
    ) -> Result<(Filled, Option<PathBuf>), ClientError> {
        let filled = fill(self.vendor, &self.settings, sign_in).map_err(ClientError::Input)?;
        let Some(folder) = &self.arguments.out else { return Ok((filled, None)) };
        let file = folder.join(format!("{}.{}", file_name(name), self.vendor.extension));
        let failed = |source| ClientError::Io { what: file.display().to_string(), source };
        fs::create_dir_all(folder).and_then(|()| write(&file, &filled.text)).map_err(failed)?;
        Ok((filled, Some(file)))
    }

    fn json(&self, filled: &Filled, file: Option<&Path>, dn: &str) -> Value {
        let Settings { host, port, security, base, .. } = &self.settings;
        json!({
            "vendor": self.vendor.name, "host": host, "port": port,
            "security": security.to_string(), "base": base, "user": dn,
            "secret_lines": filled.secret_lines, "file": file,
            "config": file.is_none().then_some(filled.text.as_str()),
            "authority": self.authority(),
        })
    }

    /// The certificate that phones must trust, where Ringbook made it on this machine.
    fn authority(&self) -> Option<PathBuf> {
        let path = self.arguments.connect.data.join(AUTHORITY);
        let secured = self.settings.security != Security::None;
        (secured && self.arguments.connect.url.is_none() && path.exists()).then_some(path)
    }

    /// What else the phones need.
    fn advise(&self) {
        let loopback = |ip: IpAddr| ip.is_loopback();
        if self.settings.host.parse().is_ok_and(loopback) {
            note("Phones do not reach this machine's own address: let Ringbook listen on another.");
        }
        if let Some(path) = self.authority() {
            let path = path.display();
            note(&format!("The phones must trust {path}, where no other certificate is set."));
        }
        if self.settings.security == Security::None {
            note(
                "The password is readable on the way; `plain_networks` must name the phones' network.",
            );
        }
    }
}

/// Extensions may have a `*` or `#`; no name leaves the folder.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    name.chars().map(plain).collect()
}

/// Writes a file that only its owner reads, all of it or none.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    // One that was left over could have another mode, or lead elsewhere.
    let _ = fs::remove_file(&unfinished);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

fn bar(length: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template(BAR) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_the_owner_reads_a_file_and_no_name_leaves_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name("../*55"));
        assert_eq!(path.file_name().unwrap(), "____55");
        fs::write(&path, "older").unwrap();
        fs::write(path.with_extension("part"), "left over").unwrap();
        write(&path, "newer").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
