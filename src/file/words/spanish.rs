//! The rules in Spanish.

use crate::file::rule::Rule;

pub(super) const SENTENCES: &[(Rule, &str)] = &[
    (Rule::NoRows, "no se encontró ningún contacto: el archivo no tiene filas tras la cabecera"),
    (
        Rule::Workbook,
        "esto es un libro de Excel u otro archivo ZIP: guárdelo como CSV (UTF-8) y envíe ese archivo",
    ),
    (
        Rule::OldWorkbook,
        "esto es un libro antiguo de Excel (.xls): guárdelo como CSV (UTF-8) y envíe ese archivo",
    ),
    (
        Rule::Pdf,
        "esto es un documento PDF, no un archivo de contactos: expórtelos como CSV o vCard y envíe ese archivo",
    ),
    (Rule::Gzip, "esto es un archivo gzip: descomprímalo y envíe su contenido"),
    (
        Rule::Picture,
        "esto es una imagen, no un archivo de contactos: expórtelos como CSV o vCard y envíe ese archivo",
    ),
    (
        Rule::Markup,
        "esto es HTML o XML, no un archivo de contactos: expórtelos como CSV o vCard y envíe ese archivo",
    ),
    (
        Rule::Json,
        "esto es JSON, no un archivo de contactos: expórtelos como CSV o vCard y envíe ese archivo",
    ),
    (
        Rule::UnknownCharset,
        "`{0}` no es un juego de caracteres conocido; pruebe utf-8, windows-1252 o iso-8859-15",
    ),
    (
        Rule::NotUtf8,
        "el archivo no es UTF-8: parece {0} (byte {1}, línea {2}); guárdelo como UTF-8, o indique `charset={3}`",
    ),
    (
        Rule::Damaged,
        "el byte {0} (línea {1}) no es {2}: el archivo está dañado o en otra codificación",
    ),
    (Rule::Unreadable, "no se pudo leer el archivo: {0}"),
    (Rule::EmptyHeaderCell, "la columna {0} de la cabecera no tiene nombre"),
    (Rule::NoText, "la primera línea no es texto: ¿es un archivo CSV?"),
    (Rule::DuplicateHeader, "la cabecera tiene dos veces la columna `{0}`"),
    (
        Rule::HeaderTooLarge,
        "la cabecera es demasiado grande: como máximo {0} bytes y {1} columnas; ¿falta una comilla de cierre?",
    ),
    (
        Rule::Unterminated,
        "una comilla que se abre en esta fila no se cierra nunca: el archivo termina antes",
    ),
    (
        Rule::UnknownHeader,
        "ningún perfil conoce la cabecera `{0}`: se conocen {1}; o indique `columns`, un objeto JSON de nombre de columna a campo",
    ),
    (Rule::MissingColumn, "a la cabecera le falta la columna `{0}`; tiene `{1}`"),
    (Rule::UnknownProfile, "no hay ningún perfil `{0}`; hay {1}"),
    (
        Rule::NoColumns,
        "el perfil custom necesita `columns`, un objeto JSON de nombre de columna a campo",
    ),
    (Rule::ColumnsNotTaken, "`columns` va con el perfil custom, no con `{0}`"),
    (Rule::UnknownField, "no hay ningún campo `{0}`; hay {1}"),
    (Rule::TooManyRows, "el archivo tiene más de {0} filas: envíelo en partes"),
    (
        Rule::TooManyFaults,
        "demasiadas filas son erróneas: no se guardó nada; corrija las primeras y envíe el archivo otra vez",
    ),
    (
        Rule::TooManyCells,
        "demasiados campos: {0}, y la cabecera tiene {1}; un valor que contiene el delimitador necesita comillas",
    ),
    (Rule::TooFewCells, "faltan campos: {0}, y la cabecera tiene {1}"),
    (
        Rule::RowTooLarge,
        "la fila tiene más de {0} bytes o de {1} campos; ¿falta una comilla de cierre?",
    ),
    (Rule::CellTooLarge, "el campo {0} tiene más de {1} bytes, que ninguno admite"),
    (
        Rule::Nameless,
        "un contacto necesita un nombre, una empresa, un número o un correo electrónico",
    ),
    (Rule::Required, "{0} es obligatorio"),
    (Rule::RequiredInSection, "{0} es obligatorio en filas con una sección {1}"),
    (Rule::RequiredWith, "{0} es obligatorio cuando {1} es {2}"),
    (
        Rule::NoContactId,
        "no es un identificador de contacto: un UUID, o nada para un contacto nuevo",
    ),
    (Rule::Control, "contiene el carácter de control {0}, que ningún contacto puede tener"),
    (
        Rule::Scientific,
        "una hoja de cálculo redondeó este número: dé a la columna formato de texto y escríbalo de nuevo",
    ),
    (Rule::Digits, "solo puede tener cifras"),
    (Rule::Flag, "debe ser 0 o 1"),
    (Rule::Email, "debe ser una dirección de correo, como anna@example.com"),
    (Rule::OneOf, "debe ser uno de estos valores: {0}"),
    (Rule::VoicemailLanguage, "un usuario con buzón de voz necesita un idioma, uno de {0}"),
    (Rule::SccpSecret, "solo las líneas SIP tienen un secreto: déjelo vacío para sccp"),
    (Rule::Extension, "una extensión tiene como máximo {0} cifras o letras, como 204"),
    (Rule::Login, r"un nombre de usuario tiene de 1 a {0} caracteres, sin espacios ni \ / , ="),
    (Rule::LoginTaken, "este nombre de usuario es de otra persona; elija otro"),
    (Rule::LoginTwice, "la línea {0} ya tiene este nombre de usuario; elija otro"),
    (Rule::ExtensionTaken, "este es el nombre de usuario de otra persona; elija otra extensión"),
    (Rule::PasswordLength, "una contraseña tiene de 1 a {0} bytes"),
    (Rule::PasswordFailed, "el servidor no pudo guardar la contraseña"),
    (Rule::SameId, "ya existe: {0} tiene el mismo identificador"),
    (Rule::SameUid, "ya existe: {0} tiene el mismo UID"),
    (Rule::SameExtension, "ya existe: {0} tiene la misma extensión"),
    (Rule::SameName, "ya existe: {0} tiene el mismo nombre y el mismo número o correo"),
    (Rule::TwiceId, "está dos veces en el archivo: la línea {0} tiene el mismo identificador"),
    (Rule::TwiceUid, "está dos veces en el archivo: la línea {0} tiene el mismo UID"),
    (Rule::TwiceExtension, "está dos veces en el archivo: la línea {0} tiene la misma extensión"),
    (
        Rule::TwiceName,
        "está dos veces en el archivo: la línea {0} tiene el mismo nombre y el mismo número o correo",
    ),
];
