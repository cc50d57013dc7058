//! Tests of tables that people made themselves, or programs without a profile of their own.

use super::{File, read, values};
use crate::contact::card::{Field, PostalAddress};

fn common(text: &str) -> File {
    let file = read(text).unwrap();
    assert_eq!((&*file.profile, &file.faults[..]), ("common", &[][..]));
    file
}

#[test]
fn a_table_with_usual_names_is_read() {
    let file = common(
        "Company;Contact Name;Telephone;Cell;E-mail;Town;Comment;Shoe size\n\
         Acme;Ann Lee;030 1;0171 2;ann@acme.example;Bonn;calls early;38\n",
    );
    let address = PostalAddress { kind: "work", locality: "Bonn", ..PostalAddress::default() };
    assert_eq!(
        values(&file.entries[0].card),
        [
            (Field::FormattedName, "Ann Lee"),
            (Field::Company, "Acme"),
            (Field::Work, "030 1"),
            (Field::Mobile, "0171 2"),
            (Field::Email, "ann@acme.example"),
            (Field::Postal, &*address.value()),
            (Field::Note, "calls early"),
        ]
    );
    assert_eq!(file.ignored, ["Shoe size"]);
}

#[test]
fn the_names_may_be_in_other_languages() {
    for text in [
        "Vorname;Nachname;Telefonnummer;Handy\nAnn;Lee;030 1;0171 2\n",
        "Name;Vorname;Tel.;Mobil\nLee;Ann;030 1;0171 2\n",
        "Prénom;Nom;Téléphone;Portable\nAnn;Lee;030 1;0171 2\n",
        "Nombre;Apellidos;Teléfono;Móvil\nAnn;Lee;030 1;0171 2\n",
        "Nome;Cognome;Telefono;Cellulare\nAnn;Lee;030 1;0171 2\n",
        "Имя;Фамилия;Телефон;Мобильный\nAnn;Lee;030 1;0171 2\n",
        "Imię;Nazwisko;Telefon;Komórka\nAnn;Lee;030 1;0171 2\n",
        "Voornaam;Achternaam;Telefoon;Mobiel\nAnn;Lee;030 1;0171 2\n",
        "Nome;Sobrenome;Telefone;Celular\nAnn;Lee;030 1;0171 2\n",
    ] {
        let file = common(text);
        let card = &file.entries[0].card;
        assert_eq!(card.formatted_name(), "Ann Lee", "{text}");
        assert_eq!(
            (card.first(Field::Work), card.first(Field::Mobile)),
            (Some("030 1"), Some("0171 2"))
        );
    }
}

#[test]
fn tables_of_groupware_and_of_the_address_book_are_read() {
    let file = common(
        "n_given,n_family,org_name,tel_work,tel_cell,adr_one_locality\nAnn,Lee,Acme,1,2,Bonn\n",
    );
    assert_eq!(file.entries[0].card.formatted_name(), "Ann Lee");
    let file = common(
        "Vorname\tNachname\tArbeitsadresse Stadt\tArbeit Telefon\tArbeit E-Mail\nAnn\tLee\tBonn\t030 1\ta@b.de\n",
    );
    assert_eq!(file.entries[0].card.first(Field::Email), Some("a@b.de"));
}
