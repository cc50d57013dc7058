//! Receives a file: as the body or as a part of a form, within a limit.

use std::io::{self, Read};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use http_body_util::BodyExt;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::{HeaderMap, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::api::problem::Problem;
use crate::file::FileError;
use crate::file::encoding::{Charset, Survey};
use crate::file::table::choice::Choice;
use crate::import::source::Source;

/// The largest file.
const FILE_BYTES_MAX: usize = 64 * MIB;
/// What all files together may take.
const MEMORY_MIB: usize = 256;
const MIB: usize = 1024 * 1024;
/// What a form may have around its file.
const FORM_BYTES_MAX: u64 = 64 * 1024;

/// A file as it was sent, and what was said about it.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) bytes: Pieces,
    pub(super) choice: Choice,
    pub(super) charset: Option<Charset>,
}

impl Upload {
    /// The file, to be read several times.
    pub(super) fn source(self) -> Result<Source, FileError> {
        let mut survey = Survey::default();
        for piece in &self.bytes.pieces {
            survey.feed(piece);
        }
        let text = survey.finish(self.charset)?;
        let pieces = Arc::new(self.bytes);
        let opener = move || -> io::Result<Box<dyn Read + Send>> {
            let (file, piece, at) = (Arc::clone(&pieces), 0, 0);
            Ok(Box::new(Reader { file, piece, at }))
        };
        Ok(Source { opener: Arc::new(opener), text, choice: self.choice })
    }
}

/// Reads a file from its beginning.
struct Reader {
    file: Arc<Pieces>,
    piece: usize,
    at: usize,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(piece) = self.file.pieces.get(self.piece) else { return Ok(0) };
            let mut rest = piece.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                (self.piece, self.at) = (self.piece + 1, 0);
                continue;
            }
            let read = rest.read(buffer)?;
            self.at += read;
            return Ok(read);
        }
    }
}

/// The bytes of a file in the pieces in which they came.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pieces: Vec<Bytes>,
    bytes: usize,
    /// The file's share of the memory for uploads, in MiB.
    share: Option<OwnedSemaphorePermit>,
}

/// The memory for files that are being received or read.
pub(super) fn memory() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MEMORY_MIB))
}

impl Pieces {
    /// Keeps the next piece.
    fn push(&mut self, piece: Bytes, memory: &Arc<Semaphore>) -> Result<(), Problem> {
        self.bytes += piece.len();
        if self.bytes > FILE_BYTES_MAX {
            return Err(too_large());
        }
        let held = self.share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = self.bytes.div_ceil(MIB).saturating_sub(held);
        if missing > 0 {
            let missing = u32::try_from(missing).unwrap_or(u32::MAX);
            let more = Arc::clone(memory).try_acquire_many_owned(missing).map_err(|_full| {
                let detail = "too many large files are being imported, try again later";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
            })?;
            match &mut self.share {
                Some(share) => share.merge(more),
                None => self.share = Some(more),
            }
        }
        self.pieces.push(piece);
        Ok(())
    }
}

/// The file of a request.
///
/// # Errors
/// 413 where it is too large, 400 where it is not all there, 503 where others take the memory.
pub(super) async fn receive(request: Request, memory: &Arc<Semaphore>) -> Result<Pieces, Problem> {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse().ok());
    if announced.is_some_and(|bytes: u64| bytes > FILE_BYTES_MAX as u64 + FORM_BYTES_MAX) {
        return Err(too_large());
    }
    if media_type(request.headers()).starts_with("multipart/") {
        let form = Multipart::from_request(request, &()).await;
        return part(form.map_err(|refused| Problem::bad(refused.body_text()))?, memory).await;
    }
    whole(request.into_body(), memory).await
}

/// The `charset` of the request's media type, as XiVO's clients send it.
pub(super) fn charset(headers: &HeaderMap) -> Option<String> {
    let media_type = media_type(headers);
    let mut parameters = media_type.split(';').skip(1).filter_map(|p| p.split_once('='));
    let charset = parameters.find(|(name, _)| name.trim() == "charset");
    charset.map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim().to_ascii_lowercase()
}

async fn whole(mut body: Body, memory: &Arc<Semaphore>) -> Result<Pieces, Problem> {
    let mut file = Pieces::default();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_broken| Problem::bad("the file ends early"))?;
        if let Ok(piece) = frame.into_data() {
            file.push(piece, memory)?;
        }
    }
    Ok(file)
}

/// The first part that is a file, else the first part.
async fn part(mut form: Multipart, memory: &Arc<Semaphore>) -> Result<Pieces, Problem> {
    let broken = |fault: MultipartError| Problem::bad(format!("the form: {}", fault.body_text()));
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.file_name().is_none() && field.name() != Some("file") {
            continue;
        }
        let mut file = Pieces::default();
        while let Some(piece) = field.chunk().await.map_err(broken)? {
            file.push(piece, memory)?;
        }
        return Ok(file);
    }
    Err(Problem::bad("the form has no file: send it as the part `file`"))
}

fn too_large() -> Problem {
    let mib = FILE_BYTES_MAX / MIB;
    let detail = format!("the file is larger than {mib} MiB: send it in parts");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}
