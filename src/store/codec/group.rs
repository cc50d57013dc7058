//! Departments, sites, shared books and stars as JSON texts.

use serde_json::json;

use crate::account::group::{GroupRecord, Member, PersonalBook, SharedBook, Star};
use crate::contact::book::{AddressBook, BookId, Group};
use crate::contact::{ContactId, OrganizationId, Revision, UserId};
use crate::store::codec::object::Object;
use crate::store::codec::{Decoded, Undecodable, word};

pub(super) fn group_text(record: &GroupRecord) -> String {
    json!({ "name": record.name }).to_string()
}

pub(super) fn group(organization: &str, group: Group, text: &str) -> Decoded<GroupRecord> {
    let object = Object::parse(text)?;
    let organization = OrganizationId::from(organization);
    Ok(GroupRecord { organization, group, name: object.text("name")?.into() })
}

pub(super) fn shared_book_text(book: &SharedBook) -> String {
    json!({
        "name": book.name,
        "readers": book.readers.as_ref().map(|readers| members_text(readers)),
        "writers": members_text(&book.writers),
        "revision": book.revision.0,
    })
    .to_string()
}

pub(super) fn shared_book(organization: &str, id: BookId, text: &str) -> Decoded<SharedBook> {
    let object = Object::parse(text)?;
    Ok(SharedBook {
        organization: OrganizationId::from(organization),
        id,
        name: object.text("name")?.into(),
        readers: match object.has("readers") {
            true => Some(members(object.texts("readers")?)?),
            false => None,
        },
        writers: members(object.texts("writers")?)?,
        revision: Revision(object.number("revision")?),
    })
}

fn members_text(members: &[Member]) -> Vec<String> {
    let text = |member: &Member| match member {
        Member::User(id) => id.to_string(),
        Member::Group(group) => AddressBook::Group(*group).to_string(),
    };
    members.iter().map(text).collect()
}

fn members<'a>(texts: impl Iterator<Item = &'a str>) -> Decoded<Vec<Member>> {
    let member = |text| match ContactId::parse(text) {
        Some(id) => Ok(Member::User(id)),
        None => word::group(text).map(Member::Group),
    };
    texts.map(member).collect()
}

pub(super) fn personal_book_text(book: &PersonalBook) -> String {
    json!({
        "organization": book.organization.as_str(),
        "name": book.name,
        "segment": book.segment,
        "created": book.created.0,
    })
    .to_string()
}

pub(super) fn personal_book(owner: UserId, id: BookId, text: &str) -> Decoded<PersonalBook> {
    let object = Object::parse(text)?;
    Ok(PersonalBook {
        organization: OrganizationId::from(object.text("organization")?),
        owner,
        id,
        name: object.text("name")?.into(),
        segment: object.text("segment")?.into(),
        created: object.time("created")?,
    })
}

pub(super) fn star_text(star: &Star) -> String {
    json!({ "starred": star.starred, "revision": star.revision.0 }).to_string()
}

pub(super) fn star(user: UserId, contact: ContactId, text: &str) -> Decoded<Star> {
    let object = Object::parse(text)?;
    let starred = object.flag("starred").ok_or(Undecodable("starred"))?;
    Ok(Star { user, contact, starred, revision: Revision(object.number("revision")?) })
}
