//! Files of telephone systems and phones: what is read of their good rows, and why bad ones are not.

use crate::contact::ContactId;
use crate::contact::card::{CardBuilder, Field};
use crate::file::encoding::Survey;
use crate::file::export::{Exported, FileWriter};
use crate::file::table::TableReader;
use crate::file::table::cell::Formulas;
use crate::file::table::choice::Choice;
use crate::file::table::profiles::Profiles;
use crate::file::table::ranges::Ranges;
use crate::file::table::writer::TableWriter;
use crate::file::{Entry, Fault, Row, Rows, fields};

/// A file of `tests/fixtures/csv`.
macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/fixtures/csv/", $name, ".csv")).as_slice()
    };
}

/// Reads a file that is to be recognised, and compares what is told of it.
#[track_caller]
fn check(file: &[u8], wanted: &str) {
    let found = told(file, &Choice::auto());
    assert!(found.trim() == wanted.trim(), "found:\n{found}\nwanted:\n{wanted}");
}

/// The profile, and a line for each row.
fn told(file: &[u8], choice: &Choice) -> String {
    let mut survey = Survey::default();
    survey.feed(file);
    let text = survey.finish(None).unwrap();
    let mut reader = TableReader::open(file, text, choice).unwrap();
    let mut told = format!("{}\n", reader.about().profile);
    assert_eq!(reader.about().ignored_columns, Vec::<String>::new());
    while let Some(row) = reader.next_row().unwrap() {
        match row {
            Row::Good(entry) => told += &good(&entry),
            Row::Bad(faults) => told.extend(faults.iter().map(bad)),
        }
    }
    told
}

fn good(entry: &Entry) -> String {
    let mut line = format!("{}:", entry.line);
    let mut add = |name: &str, value: &str| {
        line += &format!(" {name}={}", value.replace('\n', "\\n").replace('\u{1f}', "/"));
    };
    for (field, value) in entry.card.iter() {
        add(fields::json_name(field).unwrap_or("postal"), value);
    }
    let others = [
        ("id", entry.id.map(|id| id.to_string())),
        ("login", entry.login.as_deref().map(str::to_owned)),
        ("password", entry.password.as_ref().map(|_| "…".to_owned())),
        ("starred", entry.starred.map(|starred| starred.to_string())),
        ("entity", entry.entity.as_deref().map(str::to_owned)),
        ("presence", entry.presence.map(|presence| presence.to_string())),
    ];
    for (name, value) in others {
        if let Some(value) = value {
            add(name, &value);
        }
    }
    for book in &entry.books {
        add("book", book);
    }
    line + "\n"
}

fn bad(fault: &Fault) -> String {
    let field = fault.field.as_deref().unwrap_or("the row");
    format!("{}: {field}: {}\n", fault.line, fault.reason)
}

#[test]
fn users_of_xivo_keep_all_that_a_phone_book_can_use() {
    check(
        fixture!("xivo_users"),
        r##"xivo-users
2: name=Zoë Quill family_name=Quill given_name=Zoë extension=2001 mobile=0612345678 did=33455512001 voicemail=2001 email=zoe@quill.example category=boss language=fr_FR login=zquill password=… entity=1 presence=true
3: name=Ömer Yıldız family_name=Yıldız given_name=Ömer extension=2002 category=secretary entity=1 presence=false
4: name=Mai given_name=Mai entity=2"##,
    );
}

#[test]
fn users_of_xivo_are_refused_with_their_reason() {
    check(
        fixture!("xivo_users_bad"),
        r##"xivo-users
2: entityid: must be digits only
3: firstname: firstname is required
4: language: must be one of de_DE, en_US, es_ES, fr_FR, fr_CA
5: enablehint: must be 0 or 1
5: username: username is required where enableclient is 1
5: password: password is required where enableclient is 1
6: protocol: must be one of sip, sccp
6: phonenumber: phonenumber is required in rows with a line section
7: bosssecretary: must be one of no, boss, secretary
7: linesecret: only SIP lines have a secret: leave it empty for sccp
8: incallexten: incallexten is required in rows with a incall section
9: language: a user with voicemail needs a language, one of de_DE, en_US, es_ES, fr_FR, fr_CA
10: voicemailmailbox: voicemailmailbox is required in rows with a voicemail section
11: voicemailname: voicemailname is required in rows with a voicemail section
12: name=Jon Reed family_name=Reed given_name=Jon extension=2111 entity=1"##,
    );
}

#[test]
fn xivos_voicemail_columns_have_two_spellings() {
    check(
        fixture!("xivo_users_other_names"),
        r##"xivo-users
2: name=Noa given_name=Noa extension=2301 voicemail=2301 language=en_US entity=1"##,
    );
}

