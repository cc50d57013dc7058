//! What a request of the command line sends: bytes at hand, or a file that is read as it goes out.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use serde_json::Value;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Bytes sent at a time, so that progress can be shown and memory does not grow with the file.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that are read ahead of the network.
const CHUNKS_AHEAD: usize = 4;

/// Told how many bytes went out with each chunk.
pub(super) type Progress = Box<dyn Fn(u64) + Send + Sync>;

/// The body of a request.
pub(super) struct Upload {
    pub(super) media_type: &'static str,
    /// What the file is called in history and reports.
    pub(super) name: Option<String>,
    /// Requests with the same key are one: what was done already is answered, and not done again.
    pub(super) key: Option<String>,
    source: Source,
    progress: Progress,
}

enum Source {
    Bytes(Bytes),
    /// What a thread reads; `left` is how many bytes are to come, where that is known.
    Chunks {
        chunks: Receiver<io::Result<Bytes>>,
        left: Option<u64>,
    },
}

impl Upload {
    pub(super) fn json(body: &Value) -> Self {
        let source = Source::Bytes(Bytes::from(body.to_string()));
        let (name, key) = (None, None);
        Self { media_type: "application/json", name, key, source, progress: Box::new(|_| {}) }
    }

    /// A file of contacts, whose daemon finds out of what kind it is. Of a file whose `length` is
    /// known, exactly that much is sent.
    pub(super) fn file(
        reader: impl Read + Send + 'static,
        length: Option<u64>,
        progress: Progress,
    ) -> Self {
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        // Not a task: the standard input may never end, and nothing should wait for it then.
        thread::spawn(move || match length {
            Some(length) => read(reader.take(length), &sender),
            None => read(reader, &sender),
        });
        let source = Source::Chunks { chunks, left: length };
        let (name, key) = (None, None);
        Self { media_type: "application/octet-stream", name, key, source, progress }
    }
}

/// Reads until the end or until nobody listens any more.
fn read(mut reader: impl Read, sender: &Sender<io::Result<Bytes>>) {
    loop {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let next = match reader.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk) {
            Ok(0) => return,
            Ok(_) => Ok(chunk.into()),
            Err(fault) => Err(fault),
        };
        let ended = next.is_err();
        if sender.blocking_send(next).is_err() || ended {
            return;
        }
    }
}

/// A request's body: an upload or nothing.
pub(super) struct Outgoing(pub(super) Option<Upload>);

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(upload) = self.0.as_mut() else { return Poll::Ready(None) };
        let chunk = match &mut upload.source {
            Source::Bytes(bytes) if bytes.is_empty() => return Poll::Ready(None),
            Source::Bytes(bytes) => bytes.split_to(bytes.len().min(CHUNK_BYTES)),
            Source::Chunks { chunks, left } => match chunks.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) if left.is_none_or(|left| left == 0) => return Poll::Ready(None),
                Poll::Ready(None) => {
                    return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
                }
                Poll::Ready(Some(Err(fault))) => return Poll::Ready(Some(Err(fault))),
                Poll::Ready(Some(Ok(chunk))) => {
                    *left = left.map(|left| left.saturating_sub(chunk.len() as u64));
                    chunk
                }
            },
        };
        (upload.progress)(chunk.len() as u64);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn size_hint(&self) -> SizeHint {
        match self.0.as_ref().map(|upload| &upload.source) {
            None => SizeHint::with_exact(0),
            Some(Source::Bytes(bytes)) => SizeHint::with_exact(bytes.len() as u64),
            Some(Source::Chunks { left: Some(left), .. }) => SizeHint::with_exact(*left),
            Some(Source::Chunks { left: None, .. }) => SizeHint::default(),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.size_hint().exact() == Some(0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use http_body_util::BodyExt;

    use super::*;

    async fn sent(content: Vec<u8>, length: Option<u64>) -> Result<(Vec<u8>, u64), io::Error> {
        let counted = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&counted);
        let progress = Box::new(move |bytes| {
            counter.fetch_add(bytes, Ordering::Relaxed);
        });
        let upload = Upload::file(io::Cursor::new(content), length, progress);
        let body = Outgoing(Some(upload)).collect().await?;
        Ok((body.to_bytes().to_vec(), counted.load(Ordering::Relaxed)))
    }

    #[tokio::test]
    async fn a_file_goes_out_in_chunks_as_it_is_read() {
        let content: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
        for length in [None, Some(1_000_000)] {
            let (bytes, counted) = sent(content.clone(), length).await.unwrap();
            assert_eq!((bytes == content, counted), (true, 1_000_000));
        }
        assert_eq!(sent(Vec::new(), Some(0)).await.unwrap(), (Vec::new(), 0));
    }

    #[tokio::test]
    async fn a_file_that_grows_is_sent_as_far_as_announced_and_one_that_shrinks_is_an_error() {
        assert_eq!(sent(b"abcdef".to_vec(), Some(4)).await.unwrap().0, b"abcd");
        let fault = sent(b"abc".to_vec(), Some(4)).await.unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::UnexpectedEof);
    }
}
