//! The files of a watched folder, and which of them are complete.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, DirEntry, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How often a file must look the same after it was first seen.
const LOOKS_SAME: u32 = 2;
/// The same for an empty file, which somebody is about to fill.
const LOOKS_SAME_EMPTY: u32 = 15;
/// A longer name leaves no room for what reports are called.
const NAME_BYTES_MAX: usize = 200;
/// How programs call a file that they have not finished.
const UNFINISHED: [&str; 8] =
    ["part", "partial", "filepart", "crdownload", "download", "tmp", "temp", "swp"];
/// Where files go that were imported, at least in part.
pub(super) const DONE: &str = "done";
/// Where files go of which nothing was used.
pub(super) const FAILED: &str = "failed";
/// Where a file is from when its import begins until its report is written.
pub(super) const IMPORTING: &str = "importing";

/// A watched folder. One process has it.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    seen: HashMap<OsString, Seen>,
    _lock: File,
}

/// A file as it was at the last look.
struct Seen {
    mark: Mark,
    same: u32,
}

/// What changes when somebody writes to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    modified: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

impl Mark {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let (bytes, inode) = (metadata.len(), metadata.ino());
        Self { modified: metadata.modified().ok(), bytes, inode }
    }
}

impl Folder {
    /// Takes the folder, and makes the folders in it that files move to.
    ///
    /// # Errors
    /// Where it is none, cannot be written to, or belongs to another `ringbook import --watch`.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        for (inner, mode) in [(DONE, 0o777), (FAILED, 0o777), (IMPORTING, 0o700)] {
            DirBuilder::new().recursive(true).mode(mode).create(path.join(inner))?;
        }
        let lock = File::create(path.join(IMPORTING).join(".lock"))?;
        lock.try_lock().map_err(|_held| {
            let reason = "another `ringbook import --watch` has this folder";
            io::Error::new(io::ErrorKind::ResourceBusy, reason)
        })?;
        Ok(Self { path, seen: HashMap::new(), _lock: lock })
    }

    /// Looks at the folder: the names of files that nobody is writing any more, oldest first.
    pub(super) fn look(&mut self) -> io::Result<Vec<OsString>> {
        let mut before = std::mem::take(&mut self.seen);
        let mut complete = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let Some((name, mark)) = candidate(&entry?) else { continue };
            let same = before.remove(&name).filter(|seen| seen.mark == mark);
            let same = same.map_or(0, |seen| seen.same.saturating_add(1));
            let wanted = if mark.bytes == 0 { LOOKS_SAME_EMPTY } else { LOOKS_SAME };
            if same >= wanted {
                complete.push((mark, name.clone()));
            }
            self.seen.insert(name, Seen { mark, same });
        }
        complete.retain(|(_, name)| !is_being_written(&self.path.join(name)));
        complete.sort_unstable();
        Ok(complete.into_iter().map(|(_, name)| name).collect())
    }
}

/// A file that may be imported. Links, folders and unfinished files are left alone, and so is what
/// vanishes meanwhile.
fn candidate(entry: &DirEntry) -> Option<(OsString, Mark)> {
    let name = entry.file_name();
    // Neither of these follows links.
    let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
    if !is_file || name.len() > NAME_BYTES_MAX || is_unfinished(&name) {
        return None;
    }
    Some((name, Mark::of(&entry.metadata().ok()?)))
}

fn is_unfinished(name: &OsStr) -> bool {
    let text = name.to_string_lossy().to_lowercase();
    let ending = text.rsplit('.').next().filter(|ending| ending.len() < text.len());
    text.starts_with(['.', '~'])
        || text.ends_with('~')
        || ending.is_some_and(|ending| UNFINISHED.contains(&ending))
}

/// Whether a process has the file open to write to it, as far as Linux lets us see: an FTP server
/// whose client is slow, for one.
fn is_being_written(path: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    processes.flatten().any(|process| has_open(&process.path(), path).unwrap_or(false))
}

fn has_open(process: &Path, path: &Path) -> io::Result<bool> {
    for open in fs::read_dir(process.join("fd"))?.flatten() {
        if fs::read_link(open.path()).is_ok_and(|target| target == path) {
            let about = process.join("fdinfo").join(open.file_name());
            if writes(&fs::read_to_string(about)?) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether `flags:` of `/proc/PID/fdinfo/FD` (proc(5), octal) has O_WRONLY or O_RDWR.
fn writes(about: &str) -> bool {
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & 0o3 != 0)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::symlink;

    use super::*;

    fn looks(folder: &mut Folder, times: u32) -> Vec<OsString> {
        (1..times).for_each(|_| assert!(folder.look().unwrap().is_empty()));
        folder.look().unwrap()
    }

    #[test]
    fn a_file_is_complete_when_it_looks_the_same_three_times() {
        let place = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(place.path()).unwrap();
        let file = place.path().join("a.csv");
        fs::write(&file, "half").unwrap();
        assert!(looks(&mut folder, 2).is_empty());
        fs::write(&file, "half and the rest").unwrap();
        assert_eq!(looks(&mut folder, 3), ["a.csv"]);
        assert_eq!(folder.look().unwrap(), ["a.csv"], "until it is taken");
    }

    #[test]
    fn an_open_file_is_not_complete() {
        let place = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(place.path()).unwrap();
        let mut file = File::create(place.path().join("a.csv")).unwrap();
        file.write_all(b"half").unwrap();
        assert!(looks(&mut folder, 5).is_empty());
        drop(file);
        assert_eq!(folder.look().unwrap(), ["a.csv"]);
    }

    #[test]
    fn links_folders_and_unfinished_files_are_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(place.path()).unwrap();
        for name in
            ["a.csv.part", "b.FILEPART", ".hidden.csv", "c.csv~", "~$d.xlsx", "part", "e.csv"]
        {
            fs::write(place.path().join(name), "x").unwrap();
        }
        fs::write(place.path().join("x".repeat(201)), "x").unwrap();
        fs::create_dir(place.path().join("f.csv")).unwrap();
        symlink("e.csv", place.path().join("g.csv")).unwrap();
        let mut found = looks(&mut folder, 3);
        found.sort();
        assert_eq!(found, ["e.csv", "part"]);
    }

    #[test]
    fn an_empty_file_has_more_time() {
        let place = tempfile::tempdir().unwrap();
        let mut folder = Folder::open(place.path()).unwrap();
        fs::write(place.path().join("a.csv"), "").unwrap();
        assert_eq!(looks(&mut folder, 16), ["a.csv"]);
    }

    #[test]
    fn one_process_has_a_folder() {
        let place = tempfile::tempdir().unwrap();
        let first = Folder::open(place.path()).unwrap();
        let second = Folder::open(place.path()).err().unwrap();
        assert!(second.to_string().contains("another"), "{second}");
        drop(first);
        Folder::open(place.path()).unwrap();
    }
}