#[test]
fn users_of_wazo_keep_their_uuid() {
    check(
        fixture!("wazo_users"),
        r##"wazo-users
2: name=Robert "Bob" Jenkins family_name=Jenkins given_name=Robert "Bob" extension=1000 mobile=0611111111 did=5551000 voicemail=1000 email=bob@jenkins.example language=fr_FR id=6f9619ff-8b86-4d01-b42d-00cf4fc964ff login=bjenkins password=… presence=true
3: name=Lise given_name=Lise extension=1001 presence=false"##,
    );
}

#[test]
fn users_of_wazo_are_refused_with_their_reason() {
    check(
        fixture!("wazo_users_bad"),
        r##"wazo-users
2: firstname: firstname is required
3: email: must be an e-mail address, such as anna@example.com
4: language: must be one of de_DE, en_US, es_ES, fr_FR, fr_CA
5: enabled: must be 0 or 1
6: ring_seconds: must be digits only
7: context: context is required in rows with a line section
7: line_protocol: line_protocol is required in rows with a line section
8: line_protocol: must be one of sip, sccp, webrtc
9: incall_context: incall_context is required in rows with a incall section
10: voicemail_name: voicemail_name is required in rows with a voicemail section
10: voicemail_context: voicemail_context is required in rows with a voicemail section
11: name=Ike Marsh family_name=Marsh given_name=Ike"##,
    );
}

#[test]
fn a_phone_book_of_wazo_is_told_from_xivos_contacts() {
    check(
        fixture!("wazo_phonebook"),
        r##"wazo-phonebook
2: name=Tove Ström family_name=Ström given_name=Tove work=+46850550100 email=tove@strom.example
3: name=Depot given_name=Depot extension=4455"##,
    );
}

#[test]
fn addresses_of_xivos_phone_book_have_two_lines() {
    check(
        fixture!("xivo_phonebook"),
        r##"xivo-phonebook
2: name=Mireille Aubry family_name=Aubry given_name=Mireille prefix=mrs company=Aubry et Fils work=0145550101 mobile=0612000001 home=0478550103 fax=0145550102 other=0145550104 email=m@aubry.example postal=work/4 rue du Puits\nBâtiment C/Lyon/Rhône/69003/FR postal=home/9 quai Vert/Lyon//69002/FR postal=/Entrepôt 7/Vienne/// note=Deliveries on Monday url=https://aubry.example
3: name=Oskar given_name=Oskar prefix=mr work=0305550105"##,
    );
}

#[test]
fn xivos_phone_book_takes_digits_and_country_codes() {
    check(
        fixture!("xivo_phonebook_bad"),
        r##"xivo-phonebook
2: title: must be one of mr, mrs, ms
3: displayname: displayname is required
4: officenumber: must be digits only
5: officecountry: must be an ISO country code of two letters, such as DE
6: name=Tim Lake given_name=Tim prefix=mr work=0145550114 postal=work/////FR"##,
    );
}

#[test]
fn a_contact_of_yeastar_is_in_several_phone_books() {
    check(
        fixture!("yeastar"),
        r##"yeastar
2: name=Inês Duarte family_name=Duarte given_name=Inês company=Duarte Lda work=+351215550100 work=(021)555-0101 mobile=+351915550103 mobile=+351915550104 home=+351215550105 home=+351215550106 fax=+351215550102 fax=+351215550107 other=*55# email=ines_d@duarte.example postal=work/Rua Nova 5/Lisboa/Lisboa/1100-001/Portugal note=Prefers e-mail; not on Fridays book=Customers book=Resellers
3: name=Holm family_name=Holm mobile=5550109"##,
    );
}

#[test]
fn yeastar_asks_for_a_name_a_number_and_lengths() {
    check(
        fixture!("yeastar_bad"),
        r##"yeastar
2: the row: one of Business Number, Business Number 2, Business Fax, Mobile, Mobile 2, Home, Home 2, Home Fax, Other is required
3: the row: one of First Name, Last Name is required
4: Business Number: contains `/`; allowed are only the characters 0-9A-Za-z().+*#-
5: Mobile: has 32 characters, allowed are at most 31
6: Email: contains `+`; allowed are only the characters 0-9A-Za-z@_.'-
7: First Name: has 64 characters, allowed are at most 63
8: name=Fine Reed family_name=Reed given_name=Fine work=5550115"##,
    );
}

#[test]
fn personal_contacts_of_yeastar_have_no_phone_book() {
    check(
        fixture!("yeastar_personal"),
        r##"yeastar
2: name=Jo Vale family_name=Vale given_name=Jo mobile=5550117"##,
    );
}

