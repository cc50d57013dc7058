//! The data folder: one daemon at a time, and the files that others read.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Locked as long as a daemon uses the folder.
const LOCK: &str = "lock";
/// Where the daemon listens, for as long as it does.
pub const LISTENING: &str = "listening.json";
/// The operator's token, which the commands use.
pub const OPERATOR_TOKEN: &str = "operator-token";
/// What is read of a file that the daemon wrote itself.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// A longer token file is none.
const TOKEN_BYTES_MAX: u64 = 256;

/// What is wrong with the folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("another ringbook uses the data folder {0}; stop it, or take another with --data DIR")]
    InUse(PathBuf),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

/// A data folder that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The lock ends with the file.
    _lock: File,
}

impl Folder {
    /// Makes the folder where there is none, and locks it. What a killed daemon left goes.
    pub(super) fn open(path: &Path) -> Result<Self, FolderError> {
        let failed = |path: PathBuf| move |source| FolderError::Io { path, source };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(failed(path.to_owned()))?;
        let lock = path.join(LOCK);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let file = file.map_err(failed(lock.clone()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(lock)(source)),
        }
        let folder = Self { path: path.to_owned(), _lock: file };
        folder.forget_listening();
        Ok(folder)
    }

    /// Tells where the daemon listens.
    pub(super) fn tell_listening(&self, json: &str) -> Result<(), FolderError> {
        self.write(LISTENING, json, 0o644)
    }

    pub(super) fn forget_listening(&self) {
        // There is nothing to do where it is gone already.
        let _ = fs::remove_file(self.path.join(LISTENING));
    }

    /// The operator's token, where there is one.
    pub(super) fn operator_token(&self) -> Option<Zeroizing<String>> {
        operator_token(&self.path)
    }

    /// Keeps the operator's token, readable for the owner of the folder only.
    pub(super) fn keep_operator_token(&self, secret: &str) -> Result<(), FolderError> {
        self.write(OPERATOR_TOKEN, &format!("{secret}\n"), 0o600)
    }

    /// The path of a file in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a folder in this one, for its owner only, where there is none.
    pub(super) fn make(&self, name: &str) -> Result<(), FolderError> {
        let path = self.path.join(name);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|source| FolderError::Io { path, source })
    }

    /// The text of a small file; None where there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<Zeroizing<String>>, FolderError> {
        let path = self.path.join(name);
        let mut text = Zeroizing::new(String::new());
        let read = File::open(&path)
            .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text).map(drop));
        match read {
            Ok(()) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(FolderError::Io { path, source }),
        }
    }

    /// Writes a file so that readers see all of it or what was there before.
    pub(super) fn write(&self, name: &str, text: &str, mode: u32) -> Result<(), FolderError> {
        let path = self.path.join(name);
        let unfinished = self.path.join(format!("{name}.new"));
        let written = || {
            // One that a killed daemon left could have another mode.
            let _ = fs::remove_file(&unfinished);
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(mode).open(&unfinished)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)
        };
        written().map_err(|source| FolderError::Io { path: path.clone(), source })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.forget_listening();
    }
}

/// Makes an empty file that only its owner reads, where there is none. The store's other files take
/// its mode.
pub(super) fn make_private(path: &Path) -> Result<(), FolderError> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    file.map(drop).map_err(|source| FolderError::Io { path: path.to_owned(), source })
}

/// The operator's token that a daemon left in its data folder.
pub fn operator_token(folder: &Path) -> Option<Zeroizing<String>> {
    read(&folder.join(OPERATOR_TOKEN)).map(Zeroizing::new)
}

fn read(path: &Path) -> Option<String> {
    let short = fs::metadata(path).ok()?.len() <= TOKEN_BYTES_MAX;
    let text = short.then(|| fs::read_to_string(path).ok()).flatten()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn two_daemons_never_share_a_folder() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let first = Folder::open(&path).unwrap();
        assert!(matches!(Folder::open(&path), Err(FolderError::InUse(_))));
        drop(first);
        Folder::open(&path).unwrap();
    }

    #[test]
    fn only_the_owner_reads_the_token() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::open(parent.path()).unwrap();
        assert!(folder.operator_token().is_none());
        fs::write(parent.path().join("operator-token.new"), "left over").unwrap();
        folder.keep_operator_token("rb_1_2").unwrap();
        assert_eq!(folder.operator_token().unwrap().as_str(), "rb_1_2");
        let mode = fs::metadata(parent.path().join(OPERATOR_TOKEN)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn where_it_listens_is_told_until_it_ends() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join(LISTENING);
        fs::write(&path, "left by a killed daemon").unwrap();
        let folder = Folder::open(parent.path()).unwrap();
        assert!(!path.exists());
        folder.tell_listening("{}").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}");
        drop(folder);
        assert!(!path.exists());
    }
}
