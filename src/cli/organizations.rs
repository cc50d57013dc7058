//! `ringbook organization`: the organizations of the running daemon.

use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::{Map, Value, json};

use crate::cli::accounts::{ask, change, list, print};
use crate::cli::accounts_table::record;
use crate::cli::client::ClientError;
use crate::cli::{Connect, Status};

const ORGANIZATIONS: &str = "organizations";

#[derive(Clone, Debug, Subcommand)]
pub(super) enum OrganizationCommand {
    /// Make an organization; for operators
    Add {
        /// Permanent id: a-z, 0-9 and -
        id: String,
        /// Name
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Mail domain
        #[arg(long, value_name = "DOMAIN")]
        domain: String,
        /// LDAP suffix, such as dc=pbx,dc=example
        #[arg(long, value_name = "DN")]
        suffix: String,
        /// ISO 3166 country code, such as DE
        #[arg(long, value_name = "CODE")]
        region: String,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        connect: Connect,
    },
    /// List the organizations
    List {
        #[command(flatten)]
        connect: Connect,
    },
    /// Show one organization with all settings
    Show {
        /// Id of the organization
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Change what is given; the rest stays. Lists are separated by commas; "" empties one
    Set {
        /// Id of the organization
        id: String,
        /// Name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Mail domain; for operators
        #[arg(long, value_name = "DOMAIN")]
        domain: Option<String>,
        /// LDAP suffix; for operators
        #[arg(long, value_name = "DN")]
        suffix: Option<String>,
        /// ISO 3166 country code, such as DE
        #[arg(long, value_name = "CODE")]
        region: Option<String>,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        connect: Connect,
    },
}

/// What every organization may have.
#[derive(Args, Clone, Debug)]
pub(super) struct Settings {
    /// Area code, such as 30
    #[arg(long, value_name = "DIGITS")]
    area_code: Option<String>,
    /// What is dialled before outside numbers
    #[arg(long, value_name = "DIGITS")]
    outside_line: Option<String>,
    /// What other organizations dial before the extensions of this one
    #[arg(long, value_name = "DIGITS")]
    inter_organization_prefix: Option<String>,
    /// Language, such as de: its alphabet sorts the names
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// given-first or family-first
    #[arg(long, value_name = "ORDER")]
    name_order: Option<String>,
    /// Types of numbers that colleagues do not see, such as mobile,home
    #[arg(long, value_name = "LIST")]
    hidden_numbers: Option<String>,
    /// Fields that users change on their own card, such as mobile,title
    #[arg(long, value_name = "LIST")]
    self_edit: Option<String>,
    /// Views that devices list for users who chose none, such as favorites,department-support
    #[arg(long, value_name = "LIST")]
    listed_books: Option<String>,
    /// Organizations that may see the people of this one, where they allow the same; for operators
    #[arg(long, value_name = "LIST")]
    shares_with: Option<String>,
    /// Networks that see --anonymous-books without a sign-in, "" for none; for operators
    #[arg(long, value_name = "LIST")]
    anonymous_networks: Option<String>,
    /// Books that are seen without a sign-in, such as people,shared
    #[arg(long, value_name = "LIST", requires = "anonymous_networks")]
    anonymous_books: Option<String>,
    /// A search base of an older LDAP server and the book it means, such as dc=phonebook:people; may
    /// be repeated, and replaces those there were; "" for none
    #[arg(long = "base-alias", value_name = "DN:BOOK")]
    base_aliases: Option<Vec<String>>,
    /// Whether digits find names by the letters on the keys of a telephone
    #[arg(long, value_name = "true|false")]
    keypad_search: Option<bool>,
    /// How CardDAV shows the books: auto (merged for Apple's programs), separate or merged
    #[arg(long, value_name = "LAYOUT")]
    carddav_layout: Option<String>,
    /// Where there are more people, devices that synchronize do not list them
    #[arg(long, value_name = "N")]
    people_on_devices_max: Option<u32>,
    /// What CardDAV does with writes for which a user has no right: deny, or revert (say that they
    /// are done and give the card back with the next synchronization)
    #[arg(long, value_name = "deny|revert")]
    refused_writes: Option<String>,
}

pub(super) async fn organization(command: OrganizationCommand) -> Result<Status, ClientError> {
    match command {
        OrganizationCommand::Add { id, name, domain, suffix, region, settings, connect } => {
            let given = [("id", id), ("name", name), ("domain", domain), ("suffix", suffix)];
            let given = given.into_iter().chain([("region", region)]);
            let mut body = settings.json();
            body.extend(given.map(|(name, text)| (name.to_owned(), Value::from(text))));
            change(&connect, Method::POST, &[ORGANIZATIONS], Some(Value::Object(body))).await
        }
        OrganizationCommand::List { connect } => {
            list(&connect, &[ORGANIZATIONS], &["id", "name", "domain", "suffix"]).await
        }
        OrganizationCommand::Show { id, connect } => {
            let shown = ask(&connect, Method::GET, &[ORGANIZATIONS, &id], None).await?;
            print(&connect, &shown, || record(&shown));
            Ok(Status::Done)
        }
        OrganizationCommand::Set { id, name, domain, suffix, region, settings, connect } => {
            let given = [("name", name), ("domain", domain), ("suffix", suffix)];
            let mut body = settings.json();
            body.extend(texts(given));
            body.extend(texts([("region", region)]));
            let body = Some(Value::Object(body));
            change(&connect, Method::PATCH, &[ORGANIZATIONS, &id], body).await
        }
    }
}

impl Settings {
    /// The settings that were given, under the names of the API.
    fn json(self) -> Map<String, Value> {
        let mut body = Map::new();
        body.extend(texts([
            ("area_code", self.area_code),
            ("outside_line", self.outside_line),
            ("inter_organization_prefix", self.inter_organization_prefix),
            ("language", self.language),
            ("name_order", self.name_order),
            ("carddav_layout", self.carddav_layout),
            ("refused_writes", self.refused_writes),
        ]));
        for (name, list) in [
            ("hidden_numbers", self.hidden_numbers),
            ("self_edit", self.self_edit),
            ("listed_books", self.listed_books),
            ("shares_with", self.shares_with),
        ] {
            body.extend(list.map(|list| (name.to_owned(), json!(values(&list)))));
        }
        if let Some(networks) = self.anonymous_networks {
            let networks = values(&networks);
            let books = values(self.anonymous_books.as_deref().unwrap_or_default());
            let closed = networks.is_empty();
            let open = json!({ "networks": networks, "books": books });
            body.insert("anonymous".to_owned(), if closed { Value::Null } else { open });
        }
        if let Some(aliases) = self.base_aliases {
            let pairs = aliases.iter().filter(|alias| !alias.is_empty());
            // What is no pair is sent as it is, for the server to say what is wrong with it.
            let pairs = pairs.map(|pair| pair.rsplit_once(':').unwrap_or((pair, "")));
            let pairs = pairs.map(|(base, book)| (base.trim().to_owned(), json!(book.trim())));
            body.insert("base_aliases".to_owned(), Value::Object(pairs.collect()));
        }
        if let Some(on) = self.keypad_search {
            body.insert("keypad_search".to_owned(), Value::Bool(on));
        }
        if let Some(max) = self.people_on_devices_max {
            body.insert("people_on_devices_max".to_owned(), Value::from(max));
        }
        body
    }
}

/// The members that were given.
pub(super) fn texts<const N: usize>(
    given: [(&str, Option<String>); N],
) -> impl Iterator<Item = (String, Value)> {
    given.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?))))
}

/// The values of a list that commas separate.
pub(super) fn values(list: &str) -> Vec<&str> {
    list.split(',').map(str::trim).filter(|value| !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_be_emptied() {
        assert_eq!(values("mobile, home,"), ["mobile", "home"]);
        assert!(values("").is_empty());
    }
}
