//! `store.url`: where contacts and accounts are kept.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// What `store.url` begins with for a file.
const SQLITE: &str = "sqlite:";
/// And for a database: PostgreSQL's own programs take both.
const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];
/// Stands for the data folder in `store.url`.
const DATA: &str = "{data}";

/// Where the store is.
#[derive(Clone, PartialEq, Eq)]
pub enum StorePlace {
    File(PathBuf),
    /// URL of a PostgreSQL database. It may hold a password.
    Database(Zeroizing<String>),
}

impl fmt::Debug for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Database(_) => f.write_str("Database(…)"),
        }
    }
}

impl Default for StorePlace {
    fn default() -> Self {
        Self::File(PathBuf::from(format!("{DATA}/ringbook.db")))
    }
}

impl StorePlace {
    /// The rest of a database's URL is its store's to read.
    pub(super) fn parse(url: &str) -> Option<Self> {
        if let Some(path) = url.strip_prefix(SQLITE) {
            return (!path.is_empty()).then(|| Self::File(PathBuf::from(path)));
        }
        let known = POSTGRES.iter().any(|begin| url.starts_with(begin));
        known.then(|| Self::Database(Zeroizing::new(url.to_owned())))
    }

    /// The place for daemons of this data folder.
    pub(super) fn inside(&self, data: &Path) -> Self {
        match self {
            Self::File(path) => match path.to_str().and_then(|text| text.strip_prefix(DATA)) {
                Some(inside) => Self::File(data.join(inside.trim_start_matches('/'))),
                None => self.clone(),
            },
            Self::Database(_) => self.clone(),
        }
    }
}

/// As much of a wrong URL as may be shown: whatever stands behind the scheme may be a password.
pub(super) fn shown(url: &str) -> &str {
    match url.split_once(':') {
        Some((scheme, _)) if !url.starts_with(SQLITE) => scheme,
        _ => url,
    }
}
