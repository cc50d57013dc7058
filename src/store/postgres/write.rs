//! Changes as they are written: many statements are on their way at a time.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use tokio_postgres::Statement;
use uuid::Uuid;

use crate::contact::photo::Picture;
use crate::contact::{ContactId, Revision};
use crate::store::codec::{self, RecordRow, Row, StoredBody};
use crate::store::postgres::fault::Fault;
use crate::store::postgres::session::{Parameters, Work};
use crate::store::postgres::text::stored;
use crate::store::postgres::{imports, memory};
use crate::store::{Change, Key, StoredContact, Tombstone};

/// Statements that are sent before the first answer is waited for.
const ON_THEIR_WAY_MAX: usize = 128;

const RECORD: &str = "INSERT INTO record (kind, key, rank, body, revision) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (kind, key) DO UPDATE \
    SET rank = EXCLUDED.rank, body = EXCLUDED.body, revision = EXCLUDED.revision";

const CONTACT: &str = "INSERT INTO contact (id, organization, book, name, uid, card, body, listed, \
    created, modified, revision, reduced_revision, texts, numbers, sort_key, fingerprint, written, \
    member_of, photo) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $19, $20) \
    ON CONFLICT (id) DO UPDATE SET organization = EXCLUDED.organization, book = EXCLUDED.book, \
    name = EXCLUDED.name, uid = EXCLUDED.uid, card = EXCLUDED.card, \
    body = CASE WHEN $18 THEN contact.body ELSE EXCLUDED.body END, listed = EXCLUDED.listed, \
    created = EXCLUDED.created, modified = EXCLUDED.modified, revision = EXCLUDED.revision, \
    reduced_revision = EXCLUDED.reduced_revision, texts = EXCLUDED.texts, \
    numbers = EXCLUDED.numbers, sort_key = EXCLUDED.sort_key, \
    fingerprint = EXCLUDED.fingerprint, written = EXCLUDED.written, member_of = EXCLUDED.member_of, \
    photo = EXCLUDED.photo";

const PICTURE: &str = "INSERT INTO photo (contact, digest, thumbnail, jpeg) \
    VALUES ($1, $2, $3, $4) ON CONFLICT (contact) DO UPDATE \
    SET digest = EXCLUDED.digest, thumbnail = EXCLUDED.thumbnail, jpeg = EXCLUDED.jpeg";

const TOMBSTONE: &str = "INSERT INTO tombstone (organization, book, contact, name, uid, revision) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization, book, contact, name) DO UPDATE \
    SET uid = EXCLUDED.uid, revision = EXCLUDED.revision";

