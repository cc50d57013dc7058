//! A file of a watched folder from the begin of its import to its end, over crashes.
//!
//! A file that is imported lies in `importing/KEY/`. `KEY` goes to the daemon with the file, which
//! answers a second request with the same key by the report of the first. What ends an import is
//! written beside the file first, then `.ending` says where all of it goes, then it goes there, the
//! file last. So a crash at any point leaves what is needed to go on.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::cli::import::watch::folder::{DONE, FAILED, IMPORTING};

/// Where an ended import goes: a folder and a number.
const ENDING: &str = ".ending";
/// What is kept of an import beside its file, and what that is called there.
const BESIDE: [&str; 3] = [".report.json", ".report.txt", ".refused.csv"];

/// A file that nobody else imports.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) key: Uuid,
    /// The file's own name.
    pub(super) name: OsString,
    watched: PathBuf,
}

/// How an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Done,
    Failed,
}

impl Ending {
    fn folder(self) -> &'static str {
        match self {
            Self::Done => DONE,
            Self::Failed => FAILED,
        }
    }
}

impl Claim {
    /// Takes a file out of the folder.
    pub(super) fn take(watched: &Path, name: &OsStr) -> io::Result<Self> {
        let claim =
            Self { key: Uuid::now_v7(), name: name.to_owned(), watched: watched.to_owned() };
        let folder = claim.folder();
        DirBuilder::new().mode(0o700).create(&folder)?;
        fs::rename(watched.join(name), claim.file())?;
        // A power cut must not bring the file back after the daemon has it.
        for path in [&folder, &watched.join(IMPORTING), watched] {
            File::open(path)?.sync_all()?;
        }
        Ok(claim)
    }

    /// What an earlier run left unfinished, oldest first.
    pub(super) fn left(watched: &Path) -> io::Result<Vec<Self>> {
        let mut claims = Vec::new();
        for entry in fs::read_dir(watched.join(IMPORTING))? {
            let entry = entry?;
            let key = entry.file_name().to_str().and_then(|name| Uuid::parse_str(name).ok());
            let Some(key) = key.filter(|_| entry.path().is_dir()) else { continue };
            let inside = fs::read_dir(entry.path())?.flatten().map(|file| file.file_name());
            match inside.into_iter().find(|name| !name.as_encoded_bytes().starts_with(b".")) {
                Some(name) => claims.push(Self { key, name, watched: watched.to_owned() }),
                // The file is where it belongs, or was never taken.
                None => fs::remove_dir_all(entry.path())?,
            }
        }
        claims.sort_unstable_by_key(|claim| claim.key);
        Ok(claims)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder().join(&self.name)
    }

    fn folder(&self) -> PathBuf {
        self.watched.join(IMPORTING).join(self.key.to_string())
    }

    /// Where the refused rows are written before the import ends.
    pub(super) fn refused(&self) -> PathBuf {
        self.folder().join(".refused.csv")
    }

    /// Keeps the report; the path where the file is now.
    pub(super) fn end(&self, ending: Ending, json: &str, text: &str) -> io::Result<PathBuf> {
        write(&self.folder().join(".report.json"), json)?;
        write(&self.folder().join(".report.txt"), text)?;
        let number = (1..).find(|number| self.is_free(ending, *number)).unwrap_or(u32::MAX);
        write(&self.folder().join(ENDING), &format!("{} {number}", ending.folder()))?;
        self.go(ending, number)
    }

