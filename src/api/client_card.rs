//! Cards that clients made: what stands in them beyond our fields must not get lost unsaid.

use std::sync::Arc;

use serde_json::json;
use tokio::task::spawn_blocking;

use crate::api::problem::Problem;
use crate::contact::{Body, Contact};
use crate::directory::Directory;
use crate::vcard::read::read;

/// The card as the client sent it; empty where no client did.
pub(super) async fn bytes_of(
    directory: &Arc<Directory>,
    contact: Arc<Contact>,
) -> Result<Arc<[u8]>, Problem> {
    match &contact.body {
        Body::Written | Body::Broken => Ok(Arc::default()),
        Body::Inline(bytes) => Ok(Arc::clone(bytes)),
        Body::Stored(_) => {
            let (directory, id) = (Arc::clone(directory), contact.id);
            let body = spawn_blocking(move || directory.body(id)).await;
            let body = body.map_err(|_cancelled| Problem::stopping())?;
            let body = body.map_err(|fault| Problem::unreadable(&fault))?;
            let (_, bytes) = body.ok_or_else(|| Problem::absent("contact"))?;
            Ok(bytes.into())
        }
    }
}

/// Refuses to write a card anew where a client put something into it that no field holds.
///
/// # Errors
/// 409 with the names of the properties that would be lost.
pub(super) async fn must_be_kept(
    directory: &Arc<Directory>,
    contact: Arc<Contact>,
) -> Result<(), Problem> {
    if contact.body == Body::Written {
        return Ok(());
    }
    // The photo stays: the card that is written anew has it as well.
    let is_kept = |property: &String| property == "PHOTO" && contact.photo.is_some();
    let lost = match read(&bytes_of(directory, Arc::clone(&contact)).await?) {
        Ok(mut reading) => {
            reading.unread.retain(|property| !is_kept(property));
            if reading.unread.is_empty() && reading.problems.is_empty() {
                return Ok(());
            }
            reading.unread
        }
        Err(_invalid) => Vec::new(),
    };
    let named = if lost.is_empty() { "parts of it".to_owned() } else { lost.join(", ") };
    let detail = format!(
        "a client made this card, and it says more than can be changed here ({named}): change it \
         with that client, or say rewrite=true to lose that"
    );
    Err(Problem::conflict("rewrite", detail).with("lost", json!(lost)))
}