/// One statement.
enum Step<'a> {
    Record(RecordRow),
    Contact(&'a StoredContact),
    Delete(Uuid),
    Leave(&'a Tombstone),
    Picture(ContactId, &'a Picture),
    NoPicture(ContactId),
}

struct Statements {
    record: Statement,
    contact: Statement,
    delete: Statement,
    tombstone: Statement,
    picture: Statement,
    no_picture: Statement,
}

/// Writes changes with their place in the change log.
pub(super) async fn changes(
    work: &mut Work<'_>,
    changes: &[Change],
    revision: Revision,
) -> Result<(), Fault> {
    let at = revision.0.cast_signed();
    let import = changes.iter().find_map(|change| match change {
        Change::Import(import) => Some(import),
        _ => None,
    });
    let import = match import {
        Some(import) => {
            imports::put(work, import, at).await?;
            Some(memory::remember(work, import, changes).await?)
        }
        None => None,
    };
    rows(work, changes, at).await?;
    if let Some(import) = import {
        memory::finish(work, import, at).await?;
    }
    for change in changes {
        match change {
            Change::Recall(recall) => memory::recall(work, recall).await?,
            Change::Undone { import, undone } => memory::undone(work, import, undone).await?,
            _ => {}
        }
    }
    Ok(())
}

async fn rows(work: &mut Work<'_>, changes: &[Change], at: i64) -> Result<(), Fault> {
    let statements = Statements {
        record: work.statement(RECORD).await?,
        contact: work.statement(CONTACT).await?,
        delete: work.statement("DELETE FROM contact WHERE id = $1").await?,
        tombstone: work.statement(TOMBSTONE).await?,
        picture: work.statement(PICTURE).await?,
        no_picture: work.statement("DELETE FROM photo WHERE contact = $1").await?,
    };
    let mut steps = changes.iter().flat_map(steps).peekable();
    while steps.peek().is_some() {
        let some: Vec<Step<'_>> = steps.by_ref().take(ON_THEIR_WAY_MAX).collect();
        let mut sent = Vec::with_capacity(some.len());
        for step in &some {
            let mut execution = Box::pin(execute(work, &statements, step, at));
            match once(execution.as_mut()).await {
                Poll::Ready(done) => done?,
                Poll::Pending => sent.push(execution),
            }
        }
        for execution in sent {
            execution.await?;
        }
    }
    Ok(())
}

/// Polls once, which sends a statement; the database works through them in this order.
async fn once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

fn steps(change: &Change) -> Vec<Step<'_>> {
    match change {
        Change::Put(record) => match codec::row(record) {
            Row::Contact(stored) => vec![Step::Contact(stored)],
            Row::Record(row) => vec![Step::Record(row)],
        },
        Change::Remove(key) => {
            let delete = match key {
                Key::Contact(id) => vec![Step::Delete(id.0), Step::NoPicture(*id)],
                _ => Vec::new(),
            };
            delete.into_iter().chain([Step::Record(codec::removed_row(key))]).collect()
        }
        Change::Leave(tombstone) => vec![Step::Leave(tombstone)],
        Change::Picture(id, Some(new)) => vec![Step::Picture(*id, new)],
        Change::Picture(id, None) => vec![Step::NoPicture(*id)],
        // Written before all others, and after them.
        Change::Import(_) | Change::Recall(_) | Change::Undone { .. } => Vec::new(),
    }
}

async fn execute(
    work: &Work<'_>,
    statements: &Statements,
    step: &Step<'_>,
    at: i64,
) -> Result<(), Fault> {
    match step {
        Step::Record(RecordRow { kind, key, rank, body }) => {
            work.execute(&statements.record, &[kind, &stored(key), rank, body, &at]).await
        }
        Step::Contact(stored) => contact(work, &statements.contact, stored, at).await,
        Step::Delete(id) => work.execute(&statements.delete, &[id]).await,
        Step::Leave(left) => {
            let revision = left.revision.0.cast_signed();
            let book = codec::book_text(left.book);
            let name = stored(&left.name);
            let uid = left.uid.as_deref().map(stored);
            let organization = left.organization.as_str();
            let row: Parameters<'_> =
                &[&organization, &book, &left.contact.0, &name, &uid, &revision];
            work.execute(&statements.tombstone, row).await
        }
        Step::Picture(id, new) => {
            let (digest, thumbnail, jpeg) =
                (new.photo.digest.cast_signed(), &*new.thumbnail, &*new.jpeg);
            work.execute(&statements.picture, &[&id.0, &digest, &thumbnail, &jpeg]).await
        }
        Step::NoPicture(id) => work.execute(&statements.no_picture, &[&id.0]).await,
    }
}

async fn contact(
    work: &Work<'_>,
    statement: &Statement,
    written: &StoredContact,
    at: i64,
) -> Result<(), Fault> {
    let contact = &written.contact;
    let (body, keep) = match written.stored_body() {
        StoredBody::Set(body) => (body, false),
        StoredBody::Keep => (None, true),
    };
    let derived = &contact.derived;
    work.execute(
        statement,
        &[
            &contact.id.0,
            &contact.organization.as_str(),
            &codec::book_text(contact.book.into()),
            &contact.name.as_deref().map(stored),
            &contact.uid.as_deref().map(stored),
            &contact.card.as_str(),
            &body,
            &contact.listed,
            &contact.created.0,
            &contact.modified.0,
            &contact.revision.0.cast_signed(),
            &contact.reduced_revision.0.cast_signed(),
            &derived.texts.as_str(),
            &derived.numbers.as_str(),
            &&*derived.sort_key,
            &derived.fingerprint.cast_signed(),
            &at,
            &keep,
            &codec::groups_text(&contact.groups),
            &contact.photo.as_ref().map(codec::photo_text),
        ],
    )
    .await
}
