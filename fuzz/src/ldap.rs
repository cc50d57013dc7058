//! LDAP connections to the demo company, in memory.

use std::sync::{Arc, LazyLock};

use ringbook::demo;
use ringbook::ldap::{Door, Limits, serve_in_clear};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_util::sync::CancellationToken;

use crate::WORLD;

/// A bind as extension 201; the password is hashed for the first input only.
const BIND: &[u8] = b"\x30\x17\x02\x01\x01\x60\x12\x02\x01\x03\x04\x03201\x80\x08demo-201";
const PIPE_BYTES: usize = 1 << 20;

static DOOR: LazyLock<Arc<Door>> = LazyLock::new(|| {
    let (directory, authenticator) = (WORLD.directory.clone(), WORLD.authenticator.clone());
    let organization = demo::organization().id;
    Arc::new(Door::new(directory, authenticator, organization, Limits::default()))
});

/// Signs in, sends the bytes and reads until the connection ends.
pub fn talk(bytes: &[u8]) {
    WORLD.runtime.block_on(async {
        let (mut client, server) = duplex(PIPE_BYTES);
        let peer = "127.0.0.1:1".parse().unwrap();
        let served = serve_in_clear(server, peer, Arc::clone(&DOOR), CancellationToken::new());
        let talk = async {
            let _ = client.write_all(BIND).await;
            let _ = client.write_all(bytes).await;
            let _ = client.shutdown().await;
            let mut replies = Vec::new();
            let _ = client.read_to_end(&mut replies).await;
        };
        tokio::join!(served, talk);
    });
}

/// A BER element.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&[tag, 0x84], &length[..], content].concat()
}
