//! Tests of LDIF: entries of each program, what is refused, and that what is written reads back.

use crate::contact::ContactId;
use crate::contact::card::{Card, CardBuilder, Field, PostalAddress};
use crate::file::Rule;
use crate::file::export::Exported;
use crate::file::ldif::write::LdifWriter;
use crate::file::tests::{cards, exported, read};

fn all(card: &Card, field: Field) -> Vec<&str> {
    card.all(field).collect()
}

#[test]
fn thunderbirds_address_book_is_read() {
    let file = read(concat!(
        "dn: cn=Anna Adams,mail=anna@example.org\nobjectclass: top\nobjectclass: person\n",
        "objectclass: organizationalPerson\nobjectclass: inetOrgPerson\n",
        "objectclass: mozillaAbPersonAlpha\ngivenName: Anna\nsn: Adams\ncn: Anna Adams\n",
        "mozillaNickname: Annie\nmail: anna@example.org\nmozillaSecondEmail: a@example.org\n",
        "nsAIMid: anna7\ntelephoneNumber: +49 30 1\nhomePhone: 2\nfax: 3\npager: 4\nmobile: 5\n",
        "mozillaHomeStreet: Weg 1\nmozillaHomeStreet2: Hof\nmozillaHomeLocalityName: Bonn\n",
        "mozillaHomePostalCode: 53111\nstreet: Allee 2\nl: Berlin\npostalCode: 10115\nc: DE\n",
        "title: Head\nou: Sales\no: Acme\nmozillaWorkUrl: http://acme.example\nbirthyear: 1985\n",
        "birthmonth: 4\nbirthday: 12\ndescription:: R3LDvMOfZSE=\nmozillaCustom1: shoe\n",
        "modifytimestamp: 12345\n\n",
        "dn: cn=Friends\nobjectclass: top\nobjectclass: groupOfNames\ncn: Friends\n",
        "member: CN=anna adams, mail=anna@example.org\nmember: cn=Nobody\n",
    ));
    let card = &file.entries[0].card;
    assert_eq!(card.formatted_name(), "Anna Adams");
    assert_eq!(all(card, Field::Email), ["anna@example.org", "a@example.org"]);
    let numbers = [Field::Work, Field::Home, Field::Fax, Field::Pager, Field::Mobile];
    let numbers = numbers.map(|field| card.first(field).unwrap_or_default());
    assert_eq!(numbers, ["+49 30 1", "2", "3", "4", "5"]);
    assert_eq!(card.first(Field::Birthday), Some("1985-04-12"));
    assert_eq!(card.first(Field::Note), Some("Grüße!"));
    assert_eq!(card.first(Field::Address), Some("aim:anna7"));
    assert_eq!(all(card, Field::Category), ["Friends"]);
    let addresses: Vec<_> = card.all(Field::Postal).map(PostalAddress::parse).collect();
    assert_eq!(
        (addresses[0].kind, addresses[0].street, addresses[0].country),
        ("work", "Allee 2", "DE")
    );
    assert_eq!(
        (addresses[1].kind, addresses[1].street, addresses[1].code),
        ("home", "Weg 1\nHof", "53111")
    );
    assert_eq!(file.about.ignored_columns, ["mozillacustom1"]);
    assert!(file.about.covers.fields.contains(&(Field::Nickname, usize::MAX)));
    assert!(!file.about.covers.fields.iter().any(|(field, _)| *field == Field::Site));
    assert_eq!(file.faults(), [(38, Rule::GroupMembers)]);
}

