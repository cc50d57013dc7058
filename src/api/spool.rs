//! Files that are being imported, on disk: read as often as needed, gone when nobody reads them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Bytes;
use hyper::StatusCode;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use crate::api::problem::Problem;
use crate::file::encoding::{Charset, Survey, Text};
use crate::file::{FileError, Opener, Reason, Rule};

/// The largest file.
pub(super) const FILE_BYTES_MAX: u64 = 64 * MIB;
/// What all files together may take of the disk.
const ALL_MIB: usize = 1024;
pub(super) const MIB: u64 = 1024 * 1024;
/// How much of a file is written at a time.
const STEP_BYTES: usize = 256 * 1024;

/// Where files are kept while they are imported. One per daemon.
pub(super) struct Spool {
    folder: PathBuf,
    /// Room for files, in MiB.
    room: Arc<Semaphore>,
}

/// A file that has come as a whole. It has no name on the disk.
pub(super) struct Spooled {
    file: File,
    survey: Survey,
    /// SHA-256.
    pub(super) digest: [u8; 32],
    room: Option<OwnedSemaphorePermit>,
}

/// A file that is coming.
pub(super) struct Incoming {
    room: Arc<Semaphore>,
    /// The file's share of the room.
    share: Option<OwnedSemaphorePermit>,
    bytes: u64,
    /// What has come and is not on the disk yet.
    pieces: Vec<Bytes>,
    pieces_bytes: usize,
    writing: Writing,
}

/// What a thread that may block has in hand.
struct Writing {
    file: File,
    survey: Survey,
    digest: Sha256,
}

impl Spool {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, room: Arc::new(Semaphore::new(ALL_MIB)) }
    }

    /// Room for a file: one that only this process can open, and that nobody finds in the folder.
    ///
    /// # Errors
    /// 507 where the folder takes none.
    pub(super) async fn begin(&self) -> Result<Incoming, Problem> {
        let folder = self.folder.clone();
        // Without a name in the folder, and with the mode 0600 where that is not possible.
        let file = off_the_workers(move || tempfile::tempfile_in(folder)).await?;
        let (survey, digest) = (Survey::default(), Sha256::new());
        Ok(Incoming {
            room: Arc::clone(&self.room),
            share: None,
            bytes: 0,
            pieces: Vec::new(),
            pieces_bytes: 0,
            writing: Writing { file, survey, digest },
        })
    }
}

impl Incoming {
    /// Takes the next piece.
    ///
    /// # Errors
    /// 413 where the file is too large, 503 where others take the room, 507 where the disk does.
    pub(super) async fn push(mut self, piece: Bytes) -> Result<Self, Problem> {
        self.bytes += piece.len() as u64;
        if self.bytes > FILE_BYTES_MAX {
            return Err(too_large());
        }
        self.take_room()?;
        self.pieces_bytes += piece.len();
        self.pieces.push(piece);
        if self.pieces_bytes < STEP_BYTES { Ok(self) } else { self.written().await }
    }

    /// The whole file.
    ///
    /// # Errors
    /// 507 where the disk does not take it.
    pub(super) async fn finish(self) -> Result<Spooled, Problem> {
        let Self { writing, share, .. } = self.written().await?;
        let Writing { file, survey, digest } = writing;
        Ok(Spooled { file, survey, digest: digest.finalize().into(), room: share })
    }

    fn take_room(&mut self) -> Result<(), Problem> {
        let held = self.share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let needed = usize::try_from(self.bytes.div_ceil(MIB)).unwrap_or(usize::MAX);
        let missing = u32::try_from(needed.saturating_sub(held)).unwrap_or(u32::MAX);
        if missing == 0 {
            return Ok(());
        }
        let more = Arc::clone(&self.room)
            .try_acquire_many_owned(missing)
            .map_err(|_full| Problem::reason(StatusCode::SERVICE_UNAVAILABLE, Rule::NoRoom))?;
        match &mut self.share {
            Some(share) => share.merge(more),
            None => self.share = Some(more),
        }
        Ok(())
    }

    async fn written(self) -> Result<Self, Problem> {
        let Self { room, share, bytes, pieces, mut writing, .. } = self;
        let writing = off_the_workers(move || {
            for piece in &pieces {
                writing.file.write_all(piece)?;
                writing.survey.feed(piece);
                writing.digest.update(piece);
            }
            Ok(writing)
        });
        let writing = writing.await?;
        Ok(Self { room, share, bytes, pieces: Vec::new(), pieces_bytes: 0, writing })
    }
}

