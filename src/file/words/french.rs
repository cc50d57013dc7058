//! The rules in French.

use crate::file::rule::Rule;

pub(super) const SENTENCES: &[(Rule, &str)] = &[
    (Rule::NoRows, "aucun contact trouvé : le fichier n’a pas de ligne après l’en-tête"),
    (
        Rule::Workbook,
        "c’est un classeur Excel ou une autre archive ZIP : enregistrez-le en CSV (UTF-8) et envoyez ce fichier",
    ),
    (
        Rule::OldWorkbook,
        "c’est un ancien classeur Excel (.xls) : enregistrez-le en CSV (UTF-8) et envoyez ce fichier",
    ),
    (
        Rule::Pdf,
        "c’est un document PDF, pas un fichier de contacts : exportez-les en CSV ou vCard et envoyez ce fichier",
    ),
    (Rule::Gzip, "c’est une archive gzip : décompressez-la et envoyez son contenu"),
    (
        Rule::Picture,
        "c’est une image, pas un fichier de contacts : exportez-les en CSV ou vCard et envoyez ce fichier",
    ),
    (
        Rule::Markup,
        "c’est du HTML ou du XML, pas un fichier de contacts : exportez-les en CSV ou vCard et envoyez ce fichier",
    ),
    (
        Rule::Json,
        "c’est du JSON, pas un fichier de contacts : exportez-les en CSV ou vCard et envoyez ce fichier",
    ),
    (
        Rule::UnknownCharset,
        "`{0}` n’est pas un jeu de caractères connu ; essayez utf-8, windows-1252 ou iso-8859-15",
    ),
    (
        Rule::NotUtf8,
        "le fichier n’est pas en UTF-8 : il semble être en {0} (octet {1}, ligne {2}) ; enregistrez-le en UTF-8, ou indiquez `charset={3}`",
    ),
    (
        Rule::Damaged,
        "l’octet {0} (ligne {1}) n’est pas du {2} : le fichier est abîmé ou dans un autre encodage",
    ),
    (Rule::Unreadable, "le fichier n’a pas pu être lu : {0}"),
    (Rule::EmptyHeaderCell, "la colonne {0} de l’en-tête n’a pas de nom"),
    (Rule::NoText, "la première ligne n’est pas du texte : est-ce un fichier CSV ?"),
    (Rule::DuplicateHeader, "l’en-tête a deux fois la colonne `{0}`"),
    (
        Rule::HeaderTooLarge,
        "l’en-tête est trop grand : au plus {0} octets et {1} colonnes ; manque-t-il un guillemet fermant ?",
    ),
    (
        Rule::Unterminated,
        "un guillemet ouvert dans cette ligne n’est jamais fermé : le fichier finit avant",
    ),
    (
        Rule::UnknownHeader,
        "aucun profil ne connaît l’en-tête `{0}` ; sont connus : {1} ; ou indiquez `columns`, un objet JSON de nom de colonne à champ",
    ),
    (Rule::MissingColumn, "il manque la colonne `{0}` à l’en-tête ; il a `{1}`"),
    (Rule::UnknownProfile, "il n’y a pas de profil `{0}` ; il y a {1}"),
    (
        Rule::NoColumns,
        "le profil custom demande `columns`, un objet JSON de nom de colonne à champ",
    ),
    (Rule::ColumnsNotTaken, "`columns` va avec le profil custom, pas avec `{0}`"),
    (Rule::UnknownField, "il n’y a pas de champ `{0}` ; il y a {1}"),
    (Rule::TooManyRows, "le fichier a plus de {0} lignes : envoyez-le en plusieurs parties"),
    (
        Rule::TooManyFaults,
        "trop de lignes sont fausses : rien n’a été gardé ; corrigez les premières et renvoyez le fichier",
    ),
    (
        Rule::TooManyCells,
        "trop de champs : {0}, l’en-tête en a {1} ; une valeur qui contient le séparateur doit être entre guillemets",
    ),
    (Rule::TooFewCells, "il manque des champs : {0}, l’en-tête en a {1}"),
    (
        Rule::RowTooLarge,
        "la ligne a plus de {0} octets ou de {1} champs ; manque-t-il un guillemet fermant ?",
    ),
    (Rule::CellTooLarge, "le champ {0} a plus de {1} octets, ce qu’aucun ne prend"),
    (Rule::Nameless, "un contact doit avoir un nom, une société, un numéro ou une adresse e-mail"),
    (Rule::Required, "{0} est obligatoire"),
    (Rule::RequiredInSection, "{0} est obligatoire dans les lignes avec une section {1}"),
    (Rule::RequiredWith, "{0} est obligatoire quand {1} vaut {2}"),
    (Rule::NoContactId, "pas un identifiant de contact : un UUID, ou rien pour un nouveau contact"),
    (Rule::Control, "contient le caractère de contrôle {0}, qu’aucun contact ne peut avoir"),
    (
        Rule::Scientific,
        "un tableur a arrondi ce numéro : mettez la colonne au format texte et saisissez-le de nouveau",
    ),
    (Rule::Digits, "ne doit avoir que des chiffres"),
    (Rule::Flag, "doit être 0 ou 1"),
    (Rule::Email, "doit être une adresse e-mail, comme anna@example.com"),
    (Rule::OneOf, "doit être l’une de ces valeurs : {0}"),
    (
        Rule::VoicemailLanguage,
        "un utilisateur avec messagerie vocale a besoin d’une langue, l’une de {0}",
    ),
    (Rule::SccpSecret, "seules les lignes SIP ont un secret : laissez-le vide pour sccp"),
    (Rule::Extension, "un numéro de poste a au plus {0} chiffres ou lettres, comme 204"),
    (Rule::Login, r"un nom d’utilisateur a de 1 à {0} caractères, sans espaces ni \ / , ="),
    (
        Rule::LoginTaken,
        "ce nom d’utilisateur est celui de quelqu’un d’autre ; choisissez-en un autre",
    ),
    (Rule::LoginTwice, "la ligne {0} a déjà ce nom d’utilisateur ; choisissez-en un autre"),
    (
        Rule::ExtensionTaken,
        "c’est le nom d’utilisateur de quelqu’un d’autre ; choisissez un autre numéro de poste",
    ),
    (Rule::PasswordLength, "un mot de passe a de 1 à {0} octets"),
    (Rule::PasswordFailed, "le serveur n’a pas pu prendre le mot de passe"),
    (Rule::SameId, "existe déjà : {0} a le même identifiant"),
    (Rule::SameUid, "existe déjà : {0} a le même UID"),
    (Rule::SameExtension, "existe déjà : {0} a le même numéro de poste"),
    (Rule::SameName, "existe déjà : {0} a le même nom et le même numéro ou la même adresse e-mail"),
    (Rule::TwiceId, "est deux fois dans le fichier : la ligne {0} a le même identifiant"),
    (Rule::TwiceUid, "est deux fois dans le fichier : la ligne {0} a le même UID"),
    (
        Rule::TwiceExtension,
        "est deux fois dans le fichier : la ligne {0} a le même numéro de poste",
    ),
    (
        Rule::TwiceName,
        "est deux fois dans le fichier : la ligne {0} a le même nom et le même numéro ou la même adresse e-mail",
    ),
];