#[test]
fn active_directory_is_read() {
    let file = read(concat!(
        "dn: CN=Boris Berg,OU=Sales,DC=acme,DC=example\r\nchangetype: add\r\nobjectClass: top\r\n",
        "objectClass: person\r\nobjectClass: organizationalPerson\r\nobjectClass: user\r\n",
        "cn: Berg\\, Boris\r\nsn: Berg\r\ngivenName: Boris\r\ndisplayName: Boris Berg\r\n",
        "telephoneNumber: +49 30 205\r\nipPhone: 205\r\notherTelephone: +49 30 9\r\nsAMAccountName: BBerg\r\n",
        "objectGUID:: AAECAwQFBgcICQoLDA0ODw==\r\nmail: b@acme.example\r\n",
        "proxyAddresses: SMTP:B@acme.example\r\nproxyAddresses: smtp:boris@acme.example\r\n",
        "proxyAddresses: X500:/o=x\r\nmanager: CN=Adams\\, Anna,OU=Sales,DC=acme,DC=example\r\n",
        "co: Germany\r\nl: Berlin\r\ncompany: Acme\r\ndepartment: Sales\r\nthumbnailPhoto:: aGVsbG8h\r\n\r\n",
        "dn: CN=PC1,DC=acme,DC=example\r\nobjectClass: user\r\nobjectClass: computer\r\ncn: PC1\r\n",
    ));
    let entry = &file.entries[0];
    assert_eq!(entry.card.formatted_name(), "Boris Berg");
    assert_eq!(all(&entry.card, Field::Email), ["b@acme.example", "boris@acme.example"]);
    assert_eq!(entry.card.first(Field::Extension), Some("205"));
    assert_eq!(entry.card.first(Field::OtherNumber), Some("+49 30 9"));
    assert_eq!(entry.card.first(Field::Manager), Some("Adams, Anna"));
    assert_eq!(entry.login.as_deref(), Some("bberg"));
    assert_eq!(entry.uid.as_deref(), Some("03020100-0504-0706-0809-0a0b0c0d0e0f"));
    assert_eq!(entry.photo.as_deref(), Some(&b"hello!"[..]));
    assert_eq!(file.faults(), [(27, Rule::LdifClass)]);
}

#[test]
fn our_own_entries_are_read() {
    let file = read(concat!(
        "# extended LDIF\n#\n# LDAPv3\n\ndn: uid=204,ou=people,dc=acme\nobjectClass: top\n",
        "objectClass: inetOrgPerson\nobjectClass: ringbookContact\nuid: 204\ncn: Anna Adams\n",
        "displayName: Anna Adams\nsn: Adams\ngivenName: Anna\ntelephoneNumber: 204\n",
        "telephoneNumber: +49 30 1\nipPhone: 204\nl: HQ\nl: Berlin\nstreet: Weg 1\n",
        "postalAddress: Weg 1$Berlin\nphysicalDeliveryOfficeName: HQ\nlabeledURI: sip:204@acme.example\n",
        "labeledURI: https://acme.example Home\nringbookPresence: busy\n",
        "entryUUID: 00000000-0000-0000-0000-000000000007\n\n",
        "dn: ou=people,dc=acme\nobjectClass: organizationalUnit\nou: people\n\n",
        "# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 3\n",
    ));
    let entry = &file.entries[0];
    assert_eq!(entry.id, ContactId::parse("00000000-0000-0000-0000-000000000007"));
    assert_eq!(entry.card.first(Field::Extension), Some("204"));
    assert_eq!(all(&entry.card, Field::Work), ["+49 30 1"]);
    assert_eq!(entry.card.first(Field::Site), Some("HQ"));
    assert_eq!(all(&entry.card, Field::Address), ["sip:204@acme.example"]);
    assert_eq!(all(&entry.card, Field::Url), ["https://acme.example"]);
    let postal = PostalAddress::parse(entry.card.first(Field::Postal).unwrap());
    assert_eq!((postal.street, postal.locality), ("Weg 1", "Berlin"));
    assert_eq!(all(&entry.card, Field::Postal).len(), 1);
    assert!(entry.login.is_none());
    assert_eq!(file.faults(), [(27, Rule::LdifClass)]);
    assert_eq!(file.about.ignored_columns, [""; 0]);
}

#[test]
fn what_is_no_entry_is_refused_with_a_reason() {
    let file = read(concat!(
        "version: 1\n\ndn: cn=A\nchangetype: delete\n\ndn: cn=B\nchangetype: modify\nreplace: mail\n",
        "mail: b@example.org\n-\n\ncn: C\n\ndn: cn=D\ncn: D\nmail:: ****\n\ndn: cn=E\nmail:\n\n",
        "dn: cn=F\ncn: F\njpegPhoto:< file:///etc/passwd\n\nversion: 2\ndn: cn=G\ncn: G\n",
    ));
    assert_eq!(file.names(), ["E", "F", "G"]);
    let expected = [
        (3, Rule::LdifChange),
        (6, Rule::LdifChange),
        (12, Rule::LdifWithoutDn),
        (16, Rule::LdifBase64),
        (21, Rule::LdifUrl),
        (25, Rule::LdifVersion),
    ];
    assert_eq!(file.faults(), expected);
    assert!(file.entries.iter().all(|entry| entry.photo.is_none()), "nothing is fetched");
    assert_eq!(file.faults[4].value.as_deref(), Some("file:///etc/passwd"));
    let nameless = read("dn: ou=x\ndescription: a\n");
    assert_eq!(nameless.faults(), [(1, Rule::Nameless)]);
}

