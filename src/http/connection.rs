//! One HTTP connection, from its first byte to its end.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;

use crate::http::front::Front;
use crate::http::origin::Origin;
use crate::http::watch::{Activity, Watched};
use crate::net::Connection;

/// Header lines and bytes of one request at most; hyper answers 431 beyond.
const HEADERS_MAX: usize = 100;
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// Requests in flight on one HTTP/2 connection at most.
const STREAMS_MAX: u32 = 64;

/// Serves a connection until the peer closes it, falls silent, or the daemon stops.
pub(super) async fn serve(front: Arc<Front>, connection: Connection) {
    let Connection { stream, peer, transport, rules, accepted, stop, .. } = connection;
    let patience = front.patience();
    let activity = Activity::begin(accepted);
    let stream = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
    let service = service_fn(|request: Request<Incoming>| {
        let (front, working) = (Arc::clone(&front), activity.request());
        let origin = Origin::of(request.headers(), peer, transport, &rules);
        async move {
            let response = front.answer(request, origin).await;
            drop(working);
            Ok::<_, Infallible>(response)
        }
    });
    let builder = builder(patience.idle);
    let mut connection = pin!(builder.serve_connection(stream, service));
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "HTTP connection ended early");
                }
                return;
            }
            () = activity.silence(patience) => {
                tracing::debug!(%peer, "silent HTTP connection closed");
                return;
            }
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder(idle: std::time::Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX as u32);
    builder
}
