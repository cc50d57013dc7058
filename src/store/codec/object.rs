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

    /// A text that older formats have not.
    pub(super) fn text_or_empty(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// A list that older formats have not.
    pub(super) fn texts_or_none(&self, key: &'static str) -> Decoded<Vec<&str>> {
        if self.has(key) { Ok(self.texts(key)?.collect()) } else { Ok(Vec::new()) }
    }

    pub(super) fn optional(&self, key: &str) -> Option<Box<str>> {
        self.0.get(key).and_then(Value::as_str).map(Into::into)
    }

    /// Whether there is a value that is not null.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|value| !value.is_null())
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.0.get(key).and_then(Value::as_bool)
    }

    pub(super) fn number(&self, key: &'static str) -> Decoded<u64> {
        self.0.get(key).and_then(Value::as_u64).ok_or(Undecodable(key))
    }

    pub(super) fn small_number(&self, key: &'static str) -> Decoded<u32> {
        u32::try_from(self.number(key)?).map_err(|_| Undecodable(key))
    }

    pub(super) fn inner(&self, key: &str) -> Option<Self> {
        self.0.get(key).and_then(Value::as_object).cloned().map(Self)
    }

    /// The objects of a list, which older formats have not.
    pub(super) fn inner_list(&self, key: &str) -> impl Iterator<Item = Self> {
        let list = self.0.get(key).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_object).cloned().map(Self)
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
