//! Notes when a connection was last alive, so that silent ones can be closed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};

/// How long a connection may be silent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// From the connection to the first complete request.
    pub(super) first: Duration,
    /// Between requests, and while a client does not read its answer.
    pub(super) idle: Duration,
    /// While a request is worked on, or its body is awaited.
    pub(super) stalled: Duration,
}

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    begun: Instant,
    /// Milliseconds from `begun` to the last byte read or written.
    last_ms: AtomicU64,
    /// Whether a request was read whole.
    spoke: AtomicBool,
    /// Requests that have no answer yet.
    working: AtomicUsize,
}

impl Activity {
    /// Of a connection that was accepted then.
    pub(super) fn begin(begun: Instant) -> Arc<Self> {
        Arc::new(Self {
            begun,
            last_ms: AtomicU64::new(0),
            spoke: AtomicBool::new(false),
            working: AtomicUsize::new(0),
        })
    }

    /// Notes a request; it is answered when the returned guard is dropped.
    pub(super) fn request(self: &Arc<Self>) -> Working {
        self.spoke.store(true, Ordering::Relaxed);
        self.working.fetch_add(1, Ordering::Relaxed);
        Working(Arc::clone(self))
    }

    /// Waits until the connection has been silent for too long.
    pub(super) async fn silence(&self, patience: Patience) {
        loop {
            let (deadline, now) = (self.deadline(patience), Instant::now());
            if deadline <= now {
                return;
            }
            // An answered request shortens the patience meanwhile.
            sleep_until(deadline.min(now + patience.idle)).await;
        }
    }

    fn deadline(&self, patience: Patience) -> Instant {
        if !self.spoke.load(Ordering::Relaxed) {
            return self.begun + patience.first;
        }
        let last = self.begun + Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
        let working = self.working.load(Ordering::Relaxed) > 0;
        last + if working { patience.stalled } else { patience.idle }
    }

    fn touch(&self) {
        let now_ms = self.begun.elapsed().as_millis();
        self.last_ms.store(u64::try_from(now_ms).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// A request that has no answer yet.
#[derive(Debug)]
pub(super) struct Working(Arc<Activity>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.touch();
        self.0.working.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that notes when bytes move.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }

    fn noted(&self, moved: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(moved, Poll::Ready(Ok(1..))) {
            self.activity.touch();
        }
        moved
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.touch();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
