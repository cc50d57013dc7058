//! Fills in a template: `{{name}}` is a value, `{{security|a|b|c}}` one of three texts.

use zeroize::Zeroizing;

use crate::cli::phone_config::vendor::{Security, Syntax, Vendor};

/// The longest name of a directory that all phones take (Gigaset: 20).
const TITLE_CHARS_MAX: usize = 20;

/// What the phones of one run have in common.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) base: String,
    /// What the directory is called on the phone.
    pub(super) title: String,
}

/// What one phone signs in with.
pub(super) struct SignIn {
    pub(super) dn: String,
    /// The name alone, for phones that take letters and digits only.
    pub(super) login: String,
    pub(super) password: Zeroizing<String>,
}

/// The settings of one phone.
pub(super) struct Filled {
    pub(super) text: Zeroizing<String>,
    /// The lines that hold the password, counted from 1.
    pub(super) secret_lines: Vec<usize>,
}

/// Fills in a vendor's template.
///
/// # Errors
/// Says which value has what the vendor's files cannot hold.
pub(super) fn fill(
    vendor: &Vendor,
    settings: &Settings,
    sign_in: &SignIn,
) -> Result<Filled, String> {
    let mut text = Zeroizing::new(String::with_capacity(vendor.template.len() + 1024));
    let mut secret_lines = Vec::new();
    for (at, line) in vendor.template.lines().enumerate() {
        let mut rest = line;
        while let Some((before, behind)) = rest.split_once("{{") {
            text.push_str(before);
            let (name, behind) = behind.split_once("}}").unwrap_or((behind, ""));
            if name == "password" {
                secret_lines.push(at + 1);
            }
            text.push_str(&value(name, vendor, settings, sign_in)?);
            rest = behind;
        }
        text.push_str(rest);
        text.push('\n');
    }
    Ok(Filled { text, secret_lines })
}

/// The value of a name, as the vendor's syntax writes it.
fn value(
    name: &str,
    vendor: &Vendor,
    settings: &Settings,
    sign_in: &SignIn,
) -> Result<Zeroizing<String>, String> {
    if let Some(texts) = name.strip_prefix("security|") {
        let text = texts.split('|').nth(settings.security as usize).unwrap_or_default();
        return Ok(Zeroizing::new(text.to_owned()));
    }
    let (what, value) = match name {
        "host" => ("host", settings.host.clone()),
        "port" => ("port", settings.port.to_string()),
        "address" => ("host", settings.address()),
        "scheme" => ("scheme", settings.scheme().to_owned()),
        "base" => ("base", settings.base.clone()),
        "title" => ("name of the organization", title(&settings.title)),
        "user" => ("user name", sign_in.dn.clone()),
        "login" => ("user name", sign_in.login.clone()),
        "password" => ("password", sign_in.password.to_string()),
        _ => return Err(format!("the template names `{name}`, which is no value")),
    };
    let value = Zeroizing::new(value);
    let fault =
        |c: char| format!("a {} configuration cannot hold the {c:?} in the {what}", vendor.title);
    // The address of a server may have colons in it, and ends the setting.
    let cannot_hold = if what == "host" { "" } else { vendor.cannot_hold };
    if let Some(c) = value.chars().find(|c| c.is_control() || cannot_hold.contains(*c)) {
        return Err(fault(c));
    }
    match vendor.syntax {
        Syntax::Xml => Ok(escaped(&value)),
        Syntax::Line if value.trim() != value.as_str() => Err(fault(' ')),
        Syntax::Line => Ok(value),
    }
}

