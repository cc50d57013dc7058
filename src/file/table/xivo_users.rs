//! The profile `xivo-users`: users of a XiVO PBX with their line, incoming call and voicemail.

use crate::contact::card::Field;
use crate::file::table::profile::{Broken, CellOf, Column, Kind, Profile, To};
use crate::file::{Holds, Reason, Rule};

const LANGUAGES: &[&str] = &["de_DE", "en_US", "es_ES", "fr_FR", "fr_CA"];

/// A PBX setting that is checked but means nothing to a phone book.
const fn setting(name: &'static str, kind: Kind) -> Column {
    Column::new(name, To::Nothing, kind)
}

/// Separated by `|`. A section is there where a row has a value in one of its columns.
pub(super) static PROFILE: Profile = Profile {
    name: "xivo-users",
    holds: Holds::Users,
    utf8_unless_told: true,
    columns: &[
        setting("entityid", Kind::Digits),
        Column::field("firstname", Field::GivenName).required(),
        Column::field("lastname", Field::FamilyName),
        Column::new("language", To::Field(Field::Language), Kind::OneOf(LANGUAGES)),
        setting("enableclient", Kind::Flag),
        Column::new("username", To::Login, Kind::Text),
        Column::new("password", To::Password, Kind::Secret),
        setting("profileclient", Kind::Text),
        setting("outcallerid", Kind::Text),
        setting("agentnumber", Kind::Digits),
        Column::field("mobilephonenumber", Field::Mobile),
        setting("bosssecretary", Kind::OneOf(&["no", "boss", "secretary"])),
        setting("enablehint", Kind::Flag),
        setting("enablexfer", Kind::Flag),
        Column::new("phonenumber", To::Field(Field::Extension), Kind::Digits).of("line").required(),
        setting("context", Kind::Text).of("line").required(),
        setting("protocol", Kind::OneOf(&["sip", "sccp"])).of("line").required(),
        setting("linename", Kind::Text).of("line"),
        setting("linesecret", Kind::Secret).of("line"),
        Column::new("incallexten", To::Field(Field::Did), Kind::Number).of("incall").required(),
        setting("incallcontext", Kind::Text).of("incall").required(),
        setting("incallringseconds", Kind::Digits).of("incall"),
        setting("voicemailname", Kind::Text).of("voicemail").required(),
        Column::new("voicemailmailbox", To::Field(Field::VoicemailBox), Kind::Digits)
            .also("voicemailnumber")
            .of("voicemail")
            .required(),
        setting("voicemailpassword", Kind::Secret).of("voicemail"),
        Column::new("voicemailemail", To::Field(Field::Email), Kind::Email).of("voicemail"),
        setting("voicemailattach", Kind::Flag).of("voicemail"),
        setting("voicemaildelete", Kind::Flag).of("voicemail"),
        setting("voicemailskippass", Kind::Flag).also("voicemailaskpassword").of("voicemail"),
    ],
    sign_in_flag: Some("enableclient"),
    rules,
};

/// What one column asks of another.
fn rules(cell: &CellOf<'_>) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut must_have = |column: &'static str, reason: Reason| {
        if cell(column).is_none() {
            broken.push(Broken { column, reason });
        }
    };
    let with = |name: &str| Reason::new(Rule::RequiredWith, [&name, &"enableclient", &"1"]);
    if cell("enableclient") == Some("1") {
        must_have("username", with("username"));
        must_have("password", with("password"));
    }
    let in_voicemail =
        |column: &Column| column.section == "voicemail" && cell(column.name).is_some();
    if PROFILE.columns.iter().any(in_voicemail) {
        let languages = LANGUAGES.join(", ");
        must_have("language", Reason::new(Rule::VoicemailLanguage, [&languages]));
    }
    if cell("protocol") == Some("sccp") && cell("linesecret").is_some() {
        broken.push(Broken { column: "linesecret", reason: Rule::SccpSecret.into() });
    }
    broken
}