#[test]
fn yeastars_other_systems_have_other_columns() {
    check(
        fixture!("yeastar_s"),
        r##"yeastar-s
2: name=Karin Vogel family_name=Vogel given_name=Karin company=Vogel KG work=+49 (30) 555-0120 work=030 5550121 mobile=+49 170 5550123 home=030.5550124 fax=030-5550122 fax=030-5550125 email=karin@vogel.example postal=work/Am Teich 3/Berlin/Berlin/10115/Germany note=Ring twice"##,
    );
}

#[test]
fn yeastars_other_systems_ask_for_a_first_name() {
    check(
        fixture!("yeastar_s_bad"),
        r##"yeastar-s
2: First Name: First Name is required
3: the row: one of Work Number, Work Number 2, Mobile, Mobile 2, Home, Home 2 is required
4: Work Number: contains `*`; allowed are only the characters 0-9 ().+-
5: Mobile: has 33 characters, allowed are at most 31
6: Email: must be an e-mail address, such as anna@example.com
7: Work Fax: contains ` `; allowed are only the characters 0-9().+-
8: name=Fine Vogel family_name=Vogel given_name=Fine work=030 5550132"##,
    );
}

#[test]
fn yeastars_ldap_phone_book_is_a_third_kind() {
    check(
        fixture!("yeastar_ldap"),
        r##"yeastar-ldap
2: name=Lena Brandt family_name=Brandt given_name=Lena department=Purchasing work=+49305550141 mobile=+491705550140 home=+49305550142 email=lena@brandt.example book=suppliers
3: name=Milo extension=2204 book=staff"##,
    );
}

#[test]
fn yeastars_ldap_phone_book_keeps_its_own_node() {
    check(
        fixture!("yeastar_ldap_bad"),
        r##"yeastar-ldap
2: Phonebook Node: Phonebook Node is required
3: Phonebook Node: must not be pbx: the telephone system keeps that name for itself
4: Phonebook Node: contains ` `; allowed are only the characters 0-9A-Za-z
5: Nickname: Nickname is required
6: Extension: has 8 characters, allowed are at most 7
7: Nickname: contains `&`; the characters &"'\<>`|+ are not allowed
8: the row: one of Email, Mobile Number, Office Number, Home Number is required
9: name=Fine work=5550149 book=staff"##,
    );
}

#[test]
fn a_private_group_of_freepbx_is_no_shared_book() {
    check(
        fixture!("freepbx"),
        r##"freepbx
2: name=Nadia Petit family_name=Petit given_name=Nadia company=Petit SA title=Buyer work=5550151 mobile=5550150 fax=5550152 email=nadia@petit.example email=office@petit.example postal=work/12 Mill Lane\nLeeds//// url=https://petit.example book=Customers
4: name=Uncle Otto given_name=Otto home=5550153"##,
    );
}

#[test]
fn freepbx_asks_for_group_type_and_name() {
    check(
        fixture!("freepbx_bad"),
        r##"freepbx
2: groupname: groupname is required
3: grouptype: grouptype is required
4: grouptype: must be one of internal, external, private
5: displayname: displayname is required
6: phone_1_type: must be one of work, home, cell, other
7: name=Sven other=5550159 book=Customers"##,
    );
}

#[test]
fn a_contact_of_3cx_has_two_numbers_of_a_kind() {
    check(
        fixture!("3cx"),
        r##"3cx
2: name=Tara Quist family_name=Quist given_name=Tara company=Quist AB work=5550164 work=5550165 mobile=5550160 mobile=5550161 home=5550162 home=5550163 fax=5550167 fax=5550168 pager=5550169 other=5550166 email=tara@quist.example
3: name=Harbour Office company=Harbour Office work=5550170"##,
    );
}

#[test]
fn a_phone_book_of_grandstream_is_a_prefix_or_a_whole_name() {
    check(
        fixture!("grandstream"),
        r##"grandstream
2: name=Ulla Berg (Sales) family_name=Berg given_name=Ulla department=Sales work=5550171 mobile=5550172 home=5550173 fax=5550174 email=ulla@berg.example book=customers
3: name=Front Desk work=5550175 book=partners"##,
    );
}

#[test]
fn grandstream_keeps_its_own_phone_book() {
    check(
        fixture!("grandstream_bad"),
        r##"grandstream
2: Account Number: Account Number is required
3: Phonebook DN: Phonebook DN is required
4: Phonebook DN: must not be pbx: the telephone system keeps that name for itself
5: Phonebook DN: must not be ou=pbx,dc=pbx,dc=com: the telephone system keeps that name for itself
6: name=Zack Berg family_name=Berg given_name=Zack work=5550180 book=customers"##,
    );
}

