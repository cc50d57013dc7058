//! The rules in German.

use crate::file::rule::Rule;

pub(super) const SENTENCES: &[(Rule, &str)] = &[
    (Rule::NoRows, "kein Kontakt gefunden: die Datei hat keine Zeile hinter der Kopfzeile"),
    (
        Rule::Workbook,
        "das ist eine Excel-Mappe oder ein anderes ZIP-Archiv: bitte als CSV (UTF-8) speichern und die Datei senden",
    ),
    (
        Rule::OldWorkbook,
        "das ist eine alte Excel-Mappe (.xls): bitte als CSV (UTF-8) speichern und die Datei senden",
    ),
    (
        Rule::Pdf,
        "das ist ein PDF-Dokument, keine Kontaktdatei: bitte die Kontakte als CSV oder vCard exportieren und die Datei senden",
    ),
    (Rule::Gzip, "das ist ein gzip-Archiv: bitte auspacken und den Inhalt senden"),
    (
        Rule::Picture,
        "das ist ein Bild, keine Kontaktdatei: bitte die Kontakte als CSV oder vCard exportieren und die Datei senden",
    ),
    (
        Rule::Markup,
        "das ist HTML oder XML, keine Kontaktdatei: bitte die Kontakte als CSV oder vCard exportieren und die Datei senden",
    ),
    (
        Rule::Json,
        "das ist JSON, keine Kontaktdatei: bitte die Kontakte als CSV oder vCard exportieren und die Datei senden",
    ),
    (
        Rule::UnknownCharset,
        "`{0}` ist kein bekannter Zeichensatz; möglich sind utf-8, windows-1252 oder iso-8859-15",
    ),
    (
        Rule::NotUtf8,
        "die Datei ist nicht UTF-8: sie sieht nach {0} aus (Byte {1}, Zeile {2}); als UTF-8 speichern, oder `charset={3}` angeben",
    ),
    (
        Rule::Damaged,
        "Byte {0} (Zeile {1}) ist nicht {2}: die Datei ist beschädigt oder anders kodiert",
    ),
    (Rule::Unreadable, "die Datei ließ sich nicht lesen: {0}"),
    (Rule::EmptyHeaderCell, "Spalte {0} der Kopfzeile hat keinen Namen"),
    (Rule::NoText, "die erste Zeile ist kein Text: ist das eine CSV-Datei?"),
    (Rule::DuplicateHeader, "die Kopfzeile hat die Spalte `{0}` zweimal"),
    (
        Rule::HeaderTooLarge,
        "die Kopfzeile ist zu groß: höchstens {0} Byte und {1} Spalten; fehlt ein schließendes Anführungszeichen?",
    ),
    (
        Rule::Unterminated,
        "ein Anführungszeichen, das hier öffnet, schließt nie: die Datei endet davor",
    ),
    (
        Rule::UnknownHeader,
        "kein Profil kennt die Kopfzeile `{0}`: bekannt sind {1}; oder `columns` angeben, ein JSON-Objekt von Spaltenname zu Feld",
    ),
    (Rule::MissingColumn, "der Kopfzeile fehlt die Spalte `{0}`; sie hat `{1}`"),
    (Rule::UnknownProfile, "es gibt kein Profil `{0}`; es gibt {1}"),
    (
        Rule::NoColumns,
        "das Profil custom braucht `columns`, ein JSON-Objekt von Spaltenname zu Feld",
    ),
    (Rule::ColumnsNotTaken, "`columns` gehört zum Profil custom, nicht zu `{0}`"),
    (Rule::UnknownField, "es gibt kein Feld `{0}`; es gibt {1}"),
    (Rule::TooManyRows, "die Datei hat mehr als {0} Zeilen: bitte in Teilen senden"),
    (
        Rule::TooManyFaults,
        "zu viele Zeilen sind falsch: nichts wurde übernommen; bitte die ersten berichtigen und die Datei noch einmal senden",
    ),
    (
        Rule::TooManyCells,
        "zu viele Felder: {0}, die Kopfzeile hat {1}; ein Wert, der das Trennzeichen enthält, braucht Anführungszeichen",
    ),
    (Rule::TooFewCells, "Felder fehlen: {0}, die Kopfzeile hat {1}"),
    (
        Rule::RowTooLarge,
        "die Zeile hat mehr als {0} Byte oder {1} Felder; fehlt ein schließendes Anführungszeichen?",
    ),
    (Rule::CellTooLarge, "Feld {0} hat mehr als {1} Byte, das nimmt keines"),
    (
        Rule::Nameless,
        "ein Kontakt braucht einen Namen, eine Firma, eine Nummer oder eine E-Mail-Adresse",
    ),
    (Rule::Required, "{0} ist nötig"),
    (Rule::RequiredInSection, "{0} ist nötig in Zeilen mit einem Abschnitt {1}"),
    (Rule::RequiredWith, "{0} ist nötig, wo {1} gleich {2} ist"),
    (Rule::NoContactId, "keine Kontakt-ID: eine UUID, oder leer für einen neuen Kontakt"),
    (Rule::Control, "enthält das Steuerzeichen {0}, das in keinem Kontakt stehen kann"),
    (
        Rule::Scientific,
        "eine Tabellenkalkulation hat diese Nummer gerundet: die Spalte als Text formatieren und die Nummer neu eingeben",
    ),
    (Rule::Digits, "darf nur Ziffern haben"),
    (Rule::Flag, "muss 0 oder 1 sein"),
    (Rule::Email, "muss eine E-Mail-Adresse sein, etwa anna@example.com"),
    (Rule::OneOf, "muss eines davon sein: {0}"),
    (Rule::VoicemailLanguage, "wer eine Voicemail hat, braucht eine Sprache, eine von {0}"),
    (Rule::SccpSecret, "nur SIP-Leitungen haben ein Geheimnis: bei sccp leer lassen"),
    (Rule::Extension, "eine Durchwahl hat höchstens {0} Ziffern oder Buchstaben, etwa 204"),
    (Rule::Login, r"ein Benutzername hat 1 bis {0} Zeichen, ohne Leerzeichen und ohne \ / , ="),
    (Rule::LoginTaken, "dieser Benutzername gehört jemand anderem; bitte einen anderen wählen"),
    (Rule::LoginTwice, "Zeile {0} hat diesen Benutzernamen schon; bitte einen anderen wählen"),
    (
        Rule::ExtensionTaken,
        "das ist der Benutzername von jemand anderem; bitte eine andere Durchwahl wählen",
    ),
    (Rule::PasswordLength, "ein Passwort hat 1 bis {0} Byte"),
    (Rule::PasswordFailed, "der Server konnte das Passwort nicht aufnehmen"),
    (Rule::SameId, "schon vorhanden: {0} hat dieselbe ID"),
    (Rule::SameUid, "schon vorhanden: {0} hat dieselbe UID"),
    (Rule::SameExtension, "schon vorhanden: {0} hat dieselbe Durchwahl"),
    (
        Rule::SameName,
        "schon vorhanden: {0} hat denselben Namen und dieselbe Nummer oder E-Mail-Adresse",
    ),
    (Rule::TwiceId, "kommt zweimal in der Datei vor: Zeile {0} hat dieselbe ID"),
    (Rule::TwiceUid, "kommt zweimal in der Datei vor: Zeile {0} hat dieselbe UID"),
    (Rule::TwiceExtension, "kommt zweimal in der Datei vor: Zeile {0} hat dieselbe Durchwahl"),
    (
        Rule::TwiceName,
        "kommt zweimal in der Datei vor: Zeile {0} hat denselben Namen und dieselbe Nummer oder E-Mail-Adresse",
    ),
];
