//! Reads JSON objects, and says which key is wrong.

use serde_json::{Map, Value};

use crate::contact::Timestamp;
use crate::store::codec::{Decoded, Undecodable};

pub(super) struct Object(Map<String, Value>);

impl Object {
    pub(super) fn parse(text: &str) -> Decoded<Self> {
        match serde_json::from_str(text) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            _ => Err(Undecodable("JSON")),
        }
    }

    pub(super) fn text(&self, key: &'static str) -> Decoded<&str> {
        self.0.get(key).and_then(Value::as_str).ok_or(Undecodable(key))
    }

    pub(super) fn optional(&self, key: &str) -> Option<Box<str>> {
        self.0.get(key).and_then(Value::as_str).map(Into::into)
    }

    pub(super) fn time(&self, key: &'static str) -> Decoded<Timestamp> {
        self.optional_time(key).ok_or(Undecodable(key))
    }

    pub(super) fn optional_time(&self, key: &str) -> Option<Timestamp> {
        self.0.get(key).and_then(Value::as_i64).map(Timestamp)
    }

    pub(super) fn texts(&self, key: &'static str) -> Decoded<impl Iterator<Item = &str>> {
        let list = self.0.get(key).and_then(Value::as_array).ok_or(Undecodable(key))?;
        Ok(list.iter().filter_map(Value::as_str))
    }
}
