//! Damaged messages: thousands of them, the same in each run, each with a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use ldap3_proto::proto::LdapOp;
use ringbook::ldap::serve_in_clear;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::timeout;

use crate::client::{Ask, bind, bytes, element, message, messages_of};
use crate::world::{SUFFIX, World};

/// Of each message so many damaged ones are sent.
const DAMAGES: u64 = 40;
/// Longer than any answer here takes, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);
const PIPE_BYTES: usize = 1 << 20;
/// The message that is sent behind each damaged one.
const LAST_ID: u8 = 77;

/// A sequence of numbers that looks random (xorshift).
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 as usize
    }

    /// The message with one or two damages: bytes changed, lost, doubled or from elsewhere.
    fn damage(&mut self, message: &[u8], other: &[u8]) -> Vec<u8> {
        let mut damaged = message.to_vec();
        for _ in 0..=self.throw() % 2 {
            let at = self.throw() % damaged.len().max(1);
            let to = damaged.len().min(at + 1 + self.throw() % 8);
            let part = damaged.get(at..to).unwrap_or_default().to_vec();
            let odd = [0, 1, 0x7f, 0x80, 0x84, 0xa0, 0xff][self.throw() % 7];
            match (self.throw() % 7, damaged.get_mut(at)) {
                (0, Some(byte)) => *byte ^= 1 << (self.throw() % 8),
                (1, Some(byte)) => *byte = odd,
                (2, _) => damaged.truncate(at),
                (3, _) => drop(damaged.drain(at..to)),
                (4, _) => drop(damaged.splice(at..at, part)),
                (5, _) => {
                    let from = self.throw() % other.len().max(1);
                    damaged.splice(at..to, other.get(from..).unwrap_or_default().iter().copied());
                }
                _ => damaged.insert(at, odd),
            }
        }
        if self.throw().is_multiple_of(2) { damaged } else { whole(&damaged) }
    }
}

/// The same bytes in a message that is as long as it says, so that what follows it is read too.
fn whole(damaged: &[u8]) -> Vec<u8> {
    let header = match damaged.get(1) {
        Some(0x84) => 6,
        Some(0x82) => 4,
        Some(0x81) => 3,
        _ => 2,
    };
    element(0x30, damaged.get(header..).unwrap_or_default())
}

/// Everything that is known of clients, as bytes.
fn seeds() -> Vec<Vec<u8>> {
    let lines = include_str!("messages.txt").lines().filter(|line| !line.starts_with('#'));
    let recorded = lines.filter_map(|line| line.split_once('|')).map(|(_, hex)| bytes(hex));
    let filters = [
        "(|(cn=jo*)(sn=*mi*)(telephoneNumber=*555*))",
        "(&(objectClass=person)(!(mobile=0170*))(givenName>=A)(givenName<=zz))",
        "(:dn:caseIgnoreMatch:=people)",
    ];
    let asks = filters.map(|filter| {
        message(9, &Ask { attributes: &["*", "+"], ..Ask::sub(SUFFIX, filter) }.encoded(), &[])
    });
    let value = element(0x30, &[2, 1, 1, 4, 0]);
    let paged = [element(4, b"1.2.840.113556.1.4.319"), vec![1, 1, 0xff], element(4, &value)];
    let control = element(0xa0, &element(0x30, &paged.concat()));
    let paged = message(9, &Ask::sub(SUFFIX, "(cn=*)").encoded(), &control);
    recorded.chain(asks).chain([paged]).collect()
}

/// What a connection answers to a sign-in, some bytes and a search.
async fn answers(world: &World, bytes: &[u8]) -> Vec<u8> {
    let (mut client, server) = duplex(PIPE_BYTES);
    let peer = "127.0.0.1:1".parse().unwrap();
    let served = serve_in_clear(server, peer, Arc::clone(&world.door), world.stop.clone());
    let talk = async {
        let last = Ask::sub(SUFFIX, "(sn=smith)").encoded();
        for sent in [
            &message(1, &bind(3, "101", "john-secret"), &[])[..],
            bytes,
            &message(LAST_ID, &last, &[]),
        ] {
            if client.write_all(sent).await.is_err() {
                break;
            }
        }
        // The other side may have closed.
        let _ = client.shutdown().await;
        let mut answers = Vec::new();
        let _ = client.read_to_end(&mut answers).await;
        answers
    };
    tokio::join!(talk, served).0
}

#[tokio::test]
async fn damaged_messages_end_in_answers_or_a_closed_connection() {
    let world = World::start().await;
    let seeds = seeds();
    let mut dice = Dice(0x5eed_0f1d_a9ed_2026);
    let mut answered = 0;
    for (number, seed) in seeds.iter().enumerate() {
        for _ in 0..DAMAGES {
            let other = &seeds[dice.throw() % seeds.len()];
            let damaged = dice.damage(seed, other);
            let hex: String = damaged.iter().map(|byte| format!("{byte:02x}")).collect();
            let replies = timeout(PATIENCE, answers(&world, &damaged)).await;
            let replies = replies.unwrap_or_else(|_| panic!("no end after {number}: {hex}"));
            let replies = messages_of(&replies).unwrap_or_else(|| panic!("no LDAP after {hex}"));
            answered += usize::from(replies.iter().any(|reply| reply.msgid == i32::from(LAST_ID)));
            for reply in replies {
                if let LdapOp::SearchResultEntry(entry) = reply.op {
                    let own = entry.dn.is_empty() || entry.dn.to_lowercase().ends_with(SUFFIX);
                    assert!(own || entry.dn.eq_ignore_ascii_case("cn=subschema"), "{hex}");
                    assert!(!format!("{entry:?}").contains("Josephine"), "another's: {hex}");
                }
            }
        }
    }
    let all = seeds.len() * usize::try_from(DAMAGES).unwrap();
    assert!((all / 10..all).contains(&answered), "{answered} of {all} connections went on");
}
