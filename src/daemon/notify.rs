//! Tells systemd what the daemon is doing (sd_notify(3)).

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The daemon answers requests.
pub(super) const READY: &str = "READY=1";
/// The daemon finishes what was begun.
pub(super) const STOPPING: &str = "STOPPING=1";

/// Sends a state to the service manager's socket, where there is one. Nothing depends on it.
pub(super) fn notify(socket: Option<&OsStr>, state: &str) {
    let Some(socket) = socket.filter(|socket| !socket.is_empty()) else { return };
    if let Err(error) = send(socket, state) {
        tracing::warn!(%error, "cannot tell the service manager: {state}");
    }
}

fn send(socket: &OsStr, state: &str) -> std::io::Result<()> {
    // An `@` stands for the zero byte of an abstract address.
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_manager_hears_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        notify(Some(path.as_os_str()), READY);
        let mut heard = [0; 32];
        let length = manager.recv(&mut heard).unwrap();
        assert_eq!(&heard[..length], b"READY=1");
    }

    #[test]
    fn nobody_needs_to_listen() {
        notify(None, READY);
        notify(Some(OsStr::new("/nowhere/notify")), READY);
    }
}
