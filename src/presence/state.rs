//! What a telephone system tells of one user, and what follows from it.

use crate::contact::Timestamp;
use crate::contact::book::Availability;

macro_rules! states {
    ($(#[$doc:meta])* $kind:ident { $($(#[$variant_doc:meta])* $name:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $kind { $($(#[$variant_doc])* $name,)* }

        impl $kind {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in the API.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }
    };
}

states! {
    /// What a user's client says, or the user by it.
    Client {
        Available = "available",
        Away = "away",
        Meeting = "meeting",
        DoNotDisturb = "do-not-disturb",
        /// No client is signed in.
        Offline = "offline",
    }
}

states! {
    /// The sum of a user's devices, such as an extension's hint in Asterisk.
    Phone {
        Idle = "idle",
        Ringing = "ringing",
        InCall = "in-call",
        OnHold = "on-hold",
        DoNotDisturb = "do-not-disturb",
        /// No device is registered.
        Unavailable = "unavailable",
    }
}

states! {
    /// Whether an agent of a call centre takes calls.
    Agent {
        LoggedIn = "logged-in",
        Paused = "paused",
        LoggedOut = "logged-out",
    }
}

/// News of one user. What was not said stays; an inner None takes it back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    pub client: Option<Option<Client>>,
    pub phone: Option<Option<Phone>>,
    pub agent: Option<Option<Agent>>,
    /// The user's own words.
    pub text: Option<Option<Box<str>>>,
    /// When the user was last there, where the feeder knows better than the table.
    pub last_seen: Option<Timestamp>,
}

/// What is known of one user now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// None: unknown.
    pub availability: Option<Availability>,
    pub client: Option<Client>,
    pub phone: Option<Phone>,
    pub agent: Option<Agent>,
    pub text: Option<Box<str>>,
    /// Of those who are not there now.
    pub last_seen: Option<Timestamp>,
}

/// Busy: in a call, not to be disturbed, or in a meeting. Offline: without a registered device and
/// without a client that is signed in. Else available, if anything is known.
pub(super) fn availability(client: Option<Client>, phone: Option<Phone>) -> Option<Availability> {
    match (client, phone) {
        (None, None) => None,
        (Some(Client::Meeting | Client::DoNotDisturb), _)
        | (_, Some(Phone::InCall | Phone::OnHold | Phone::DoNotDisturb)) => {
            Some(Availability::Busy)
        }
        (None | Some(Client::Offline), None | Some(Phone::Unavailable)) => {
            Some(Availability::Offline)
        }
        _ => Some(Availability::Available),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn availability_follows_from_client_and_phone() {
        let check = |client: &str, phone: &str, expected: &str| {
            let found = availability(Client::parse(client), Phone::parse(phone));
            assert_eq!(found.map_or("unknown", Availability::name), expected, "{client}, {phone}");
        };
        check("", "", "unknown");
        check("", "idle", "available");
        check("", "ringing", "available");
        check("", "unavailable", "offline");
        check("offline", "", "offline");
        check("offline", "unavailable", "offline");
        check("offline", "idle", "available");
        check("available", "unavailable", "available");
        check("away", "", "available");
        for phone in ["in-call", "on-hold", "do-not-disturb"] {
            check("available", phone, "busy");
            check("offline", phone, "busy");
        }
        for client in ["meeting", "do-not-disturb"] {
            check(client, "idle", "busy");
            check(client, "unavailable", "busy");
        }
    }
}