#[test]
fn yealinks_own_groups_are_told_from_others() {
    check(
        fixture!("yealink"),
        r##"yealink
2: name=Anders Falk work=5550181 mobile=5550182 other=5550183
3: name=Noisy Neighbour work=5550184 category=Blacklist
4: display_name: display_name is required"##,
    );
}

#[test]
fn fanvils_phone_book_is_recognised() {
    check(
        fixture!("fanvil"),
        r##"fanvil
2: name=Bodil Krog work=5550186 mobile=5550187 other=5550188 category=Sales
3: name: name is required"##,
    );
}

#[test]
fn favorites_of_voispeed_are_starred() {
    check(
        fixture!("voispeed"),
        r##"voispeed
2: name=Carlo Neri family_name=Neri given_name=Carlo company=Neri Srl work=5550190 mobile=5550191 home=5550192 fax=5550194 other=5550193 starred=true
3: name=Dora Neri family_name=Neri given_name=Dora work=5550195 starred=false
4: Visible to everyone: must be 0 or 1"##,
    );
}

#[test]
fn numbers_lie_in_the_ranges_that_are_told() {
    let ranges = Ranges::new([("default", "2300-2399")]).unwrap();
    let file = fixture!("xivo_users_other_names");
    let read = |choice: Choice| told(file, &choice);
    assert!(read(Choice::auto().with_ranges(ranges)).contains("extension=2301"));
    let others = Ranges::new([("default", "2400-2499"), ("lab", "2300-2399")]).unwrap();
    let refused = read(Choice::auto().with_ranges(others));
    let reason = "2: phonenumber: not a number of the context default, which has 2400-2499";
    assert!(refused.contains(reason), "{refused}");
    let wazo = Ranges::new([("from-extern", "100-199")]).unwrap();
    let refused = told(fixture!("wazo_users"), &Choice::auto().with_ranges(wazo));
    assert!(refused.contains("2: incall_exten: not a number of the context"), "{refused}");
}

fn written(profile: &str, values: &[(Field, &str)], fill: &[(&str, &str)]) -> String {
    let mut builder = CardBuilder::default();
    for (field, value) in values {
        builder.push(*field, value);
    }
    let card = builder.finish().unwrap();
    let profiles = Profiles::built_in();
    let mut writer = TableWriter::new(profiles.by_name(profile).unwrap(), Formulas::AsTheyAre);
    for (column, text) in fill {
        writer.fill_with(column, (*text).to_owned()).unwrap();
    }
    let contact = Exported {
        id: ContactId(uuid::Uuid::from_u128(7)),
        uid: "uid",
        card: &card,
        body: None,
        photo: None,
        starred: false,
        book: None,
        login: None,
        presence: None,
    };
    let mut out = Vec::new();
    writer.consider(&contact);
    writer.begin(&mut out);
    writer.contact(&contact, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_context_that_is_told_stands_in_the_export() {
    let user = [(Field::GivenName, "Ann"), (Field::Extension, "204")];
    assert!(written("xivo-users", &user, &[]).contains("|204|default|sip|"));
    let told = [("context", "office"), ("Protocol", "sccp"), ("voicemailpassword", "0")];
    let text = written("xivo-users", &user, &told[..2]);
    assert!(text.contains("|204|office|sccp|"), "{text}");
    let without = written("xivo-users", &user[..1], &told[..2]);
    assert!(!without.contains("office"), "{without}");
    let profiles = Profiles::built_in();
    let profile = profiles.by_name("xivo-users").unwrap();
    for (column, text) in [("shoe size", "44"), ("protocol", "h323"), told[2]] {
        let mut writer = TableWriter::new(profile, Formulas::AsTheyAre);
        assert!(writer.fill_with(column, text.to_owned()).is_err(), "{column}");
    }
}

#[test]
fn any_number_will_do_for_the_account_of_grandstream() {
    let text = written("grandstream", &[(Field::GivenName, "Ann"), (Field::Mobile, "0151")], &[]);
    assert!(text.contains("\r\nAnn,,0151,Ann,,,0151,"), "{text}");
    let back = told(text.as_bytes(), &Choice::auto());
    assert!(back.ends_with("2: name=Ann given_name=Ann mobile=0151\n"), "{back}");
}

#[test]
fn a_fax_of_freepbx_has_a_type_and_a_flag() {
    let text = written("freepbx", &[(Field::GivenName, "Ann"), (Field::Fax, "030")], &[]);
    assert!(text.contains(",030,work,,fax,,AUTO"), "{text}");
    assert!(told(text.as_bytes(), &Choice::auto()).contains("fax=030"), "{text}");
}