impl Spooled {
    /// How the file's bytes stand for text, and how to read them.
    ///
    /// # Errors
    /// The text is one where the file is none, or not in the encoding that was told.
    pub(super) fn read(self, told: Option<Charset>) -> (Result<Text, FileError>, Arc<Opener>) {
        let Self { file, survey, room, .. } = self;
        let kept = Arc::new(Kept { file, _room: room });
        let opener = move || -> io::Result<Box<dyn Read + Send>> {
            Ok(Box::new(Reader { kept: Arc::clone(&kept), at: 0 }))
        };
        (survey.finish(told), Arc::new(opener))
    }
}

/// The room is free again when the last reader has gone.
struct Kept {
    file: File,
    _room: Option<OwnedSemaphorePermit>,
}

/// Reads the file from its beginning, beside others that read it.
struct Reader {
    kept: Arc<Kept>,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.kept.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

pub(super) fn too_large() -> Problem {
    let reason = Reason::new(Rule::FileTooLarge, [&(FILE_BYTES_MAX / MIB)]);
    Problem::reason(StatusCode::PAYLOAD_TOO_LARGE, reason)
}

/// Does something with the disk, on a thread that may block.
async fn off_the_workers<T: Send + 'static>(
    act: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let failed = |fault: &dyn std::error::Error| {
        tracing::error!(%fault, "a file that is to be imported was not kept");
        Problem::reason(StatusCode::INSUFFICIENT_STORAGE, Rule::DiskFull)
    };
    let done = spawn_blocking(act).await.map_err(|fault| failed(&fault))?;
    done.map_err(|fault| failed(&fault))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::encoding::Survey;

    async fn spooled(spool: &Spool, pieces: &[&[u8]]) -> Result<Spooled, Problem> {
        let mut file = spool.begin().await?;
        for piece in pieces {
            file = file.push(Bytes::copy_from_slice(piece)).await?;
        }
        file.finish().await
    }

    fn text_of(opener: &Opener) -> String {
        let mut text = String::new();
        opener().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[tokio::test]
    async fn a_file_is_read_as_often_as_needed_and_nobody_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path().to_owned());
        let file = spooled(&spool, &[b"first", b"name\n", b"Ann\n"]).await.unwrap();
        assert_eq!(file.digest[..3], Sha256::digest(b"firstname\nAnn\n")[..3]);
        let (text, opener) = file.read(None);
        assert_eq!(text, Survey::default().finish(None));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let (mut one, mut half) = (opener().unwrap(), [0; 5]);
        one.read_exact(&mut half).unwrap();
        assert_eq!(text_of(&*opener), "firstname\nAnn\n");
        one.read_exact(&mut half).unwrap();
        assert_eq!(&half, b"name\n", "readers do not disturb each other");
    }

    #[tokio::test]
    async fn room_is_free_again_when_the_last_reader_has_gone() {
        let spool = Spool::new(std::env::temp_dir());
        let all = spool.room.available_permits();
        let large = vec![b'x'; STEP_BYTES + 1];
        let file = spooled(&spool, &[&large, &large, &large, &large]).await.unwrap();
        assert_eq!(spool.room.available_permits(), all - 2, "a MiB and a bit");
        let (_, opener) = file.read(None);
        let reader = opener().unwrap();
        drop(opener);
        assert_eq!(spool.room.available_permits(), all - 2);
        drop(reader);
        assert_eq!(spool.room.available_permits(), all);
    }

    #[tokio::test]
    async fn what_finds_no_room_is_refused() {
        let status = async |spool: &Spool, pieces: &[&[u8]]| {
            let refused = spooled(spool, pieces).await.err().unwrap();
            refused.status()
        };
        let nowhere = Spool::new(PathBuf::from("/nowhere/at/all"));
        assert_eq!(status(&nowhere, &[b"x"]).await, StatusCode::INSUFFICIENT_STORAGE);
        let full = Spool::new(std::env::temp_dir());
        full.room.forget_permits(ALL_MIB);
        assert_eq!(status(&full, &[b"x"]).await, StatusCode::SERVICE_UNAVAILABLE);
    }
}