impl Settings {
    fn scheme(&self) -> &'static str {
        if self.security == Security::Ldaps { "ldaps" } else { "ldap" }
    }

    /// Host and port as in a URL, without the port that the scheme means anyway.
    fn address(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = default_port(self.security);
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

/// The port that RFC 4513 and custom know.
pub(super) fn default_port(security: Security) -> u16 {
    if security == Security::Ldaps { 636 } else { 389 }
}

fn title(name: &str) -> String {
    name.chars().take(TITLE_CHARS_MAX).collect::<String>().trim().to_owned()
}

/// A text of XML, for elements and attributes alike.
fn escaped(value: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(value.len()));
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::phone_config::vendor::VENDORS;

    fn settings(security: Security) -> Settings {
        Settings {
            host: "pbx.example".to_owned(),
            port: 6360,
            security,
            base: "ou=R&D,dc=pbx,dc=example".to_owned(),
            title: "Müller & Söhne, Berlin-Mitte".to_owned(),
        }
    }

    fn sign_in(password: &str) -> SignIn {
        SignIn {
            dn: "uid=201,ou=people,ou=R&D,dc=pbx,dc=example".to_owned(),
            login: "201".to_owned(),
            password: Zeroizing::new(password.to_owned()),
        }
    }

    fn filled(name: &str, security: Security, password: &str) -> Result<Filled, String> {
        fill(Vendor::find(name).unwrap(), &settings(security), &sign_in(password))
    }

    #[test]
    fn every_template_has_only_known_values_and_says_where_the_password_is() {
        for vendor in VENDORS {
            for security in vendor.securities {
                let filled = filled(vendor.name, *security, "s3cret").unwrap();
                assert!(!filled.text.contains("{{") && !filled.text.contains("}}"));
                let secret: Vec<usize> = filled
                    .text
                    .lines()
                    .enumerate()
                    .filter_map(|(at, line)| line.contains("s3cret").then_some(at + 1))
                    .collect();
                assert_eq!(filled.secret_lines, secret, "{}", vendor.name);
                assert_eq!(secret.len(), 1, "{}", vendor.name);
            }
        }
    }

    #[test]
    fn values_are_written_in_the_syntax_of_the_vendor() {
        let snom = filled("snom", Security::Ldaps, "<\"'&>").unwrap();
        assert!(snom.text.contains(">&lt;&quot;&apos;&amp;&gt;</ldap_password>"), "{}", *snom.text);
        assert!(
            snom.text.contains("<ldap_base perm=\"\">ou=R&amp;D,dc=pbx,dc=example</ldap_base>")
        );
        let yealink = filled("yealink", Security::Starttls, "<\"'&>").unwrap();
        assert!(yealink.text.contains("\nldap.password = <\"'&>\n"));
        assert!(yealink.text.contains("\nldap.tls_mode = 1\n"));
        assert!(yealink.text.contains("\nldap.customize_label = Müller & Söhne, Berl\n"));
    }

    #[test]
    fn what_a_file_cannot_hold_is_refused() {
        let refused = |name, password| filled(name, Security::Ldaps, password).err();
        for name in ["snom", "yealink", "panasonic"] {
            let text = refused(name, "a\nldap.host = evil").unwrap();
            assert!(text.contains("cannot hold the '\\n' in the password"), "{text}");
        }
        assert!(refused("panasonic", "a\"b").unwrap().contains("Panasonic"));
        assert!(refused("avaya", "a b").is_some());
        for password in ["a:b", "a@b"] {
            assert!(filled("mitel", Security::None, password).is_err());
        }
        for password in [" a", "a "] {
            assert!(refused("yealink", password).is_some());
            assert!(refused("snom", password).is_none());
        }
    }

    #[test]
    fn an_address_has_the_port_that_is_not_the_usual_one() {
        let mut settings = settings(Security::Ldaps);
        assert_eq!((settings.scheme(), settings.address().as_str()), ("ldaps", "pbx.example:6360"));
        settings.port = 636;
        assert_eq!(settings.address(), "pbx.example");
        settings.host = "2001:db8::1".to_owned();
        assert_eq!(settings.address(), "[2001:db8::1]");
        settings.security = Security::None;
        assert_eq!((settings.scheme(), settings.address().as_str()), ("ldap", "[2001:db8::1]:636"));
    }
}