#[test]
fn companies_have_no_surname_of_their_own() {
    let file = read("dn: cn=Acme\ncn: Acme\nsn: Acme\no: Acme\n\ndn: cn=X\ncn: Mr X\nsn: X\n");
    assert_eq!(file.entries[0].card.first(Field::FamilyName), None);
    assert_eq!(file.entries[1].card.first(Field::FamilyName), Some("X"));
}

fn written(contacts: &[Exported<'_>], base: &str) -> String {
    String::from_utf8(exported(&mut LdifWriter::new(base), contacts)).unwrap()
}

fn contact<'a>(id: u128, card: &'a Card) -> Exported<'a> {
    let id = ContactId(uuid::Uuid::from_u128(id));
    let (body, photo, starred, book, login, presence) = (None, None, false, None, None, None);
    Exported { id, uid: "u", card, body, photo, starred, book, login, presence }
}

#[test]
fn entries_are_written_for_openldap_and_thunderbird() {
    let mut card = CardBuilder::default();
    card.push(Field::FormattedName, "Jörg Adams").push(Field::FamilyName, "Adams");
    card.push(Field::Extension, "204").push(Field::Note, "a: very long text ".repeat(6).as_str());
    let card = card.finish().unwrap();
    let exported = Exported { starred: true, photo: Some(b"jpeg"), ..contact(1, &card) };
    let text = written(&[exported], "ou=shared,dc=acme");
    let start = concat!(
        "version: 1\n\ndn: uid=00000000-0000-0000-0000-000000000001,ou=shared,dc=acme\n",
        "objectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\n",
        "objectClass: inetOrgPerson\nuid: 00000000-0000-0000-0000-000000000001\nuid: 204\n",
        "cn:: SsO2cmcgQWRhbXM=\nsn: Adams\ntelephoneNumber: 204\ndescription: a: very long text a",
    );
    assert!(text.starts_with(start), "{text}");
    assert!(text.lines().all(|line| line.len() <= 76), "{text}");
    assert!(
        text.contains("jpegPhoto:: anBlZw==\n\ndn: cn=Favorites,ou=shared,dc=acme\n"),
        "{text}"
    );
    let file = read(&text);
    let entry = &file.entries[0];
    assert_eq!((entry.id, entry.starred), (Some(exported.id), Some(true)));
    assert_eq!(entry.photo.as_deref(), Some(&b"jpeg"[..]));
    assert_eq!(entry.card, card);
    assert_eq!(file.faults(), []);
}

/// What LDIF says of a card: further fields have no attribute there.
fn said(card: &Card) -> Vec<(Field, String)> {
    let lost = [
        Field::NamePrefix,
        Field::NameSuffix,
        Field::Nickname,
        Field::PhoneticGivenName,
        Field::PhoneticFamilyName,
        Field::VoicemailBox,
        Field::Birthday,
        Field::Kind,
        Field::Postal,
    ];
    // Each entry has a surname; one that is the name or the company may have been made of it.
    let made = |field, value: &str| {
        let companies = card.all(Field::Company).any(|company| company == value);
        field == Field::FamilyName && (value == card.formatted_name() || companies)
    };
    // A directory's set of values knows no two that differ by their case, and one kind of number.
    let mut kept: Vec<(Field, String)> = Vec::new();
    for (field, value) in card.iter().filter(|(field, _)| !lost.contains(field)) {
        if made(field, value) {
            continue;
        }
        let field = match field {
            Field::Did | Field::OtherNumber => Field::Work,
            // What is a page and what an address to call follows from the URI.
            Field::Address => Field::Url,
            field => field,
        };
        // A space would end a URI.
        let value = match field {
            Field::Url | Field::Address => {
                &value.split_whitespace().collect::<Vec<_>>().join("%20")
            }
            _ => value,
        };
        let once = !kept
            .iter()
            .any(|(known, text)| *known == field && text.to_lowercase() == value.to_lowercase());
        if once {
            kept.push((field, value.to_owned()));
        }
    }
    kept.sort();
    kept
}

proptest::proptest! {
    #![proptest_config(crate::file::tests::repeatable())]

    #[test]
    fn what_is_written_reads_back(cards in cards()) {
        let ids = (1..).zip(&cards);
        let contacts: Vec<Exported<'_>> = ids.map(|(id, card)| contact(id, card)).collect();
        let text = written(&contacts, "dc=acme");
        let file = read(&text);
        proptest::prop_assert!(file.faults.is_empty(), "{:?}", file.faults);
        proptest::prop_assert_eq!(file.entries.len(), cards.len());
        for (entry, card) in file.entries.iter().zip(&cards) {
            proptest::prop_assert_eq!(said(&entry.card), said(card), "{}", text);
        }
    }
}
