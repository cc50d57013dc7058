//! The profiles that there are: those that are built in, and those of a folder.

use std::sync::{Arc, LazyLock};

use crate::file::table::header::{Header, HeaderCell};
use crate::file::table::load::{self, ProfileError};
use crate::file::table::profile::Profile;
use crate::file::{FileError, Reason, Rule, fields};

/// A file of `conf/import`, built in.
macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../../../conf/import/", $name, ".toml"))),)*]
    };
}

/// The profiles; where a header fits several as well, the first of them is taken. A translation
/// stands behind its profile.
const BUILT_IN: &[(&str, &str)] = files![
    "xivo"
    "xivo-users"
    "google"
    "google-old"
    "thunderbird"
    "outlook"
    "outlook.de"
    "outlook.es"
    "outlook.fr"
    "outlook.it"
    "outlook.nl"
    "outlook.pl"
    "outlook.pt"
    "outlook.ru"
    "wazo-users"
    "wazo-phonebook"
    "xivo-phonebook"
    "yeastar"
    "yeastar-s"
    "yeastar-ldap"
    "freepbx"
    "3cx"
    "grandstream"
    "yealink"
    "fanvil"
    "voispeed"
    "common"
    "common.de"
    "common.es"
    "common.fr"
    "common.it"
    "common.nl"
    "common.pl"
    "common.pt"
    "common.ru"
];

/// All known profiles.
#[derive(Debug, Default)]
pub struct Profiles(Vec<Arc<Profile>>);

/// A profile that fits a header.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    pub(super) profile: Arc<Profile>,
    /// The place of the language whose names the header has; none: English.
    pub(super) language: Option<usize>,
}

impl Profiles {
    /// The profiles that are part of the program.
    pub fn built_in() -> Arc<Self> {
        static BUILT: LazyLock<Arc<Profiles>> = LazyLock::new(|| {
            let mut faults = Vec::new();
            let profiles = Profiles::of(BUILT_IN.iter().copied(), &mut faults);
            for fault in faults {
                tracing::error!(%fault, "a profile that is built in is broken");
            }
            Arc::new(profiles)
        });
        Arc::clone(&BUILT)
    }

    /// The built-in profiles and those of some files: names without `.toml`, and texts. They stand
    /// for built-in ones of the same name.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn with<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, ProfileError> {
        let mut faults = Vec::new();
        let profiles = Self::of(BUILT_IN.iter().copied().chain(files), &mut faults);
        match faults.into_iter().next() {
            None => Ok(profiles),
            Some(fault) => Err(fault),
        }
    }

    /// The profiles of some files: names without `.toml`, and texts. A later profile stands for an
    /// earlier one of the same name. What is wrong with them is added to the faults.
    fn of<'a>(
        files: impl Iterator<Item = (&'a str, &'a str)>,
        faults: &mut Vec<ProfileError>,
    ) -> Self {
        let mut profiles: Vec<Profile> = Vec::new();
        for (name, text) in files {
            if let Err(fault) = load::add(&mut profiles, name, text) {
                faults.push(fault);
            }
        }
        Self(profiles.into_iter().map(Arc::new).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.0.iter()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|profile| &*profile.name)
    }

    pub fn by_name(&self, name: &str) -> Option<&Arc<Profile>> {
        self.0.iter().find(|profile| *profile.name == *name)
    }

    /// The profile that fits a header best.
    ///
    /// # Errors
    /// [`FileError`] where none knows half of the columns that are not called like our own fields.
    pub(super) fn recognise(&self, header: &Header) -> Result<Fit, FileError> {
        let foreign = header.columns().iter().filter(|cell| !is_ours(cell)).count();
        let known = |profile: &&Arc<Profile>| profile.is_known_by(header);
        self.best(self.0.iter().filter(known), header, foreign.div_ceil(2).max(1))
    }

    /// A profile that was told by name, if the header has a column of it.
    ///
    /// # Errors
    /// [`FileError`] where it has none.
    pub(super) fn told(&self, name: &str, header: &Header) -> Result<Fit, FileError> {
        self.best(self.by_name(name).into_iter(), header, 1)
    }

    /// The first of the profiles by which the most columns can be read and that miss none; it knows
    /// at least so many itself. Columns called like our own fields are read by every profile.
    fn best<'a>(
        &self,
        profiles: impl Iterator<Item = &'a Arc<Profile>>,
        header: &Header,
        known_min: usize,
    ) -> Result<Fit, FileError> {
        let mut best: Option<((usize, bool), Fit)> = None;
        for profile in profiles {
            let (known, language) = profile.overlap(header);
            let ours = header
                .columns()
                .iter()
                .filter(|cell| profile.column(&cell.key, language).is_none() && is_ours(cell));
            let rank = (known + ours.count(), profile.missing(header, language).is_none());
            if known >= known_min && best.as_ref().is_none_or(|(most, _)| rank > *most) {
                best = Some((rank, Fit { profile: Arc::clone(profile), language }));
            }
        }
        let unknown = || {
            let names = self.names().collect::<Vec<_>>().join(", ");
            FileError::whole(Reason::new(Rule::UnknownHeader, [&header.summary(), &names]))
        };
        best.map(|(_, fit)| fit).ok_or_else(unknown)
    }
}

/// Whether a column is called like one of our own fields.
fn is_ours(cell: &HeaderCell) -> bool {
    fields::by_header_key(&cell.key).is_some()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_built_in_and_loads() {
        let mut faults = Vec::new();
        let profiles = Profiles::of(BUILT_IN.iter().copied(), &mut faults);
        assert_eq!(faults, []);
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/conf/import");
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(BUILT_IN.iter().any(|(known, _)| *known == name), "{name} is not built in");
            let translation = name.split_once('.');
            let profile = translation.map_or(name, |(profile, _)| profile);
            let profile = profiles.by_name(profile).unwrap();
            assert!(!profile.title.is_empty(), "{name}");
            if let Some((_, language)) = translation {
                let known = profile.languages.iter().any(|known| *known.language == *language);
                assert!(known, "{name}");
            }
        }
    }
}
