//! The rules that a file, a row or a value can break, each with its sentence in English.

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $english:literal;)*) => {
        /// A rule. `{0}`, `{1}` … of its sentence stand for the values of a [`super::Reason`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rule { $($(#[$doc])* $name,)* }

        impl Rule {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The rule's name in reports, for programs.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The rule of a code.
            pub fn by_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }

            /// The sentence in English.
            pub fn english(self) -> &'static str {
                match self { $(Self::$name => $english,)* }
            }
        }
    };
}

rules! {
    // The file as a whole.
    NoRows = "no-rows", "no contact found: the file has no row behind the header";
    Workbook = "workbook",
        "this is an Excel workbook or another ZIP archive: save it as CSV (UTF-8) and send that";
    OldWorkbook = "old-workbook",
        "this is an old Excel workbook (.xls): save it as CSV (UTF-8) and send that";
    Pdf = "pdf", "this is a PDF document, no file of contacts: export them as CSV or vCard and send that";
    Gzip = "gzip", "this is a gzip archive: unpack it and send what is in it";
    Picture = "picture", "this is a picture, no file of contacts: export them as CSV or vCard and send that";
    Markup = "markup", "this is HTML or XML, no file of contacts: export them as CSV or vCard and send that";
    Json = "json", "this is JSON, no file of contacts: export them as CSV or vCard and send that";
    UnknownCharset = "unknown-charset",
        "`{0}` is no known character set; try utf-8, windows-1252 or iso-8859-15";
    NotUtf8 = "not-utf-8",
        "the file is not UTF-8: it looks like {0} (byte {1}, line {2}); save it as UTF-8, or say `charset={3}`";
    Damaged = "damaged",
        "byte {0} (line {1}) is not {2}: the file is damaged or in another encoding";
    Unreadable = "unreadable", "the file could not be read: {0}";
    EmptyHeaderCell = "empty-header-cell", "column {0} of the header has no name";
    NoText = "no-text", "the first line is no text: is this a CSV file?";
    DuplicateHeader = "duplicate-header", "the header has the column `{0}` twice";
    HeaderTooLarge = "header-too-large",
        "the header is too large: at most {0} bytes and {1} columns; is a closing quote missing?";
    Unterminated = "unterminated-quote",
        "a quote that opens in this row is never closed: the file ends inside it";
    UnknownHeader = "unknown-header",
        "no profile knows the header `{0}`: known are {1}; or say `columns`, a JSON object from header name to field";
    MissingColumn = "missing-column", "the header has no column `{0}`; it has `{1}`";
    UnknownProfile = "unknown-profile", "there is no profile `{0}`; there are {1}";
    NoColumns = "no-columns",
        "the profile custom needs `columns`, a JSON object from header name to field";
    ColumnsNotTaken = "columns-not-taken", "`columns` goes with the profile custom, not with `{0}`";
    UnknownField = "unknown-field", "there is no field `{0}`; there are {1}";
    NoRange = "no-range",
        "`{0}` is no range of numbers for the context {1}; write 1000-1999, or 1000 for one number";
    TooManyRanges = "too-many-ranges", "at most {0} ranges of numbers can be told";
    TooManyRows = "too-many-rows", "the file has more than {0} rows: send it in parts";
    TooManyFaults = "too-many-faults",
        "too many rows are wrong: nothing was kept; correct the first ones and send it again";

    // A vCard file and its cards.
    NoCards = "no-cards", "no contact found: the file has no card, which begins with BEGIN:VCARD";
    OutsideCards = "outside-cards",
        "this text belongs to no card: a card begins with BEGIN:VCARD and ends with END:VCARD";
    CardWithoutEnd = "card-without-end",
        "END:VCARD is missing: the card is cut off, or its last line is damaged";
    CardVersion = "card-version", "the version `{0}` of vCard is none of 2.1, 3.0 and 4.0";
    CardTooLarge = "card-too-large", "the card has more than {0} bytes or {1} lines";
    CardDamaged = "card-damaged", "the lines of this card do not make one card";
    LongUid = "long-uid", "the UID is longer than {0} bytes";
    GroupMembers = "group-members",
        "{0} of {1} members of this group are not in the file: export them together with it";
    GroupOwnNumbers = "group-with-numbers",
        "a group becomes a category of its members: its own numbers and e-mail addresses are not kept";
    TooManyGroups = "too-many-groups",
        "this group is left out: a file has at most {0} groups with {1} members together";

    // An LDIF file and its entries.
    NoEntries = "no-entries", "no contact found: the file has no entry, which begins with dn:";
    LdifVersion = "ldif-version", "version {0} of LDIF is not known here: 1 is";
    LdifWithoutDn = "ldif-without-dn", "an entry begins with dn:, but this one does not";
    LdifLine = "ldif-line", "this line is no `name: value`";
    LdifBase64 = "ldif-base64", "the value is no Base64, which two colons announce";
    LdifUrl = "ldif-url",
        "what stands elsewhere is not fetched: put the value itself into the file";
    LdifChange = "ldif-change",
        "a change ({0}) is no contact: export the entries themselves";
    LdifClass = "ldif-class", "an entry of the class {0} is no contact";
    EntryTooLarge = "entry-too-large", "the entry has more than {0} bytes or {1} lines";

    // A row.
    TooManyCells = "too-many-fields",
        "too many fields: {0} where the header has {1}; a value that contains the delimiter needs quotes";
    TooFewCells = "missing-fields", "missing fields: {0} where the header has {1}";
    RowTooLarge = "row-too-large",
        "the row has more than {0} bytes or {1} cells; is a closing quote missing?";
    CellTooLarge = "cell-too-large", "cell {0} has more than {1} bytes, which no field takes";
    Nameless = "nameless", "a contact needs a name, a company, a number or an e-mail";
    Required = "required", "{0} is required";
    RequiredInSection = "required-in-section", "{0} is required in rows with a {1} section";
    RequiredOne = "required-one", "one of {0} is required";
    RequiredWith = "required-with", "{0} is required where {1} is {2}";

    // A value.
    NoContactId = "no-contact-id", "not a contact id: a UUID, or nothing for a new contact";
    Control = "control-character", "contains the control character {0}, which no contact can have";
    Scientific = "rounded-number",
        "a spreadsheet has rounded this number: format the column as text and enter it again";
    Formula = "formula",
        "a formula or an error of a spreadsheet, not a number: enter it again as text";
    Digits = "digits-only", "must be digits only";
    Flag = "flag", "must be 0 or 1";
    Email = "no-email", "must be an e-mail address, such as anna@example.com";
    OneOf = "one-of", "must be one of {0}";
    TooLong = "too-long", "has {0} characters, allowed are at most {1}";
    Character = "character", "contains `{0}`; allowed are only the characters {1}";
    NoCharacter = "no-character", "contains `{0}`; the characters {1} are not allowed";
    NoneOf = "none-of", "must not be {0}: the telephone system keeps that name for itself";
    Country = "country", "must be an ISO country code of two letters, such as DE";
    VoicemailLanguage = "voicemail-language",
        "a user with voicemail needs a language, one of {0}";
    OutOfRange = "out-of-range", "not a number of the context {0}, which has {1}";
    SccpSecret = "sip-only", "only SIP lines have a secret: leave it empty for sccp";

    // A row against the others, and against what is there.
    Extension = "extension", "an extension has at most {0} digits or letters, such as 204";
    Login = "login", r"a user name has 1 to {0} characters without spaces and \ / , =";
    LoginTaken = "login-taken", "this login name belongs to another user; choose another";
    LoginTwice = "login-twice", "line {0} has this login name already; choose another";
    ExtensionTaken = "extension-taken",
        "this is another user's login name; choose another extension";
    PasswordLength = "password-length", "a password has 1 to {0} bytes";
    PasswordFailed = "password-failed", "the server could not keep the password";
    ExtensionFixed = "extension-fixed",
        "the extension of this user is {0} and was given for good: it cannot be changed";
    HigherRole = "higher-role",
        "this user has a higher role than you: who has that role changes it";
    GroupCard = "group-card",
        "the contact with this id or UID is a group: it is left as it is";
    NoBook = "no-book", "there is no shared book `{0}` that you may fill; ask for one to be made";
    BookName = "book-name", "the name of a shared book has 1 to {0} characters";
    PhotoUnusable = "photo-unusable", "the photo was left out: {0}";
    TooManyPhotos = "too-many-photos",
        "the photo was left out: all photos of the file together are too large; send it in parts";
    KeptForFaults = "kept-for-faults",
        "nothing is removed while rows are refused: correct them, so that no contact goes by mistake";
    AdministratorsStay = "administrators-stay",
        "administrators, and whoever imports, are not removed by a file";
    SameId = "same-id", "already there: {0} has the same id";
    SameUid = "same-uid", "already there: {0} has the same UID";
    SameExtension = "same-extension", "already there: {0} has the same extension";
    SameName = "same-name", "already there: {0} has the same name and number or e-mail";
    TwiceId = "twice-id", "comes twice in the file: line {0} has the same id";
    TwiceUid = "twice-uid", "comes twice in the file: line {0} has the same UID";
    TwiceExtension = "twice-extension", "comes twice in the file: line {0} has the same extension";
    TwiceName = "twice-name",
        "comes twice in the file: line {0} has the same name and number or e-mail";

    // A request.
    ParameterOneOf = "parameter-one-of", "{0} must be one of {1}";
    ColumnsShape = "columns-shape",
        "columns must be a JSON object from header name to field, or for a file without a header a list of fields";
    EntitiesShape = "entities-shape", "entities must be a JSON object from entityid to organization";
    RangesShape = "ranges-shape",
        "ranges must be a JSON object from context to ranges of numbers, such as 1000-1999";
    Key = "key", "Idempotency-Key has 1 to {0} characters of ASCII";
    KeyReused = "key-reused", "this Idempotency-Key was used for another file";
    FillShape = "fill-shape",
        "fill must be a JSON object from column to what stands there where a contact has nothing";
    NoSuchColumn = "no-such-column", "the profile {0} has no column `{1}`";
    NoOrganization = "no-organization", "there is no organization `{0}`";
    OperatorsOnly = "operators-only", "only operators fill several organizations";
    Into = "into", "into must be people, shared, shared-ID, personal, personal-ID or personal:LOGIN";
    OthersBook = "others-book", "only administrators fill the personal books of others";
    NoPersonalBook = "no-personal-book", "a token has no personal book: say personal:LOGIN";
    PeopleBook = "people-book", "only administrators import people";
    SharedBook = "shared-book", "only office managers and administrators import shared contacts";
    NotHere = "not-here", "you may not import here";
    UsersElsewhere = "users-elsewhere", "a file of the profile {0} holds users: into=people";
    ContactsElsewhere = "contacts-elsewhere",
        "a file of the profile {0} holds contacts, not users: into=shared or personal";
    Confirm = "confirm",
        "this would remove {0} of {1} contacts, more than a tenth: say confirm={0} where that is right";
    NothingUsable = "nothing-usable", "nothing of the file can be used: {0}";
    NoContact = "no-contact", "no contact found";
    NotListed = "not-listed", "this row is wrong too; the report lists the reasons of the rows before";
    Contended = "contended", "too much is changing at the same time, try again later";
    FileTooLarge = "file-too-large", "the file is larger than {0} MiB: send it in parts";
    NoRoom = "no-room", "too many large files are being imported, try again later";
    DiskFull = "disk-full", "the server has no room for the file now: nothing was imported";
    EndsEarly = "ends-early", "the file ends early";
    Form = "form", "the form cannot be read: {0}";
    FormWithoutFile = "form-without-file", "the form has no file: send it as the part `file`";
    FormTooLong = "form-too-long", "the form has too much before its file";
    NoImport = "no-import", "there is no such import";
    UndoneAlready = "undone-already", "this import was undone already";
    NotUndoable = "not-undoable", "this import can no longer be undone: what was there before is not remembered";
    ChangedSince = "changed-since",
        "contacts that are no longer as the import left them: {0}; nothing was undone, so that no change is lost";
    UndoRight = "undo-right", "only who may change the contacts of this group undoes imports into it";
    OtherOrganization = "other-organization",
        "this import changed contacts of another organization, too: it cannot be undone here";
    MapRight = "map-right", "only office managers and administrators change the organization's column maps";
    NoMap = "no-map", "there is no column map `{0}`";
}
