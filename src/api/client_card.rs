//! Cards that clients made: changes of fields change the lines that hold them and no others.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::api::problem::Problem;
use crate::contact::card::Card;
use crate::contact::{Body, Contact};
use crate::directory::{Directory, system_clock};
use crate::vcard::edit::edit;
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

/// The card that a client made, with other fields and everything else as it was; None where no
/// client made one, or where it is lost and may be written anew.
///
/// # Errors
/// 409 where the client's card cannot be read and may not be lost.
pub(super) async fn changed(
    directory: &Arc<Directory>,
    contact: Arc<Contact>,
    card: &Card,
    rewrite: bool,
) -> Result<Option<(Arc<[u8]>, Card)>, Problem> {
    if contact.body == Body::Written {
        return Ok(None);
    }
    let bytes = bytes_of(directory, Arc::clone(&contact)).await?;
    let (new, modified) = (card.clone(), system_clock());
    let edited = spawn_blocking(move || {
        let bytes = edit(&bytes, &contact.card, &new, modified);
        read(&bytes).map(|reading| (bytes.into(), reading.card))
    });
    match edited.await.map_err(|_cancelled| Problem::stopping())? {
        Ok(edited) => Ok(Some(edited)),
        Err(_invalid) if rewrite => Ok(None),
        Err(_invalid) => {
            let detail = "a client made this card, and it cannot be read here: change it with that \
                          client, or say rewrite=true to lose what no field holds";
            Err(Problem::conflict("rewrite", detail))
        }
    }
}
