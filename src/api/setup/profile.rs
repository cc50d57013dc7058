//! Apple's configuration profile: the CardDAV account, and the authority that its server trusts in.

use uuid::Uuid;

use crate::api::setup::texts::Texts;
use crate::api::setup::{Setup, escaped};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
    \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n";

/// A value of a property list.
enum Value {
    Text(String),
    Number(u32),
    Yes(bool),
    /// Base64.
    Data(String),
    Items(Vec<Dictionary>),
}

type Dictionary = Vec<(&'static str, Value)>;

/// The profile of a user. Its identifiers are the same each time, so that installing it again
/// replaces the account and does not add another.
pub(super) fn text(setup: &Setup, texts: &Texts) -> String {
    let mut payloads = vec![account(setup)];
    payloads.extend(setup.authority.as_deref().map(|pem| authority(pem, texts)));
    let mut profile = payload("Configuration", "profile", setup.user.0);
    profile.extend([
        ("PayloadDisplayName", Value::Text(texts.profile_name.replace("{}", &setup.organization))),
        ("PayloadDescription", Value::Text(texts.profile_description.replace("{}", &setup.name))),
        ("PayloadOrganization", Value::Text(setup.organization.clone())),
        ("PayloadContent", Value::Items(payloads)),
    ]);
    let mut text = HEAD.to_owned();
    write_dictionary(&mut text, &profile);
    text.push_str("</plist>\n");
    text
}

/// The account (Apple, "Device Management", CardDAV). The principal is not in it: macOS does not
/// take it from profiles, and all find it themselves.
fn account(setup: &Setup) -> Dictionary {
    let mut account = payload("com.apple.carddav.account", "account", setup.user.0);
    let text = |text: &str| Value::Text(text.to_owned());
    account.extend([
        ("PayloadDisplayName", text(&setup.organization)),
        ("CardDAVAccountDescription", text(&setup.organization)),
        ("CardDAVHostName", text(&setup.address.host)),
        ("CardDAVPort", Value::Number(setup.address.port.into())),
        ("CardDAVUseSSL", Value::Yes(setup.address.secure)),
        ("CardDAVUsername", text(&setup.login)),
    ]);
    let password = setup.password.as_ref().map(|password| ("CardDAVPassword", text(password)));
    account.extend(password);
    account
}

/// Our own authority. Profiles of several users have the same one.
fn authority(pem: &str, texts: &Texts) -> Dictionary {
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, base64.as_bytes());
    let mut root = payload("com.apple.security.root", "authority", id);
    root.extend([
        ("PayloadDisplayName", Value::Text(texts.authority_name.to_owned())),
        ("PayloadCertificateFileName", Value::Text("ca.crt".to_owned())),
        ("PayloadContent", Value::Data(base64)),
    ]);
    root
}

/// What every payload has.
fn payload(kind: &str, name: &str, of: Uuid) -> Dictionary {
    let id = Uuid::new_v5(&of, name.as_bytes());
    vec![
        ("PayloadType", Value::Text(kind.to_owned())),
        ("PayloadVersion", Value::Number(1)),
        ("PayloadIdentifier", Value::Text(format!("ringbook.{name}.{of}"))),
        ("PayloadUUID", Value::Text(id.to_string().to_uppercase())),
    ]
}

fn write_dictionary(text: &mut String, dictionary: &Dictionary) {
    text.push_str("<dict>\n");
    for (key, value) in dictionary {
        text.push_str(&format!("<key>{key}</key>\n"));
        match value {
            Value::Text(value) => text.push_str(&format!("<string>{}</string>\n", escaped(value))),
            Value::Number(value) => text.push_str(&format!("<integer>{value}</integer>\n")),
            Value::Yes(value) => text.push_str(if *value { "<true/>\n" } else { "<false/>\n" }),
            Value::Data(base64) => text.push_str(&format!("<data>{}</data>\n", escaped(base64))),
            Value::Items(items) => {
                text.push_str("<array>\n");
                items.iter().for_each(|item| write_dictionary(text, item));
                text.push_str("</array>\n");
            }
        }
    }
    text.push_str("</dict>\n");
}
