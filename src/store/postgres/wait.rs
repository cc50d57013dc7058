//! Waits for the driver's answers on whatever thread asks.
//!
//! The driver's own thread does the input and output, so that a caller needs no runtime of its own
//! and may have one: nothing here enters, makes or drops one.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

struct Alarm {
    thread: Thread,
    rang: AtomicBool,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.rang.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Blocks until the future is done. None: nothing moved for this long.
pub(super) fn wait<F: Future>(silence_max: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let alarm = Arc::new(Alarm { thread: thread::current(), rang: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&alarm));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        let silent_since = Instant::now();
        while !alarm.rang.swap(false, Ordering::Acquire) {
            thread::park_timeout(silence_max.checked_sub(silent_since.elapsed())?);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn an_answer_of_another_thread_ends_the_wait() {
        let (send, receive) = mpsc::channel::<Waker>();
        let answers = thread::spawn(move || receive.recv().unwrap().wake());
        let mut asked = false;
        let future = poll_fn(|context| {
            if asked {
                return Poll::Ready(7);
            }
            asked = true;
            send.send(context.waker().clone()).unwrap();
            Poll::Pending
        });
        assert_eq!(wait(Duration::from_secs(60), future), Some(7));
        answers.join().unwrap();
    }

    #[test]
    fn silence_ends_the_wait() {
        assert_eq!(wait(Duration::from_millis(1), pending::<()>()), None);
    }
}
