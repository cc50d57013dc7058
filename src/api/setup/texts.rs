//! The words of the set-up page and of Apple's profile, in each language.

use axum::extract::FromRequestParts;
use hyper::http::request::Parts;

use crate::api::language::Accepted;
use crate::api::problem::Problem;

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Language {
    English,
    German,
}

/// All words; `{}` stands for a name.
pub(super) struct Texts {
    pub(super) title: &'static str,
    pub(super) intro: &'static str,
    pub(super) local: &'static str,
    pub(super) insecure: &'static str,
    pub(super) account: &'static str,
    pub(super) address: &'static str,
    pub(super) login: &'static str,
    pub(super) password: &'static str,
    pub(super) own_password: &'static str,
    pub(super) once: &'static str,
    pub(super) make_password: &'static str,
    pub(super) why_password: &'static str,
    pub(super) android: &'static [&'static str],
    pub(super) open_davx5: &'static str,
    pub(super) apple: &'static [&'static str],
    pub(super) apple_trust: &'static str,
    pub(super) apple_with_password: &'static str,
    pub(super) apple_without_password: &'static str,
    pub(super) apple_by_hand: &'static str,
    pub(super) thunderbird: &'static str,
    pub(super) location: &'static str,
    pub(super) trust: &'static str,
    pub(super) others_title: &'static str,
    pub(super) others_what: &'static str,
    /// Each program, and where it takes an account.
    pub(super) others: &'static [(&'static str, &'static str)],
    pub(super) profile_name: &'static str,
    pub(super) profile_description: &'static str,
    pub(super) authority_name: &'static str,
}

const ENGLISH: Texts = Texts {
    title: "Contacts on your devices",
    intro: "{}, these are your contacts and your colleagues’, on phone and computer.",
    local: "Only programs on this machine reach this address. Open this page by the server’s name \
            to set up other devices.",
    insecure: "This address is not encrypted. Use it within this network only.",
    account: "Your account",
    address: "Address",
    login: "User name",
    password: "Password",
    own_password: "the one that you sign in with, or an app password",
    once: "This password is shown only now. It opens nothing but contacts; you can remove it at any \
           time under “app passwords”.",
    make_password: "Make an app password",
    why_password: "A password for one device: if that is lost, you remove this password and keep \
                   your own. The QR code then holds it.",
    android: &[
        "Install DAVx⁵ from F-Droid or Google Play.",
        "Scan the code with the camera, or open this page on the phone and tap the button.",
        "Choose the address books. Contact groups: “groups are separate vCards”.",
    ],
    open_davx5: "Open in DAVx⁵",
    apple: &[
        "Scan the code with the camera and sign in, or open this page on the device and tap a \
         button: it loads a profile.",
        "iPhone, iPad: Settings → Profile Downloaded → Install. Mac: System Settings → Profiles.",
        "Contacts appear in the Contacts app, departments and favorites as lists.",
    ],
    apple_trust: "The profile brings this server’s own certificate authority. On iPhone and iPad \
                  then switch it on: Settings → General → About → Certificate Trust Settings.",
    apple_with_password: "Profile with an app password",
    apple_without_password: "Profile that asks for the password",
    apple_by_hand: "By hand: Contacts → Accounts → Add → Other → CardDAV, server",
    thunderbird: "Address Book → New → Add CardDAV Address Book",
    location: "Location",
    trust: "First import the file certs/ca.crt of the server under Settings → Privacy & Security → \
            Certificates → Authorities. Your administrator has it.",
    others_title: "Other programs",
    others_what: "They take the address, the user name and the password of your account.",
    others: &[
        ("Evolution", "New → Address Book, type CardDAV, then “Find Address Books”"),
        ("GNOME", "Settings → Online Accounts → Calendar, Contacts and Files"),
        ("KDE", "KAddressBook → New → Add Address Book → DAV groupware resource"),
        (
            "Outlook",
            "CalDav Synchronizer → Synchronization Profiles → Add → Generic CalDAV/CardDAV",
        ),
        ("CardBook", "New Address Book → Remote → CardDAV"),
        ("Linphone", "Settings → Contacts → Add a CardDAV address book"),
    ],
    profile_name: "Contacts of {}",
    profile_description: "Adds the contacts of {} to this device.",
    authority_name: "Authority of the contacts server",
};

