//! Bodies that are made while they are sent: bounded memory however large the book.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Frame;

use crate::http::Body;
use crate::http::answer::full;

/// A chunk is sent once it has this many bytes.
const CHUNK_BYTES: usize = 32 << 10;

/// Where the rows of an answer are written.
pub(crate) struct Sink {
    pub(crate) buffer: Vec<u8>,
    full: Slot,
}

/// The chunk that waits to be sent.
type Slot = Arc<Mutex<Option<Bytes>>>;

fn take(slot: &Slot) -> Option<Bytes> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn put(slot: &Slot, chunk: Bytes) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(chunk);
}

impl Sink {
    /// To be awaited after each row: hands on the buffer when it holds a chunk.
    pub(crate) async fn row_done(&mut self) {
        if self.buffer.len() < CHUNK_BYTES {
            return;
        }
        // A little more than a chunk, since a row never is cut.
        let next = Vec::with_capacity(CHUNK_BYTES + (CHUNK_BYTES >> 3));
        put(&self.full, std::mem::replace(&mut self.buffer, next).into());
        let mut handed_on = false;
        // The body takes the chunk and polls again only when it wants the next one.
        poll_fn(|_| match std::mem::replace(&mut handed_on, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

/// The body that `write` makes: it runs whenever the connection takes another chunk, and stops for
/// good where the connection ends. An answer of one chunk is whole and has a length.
pub(crate) async fn body<F>(write: impl FnOnce(Sink) -> F) -> Body
where
    F: Future<Output = Sink> + Send + 'static,
{
    let slot = Slot::default();
    let sink = Sink { buffer: Vec::with_capacity(4096), full: Arc::clone(&slot) };
    let mut rows = Rows { writer: Some(Mutex::new(Box::pin(write(sink)))), slot };
    let first = poll_fn(|context| rows.poll_chunk(context)).await.unwrap_or_default();
    if rows.writer.is_none() {
        return full(first);
    }
    put(&rows.slot, first);
    rows.boxed()
}

type Writer = Pin<Box<dyn Future<Output = Sink> + Send>>;

/// A body whose writer runs inside it. The mutex is never locked: it only makes the type `Sync`.
struct Rows {
    writer: Option<Mutex<Writer>>,
    slot: Slot,
}

impl Rows {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(chunk) = take(&self.slot) {
            return Poll::Ready(Some(chunk));
        }
        let Some(writer) = &mut self.writer else { return Poll::Ready(None) };
        let writer = writer.get_mut().unwrap_or_else(PoisonError::into_inner);
        match writer.as_mut().poll(context) {
            Poll::Ready(sink) => {
                self.writer = None;
                Poll::Ready(Some(sink.buffer.into()))
            }
            Poll::Pending => {
                take(&self.slot).map_or(Poll::Pending, |chunk| Poll::Ready(Some(chunk)))
            }
        }
    }
}

impl hyper::body::Body for Rows {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let chunk = self.get_mut().poll_chunk(context);
        chunk.map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use hyper::body::Body as _;

    use super::*;

    async fn rows(count: usize) -> Body {
        body(move |mut sink| async move {
            for _ in 0..count {
                sink.buffer.extend_from_slice(&[b'x'; 1000]);
                sink.row_done().await;
                tokio::task::yield_now().await;
            }
            sink
        })
        .await
    }

    #[tokio::test]
    async fn a_small_answer_has_a_length() {
        assert_eq!(rows(3).await.size_hint().exact(), Some(3000));
        assert_eq!(rows(0).await.size_hint().exact(), Some(0));
    }

    #[tokio::test]
    async fn a_large_answer_comes_in_chunks() {
        let mut body = rows(1000).await;
        assert_eq!(body.size_hint().exact(), None);
        let (mut chunks, mut bytes) = (0, 0);
        while let Some(frame) = body.frame().await {
            let chunk = frame.unwrap().into_data().unwrap();
            assert!(chunk.len() < CHUNK_BYTES + 1000);
            chunks += 1;
            bytes += chunk.len();
        }
        assert_eq!(bytes, 1_000_000);
        assert!(chunks > 20);
    }

    #[tokio::test]
    async fn nothing_is_made_before_it_is_wanted() {
        let made = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = Arc::clone(&made);
        let body = body(move |mut sink| async move {
            for _ in 0..1000 {
                counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                sink.buffer.extend_from_slice(&[b'x'; 1000]);
                sink.row_done().await;
            }
            sink
        })
        .await;
        assert!(made.load(std::sync::atomic::Ordering::Relaxed) < 40);
        drop(body);
    }
}
