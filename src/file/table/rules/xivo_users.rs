//! The rules of the profile `xivo-users`: what one column asks of another.

use crate::file::table::rules::{Broken, Cells, Draft, Place, Places, Rules};
use crate::file::{Reason, Rule};

const LANGUAGES: &str = "de_DE, en_US, es_ES, fr_FR, fr_CA";

#[derive(Debug)]
struct XivoUsers {
    enableclient: Place,
    username: Place,
    password: Place,
    language: Place,
    protocol: Place,
    linesecret: Place,
    voicemail: Vec<Place>,
}

pub(super) fn bind(places: &Places<'_>) -> Box<dyn Rules> {
    Box::new(XivoUsers {
        enableclient: places.of("enableclient"),
        username: places.of("username"),
        password: places.of("password"),
        language: places.of("language"),
        protocol: places.of("protocol"),
        linesecret: places.of("linesecret"),
        voicemail: places.section("voicemail"),
    })
}

impl XivoUsers {
    fn signs_in(&self, cells: &Cells<'_>) -> bool {
        cells.get(self.enableclient) == "1"
    }
}

impl Rules for XivoUsers {
    fn check(&self, cells: &Cells<'_>, broken: &mut Vec<Broken>) {
        if self.signs_in(cells) {
            for (place, column) in [(self.username, "username"), (self.password, "password")] {
                if cells.get(place).is_empty() {
                    let reason = Reason::new(Rule::RequiredWith, [&column, &"enableclient", &"1"]);
                    broken.push(Broken { column, reason });
                }
            }
        }
        let has_voicemail = self.voicemail.iter().any(|place| !cells.get(*place).is_empty());
        if has_voicemail && cells.get(self.language).is_empty() {
            let reason = Reason::new(Rule::VoicemailLanguage, [&LANGUAGES]);
            broken.push(Broken { column: "language", reason });
        }
        if cells.get(self.protocol) == "sccp" && !cells.get(self.linesecret).is_empty() {
            broken.push(Broken { column: "linesecret", reason: Rule::SccpSecret.into() });
        }
    }

    /// A name and a password mean nothing where the client is not enabled.
    fn finish<'a>(&self, cells: &Cells<'a>, draft: &mut Draft<'a>) {
        if !self.signs_in(cells) {
            (draft.entry.login, draft.entry.password) = (None, None);
        }
    }
}