const GERMAN: Texts = Texts {
    title: "Kontakte auf Ihren Geräten",
    intro: "{}, hier kommen Ihre Kontakte und die der Kollegen auf Telefon und Rechner.",
    local: "Diese Adresse erreichen nur Programme auf diesem Rechner. Öffnen Sie diese Seite unter \
            dem Namen des Servers, um andere Geräte einzurichten.",
    insecure: "Diese Adresse ist unverschlüsselt. Nutzen Sie sie nur in diesem Netz.",
    account: "Ihr Konto",
    address: "Adresse",
    login: "Benutzername",
    password: "Passwort",
    own_password: "das, mit dem Sie sich anmelden, oder ein App-Passwort",
    once: "Dieses Passwort wird nur jetzt gezeigt. Es öffnet nur Kontakte; unter „App-Passwörter“ \
           lässt es sich jederzeit entfernen.",
    make_password: "App-Passwort erzeugen",
    why_password: "Ein Passwort für ein einziges Gerät: Geht es verloren, entfernen Sie nur dieses \
                   Passwort und behalten Ihr eigenes. Der QR-Code enthält es dann.",
    android: &[
        "DAVx⁵ aus F-Droid oder Google Play installieren.",
        "Den Code mit der Kamera lesen, oder diese Seite auf dem Telefon öffnen und die \
         Schaltfläche antippen.",
        "Adressbücher auswählen. Kontaktgruppen: „Gruppen sind eigene vCards“.",
    ],
    open_davx5: "In DAVx⁵ öffnen",
    apple: &[
        "Den Code mit der Kamera lesen und sich anmelden, oder diese Seite auf dem Gerät öffnen \
         und eine Schaltfläche antippen: So kommt ein Profil auf das Gerät.",
        "iPhone, iPad: Einstellungen → Profil geladen → Installieren. Mac: Systemeinstellungen → \
         Profile.",
        "Die Kontakte erscheinen in „Kontakte“, Abteilungen und Favoriten als Listen.",
    ],
    apple_trust: "Das Profil enthält die eigene Zertifizierungsstelle dieses Servers. Auf iPhone \
                  und iPad danach einschalten: Einstellungen → Allgemein → Info → \
                  Zertifikatsvertrauenseinstellungen.",
    apple_with_password: "Profil mit App-Passwort",
    apple_without_password: "Profil, das nach dem Passwort fragt",
    apple_by_hand: "Von Hand: Kontakte → Accounts → Hinzufügen → Andere → CardDAV, Server",
    thunderbird: "Adressbuch → Neu → CardDAV-Adressbuch hinzufügen",
    location: "Adresse",
    trust: "Zuerst die Datei certs/ca.crt des Servers unter Einstellungen → Datenschutz & \
            Sicherheit → Zertifikate → Zertifizierungsstellen importieren. Ihre Administration hat \
            sie.",
    others_title: "Andere Programme",
    others_what: "Sie nehmen Adresse, Benutzername und Passwort Ihres Kontos.",
    others: &[
        ("Evolution", "Neu → Adressbuch, Typ CardDAV, dann „Adressbücher suchen“"),
        ("GNOME", "Einstellungen → Online-Konten → Kalender, Kontakte und Dateien"),
        ("KDE", "KAddressBook → Neu → Adressbuch hinzufügen → DAV-Groupware-Ressource"),
        (
            "Outlook",
            "CalDav Synchronizer → Synchronisationsprofile → Hinzufügen → Generic CalDAV/CardDAV",
        ),
        ("CardBook", "Neues Adressbuch → Entfernt → CardDAV"),
        ("Linphone", "Einstellungen → Kontakte → CardDAV-Adressbuch hinzufügen"),
    ],
    profile_name: "Kontakte von {}",
    profile_description: "Bringt die Kontakte von {} auf dieses Gerät.",
    authority_name: "Zertifizierungsstelle des Kontakt-Servers",
};

impl Language {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    pub(super) fn texts(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    fn by_tag(primary: &str) -> Option<Self> {
        match primary {
            "en" | "*" => Some(Self::English),
            "de" => Some(Self::German),
            _ => None,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let accepted = Accepted::from_request_parts(parts, state).await?;
        Ok(accepted.best(Self::by_tag).unwrap_or(Self::English))
    }
}