    /// Goes on where an earlier run had ended the import; none where it had not.
    pub(super) fn resume(&self) -> io::Result<Option<PathBuf>> {
        let text = match fs::read_to_string(self.folder().join(ENDING)) {
            Ok(text) => text,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let (folder, number) = text.split_once(' ').unwrap_or_default();
        let ending = [Ending::Done, Ending::Failed].into_iter().find(|e| e.folder() == folder);
        match (ending, number.parse()) {
            (Some(ending), Ok(number)) => self.go(ending, number).map(Some),
            // A power cut while it was written: nothing has gone yet.
            _ => Ok(None),
        }
    }

    /// Puts the file back to be imported anew.
    pub(super) fn give_back(&self) -> io::Result<()> {
        let free = |number: &u32| !exists(&self.watched.join(numbered(&self.name, *number)));
        let number = (1..).find(free).unwrap_or(u32::MAX);
        fs::rename(self.file(), self.watched.join(numbered(&self.name, number)))?;
        fs::remove_dir_all(self.folder())
    }

    fn is_free(&self, ending: Ending, number: u32) -> bool {
        let name = numbered(&self.name, number);
        let folder = self.watched.join(ending.folder());
        !exists(&folder.join(&name))
            && BESIDE.iter().all(|suffix| !exists(&folder.join(with(&name, suffix))))
    }

    fn go(&self, ending: Ending, number: u32) -> io::Result<PathBuf> {
        let name = numbered(&self.name, number);
        let folder = self.watched.join(ending.folder());
        for suffix in BESIDE {
            match fs::rename(self.folder().join(suffix), folder.join(with(&name, suffix))) {
                Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
                // It went before the crash, or there was none.
                _ => {}
            }
        }
        let path = folder.join(&name);
        fs::rename(self.file(), &path)?;
        fs::remove_dir_all(self.folder())?;
        Ok(path)
    }
}

/// `contacts.csv`, `contacts-2.csv`, `contacts-3.csv` …
fn numbered(name: &OsStr, number: u32) -> OsString {
    if number == 1 {
        return name.to_owned();
    }
    let path = Path::new(name);
    let mut numbered = path.file_stem().unwrap_or(name).to_owned();
    numbered.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        numbered.push(".");
        numbered.push(extension);
    }
    numbered
}

fn with(name: &OsStr, suffix: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(suffix);
    name
}

/// Whether there is anything of this name, even a link to nowhere.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn watched() -> TempDir {
        let place = tempfile::tempdir().unwrap();
        for folder in [DONE, FAILED, IMPORTING] {
            fs::create_dir(place.path().join(folder)).unwrap();
        }
        place
    }

    fn claim(place: &TempDir, content: &str) -> Claim {
        fs::write(place.path().join("a.csv"), content).unwrap();
        Claim::take(place.path(), OsStr::new("a.csv")).unwrap()
    }

    fn names(place: &TempDir, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(place.path().join(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_ends_with_its_report_beside_it_and_a_number_where_the_name_is_taken() {
        let place = watched();
        for content in ["1", "2"] {
            let claim = claim(&place, content);
            assert!(!place.path().join("a.csv").exists());
            claim.end(Ending::Done, "{}", "text").unwrap();
        }
        let one = ["a-2.csv", "a-2.csv.report.json", "a-2.csv.report.txt"];
        let all = [&one[..], &["a.csv", "a.csv.report.json", "a.csv.report.txt"]].concat();
        assert_eq!(names(&place, DONE), all);
        assert!(names(&place, IMPORTING).is_empty());
        assert_eq!(fs::read_to_string(place.path().join("done/a-2.csv")).unwrap(), "2");
    }

    #[test]
    fn a_report_that_is_there_is_not_overwritten() {
        let place = watched();
        fs::write(place.path().join("failed/a.csv.refused.csv"), "mine").unwrap();
        let path = claim(&place, "x").end(Ending::Failed, "{}", "").unwrap();
        assert_eq!(path.file_name().unwrap(), "a-2.csv");
    }

    #[test]
    fn what_a_crash_left_goes_on_where_it_was() {
        let place = watched();
        let taken = claim(&place, "x");
        let [left] = &Claim::left(place.path()).unwrap()[..] else { unreachable!() };
        assert_eq!((left.key, &left.name), (taken.key, &taken.name));
        assert_eq!(left.resume().unwrap(), None);

        // It died after the first report had gone to its place.
        fs::write(taken.folder().join(".report.txt"), "text").unwrap();
        fs::write(taken.folder().join(ENDING), "failed 3").unwrap();
        fs::write(place.path().join("failed/a-3.csv.report.json"), "{}").unwrap();
        let path = left.resume().unwrap().unwrap();
        assert_eq!(path.file_name().unwrap(), "a-3.csv");
        let all = ["a-3.csv", "a-3.csv.report.json", "a-3.csv.report.txt"];
        assert_eq!(names(&place, FAILED), all);

        // It died after the file had gone.
        fs::create_dir(taken.folder()).unwrap();
        fs::write(taken.folder().join(ENDING), "failed 3").unwrap();
        assert!(Claim::left(place.path()).unwrap().is_empty());
        assert!(names(&place, IMPORTING).is_empty());
    }

    #[test]
    fn a_file_that_is_given_back_replaces_no_other() {
        let place = watched();
        let taken = claim(&place, "old");
        fs::write(place.path().join("a.csv"), "new").unwrap();
        taken.give_back().unwrap();
        let read = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
        assert_eq!((read("a.csv").as_str(), read("a-2.csv").as_str()), ("new", "old"));
    }
}
