//! Groups of lines, and the labels (`X-ABLabel`) that Apple and Google give them.

use std::collections::HashMap;

use crate::vcard::property::Property;

/// The groups of a card by their names in lower case.
pub(super) struct Groups {
    groups: HashMap<String, Group>,
    /// The last number that a new group was given.
    last: usize,
}

#[derive(Default)]
struct Group {
    /// The label and where among the properties it stands.
    label: Option<(usize, String)>,
    /// How many lines other than the label there are.
    lines: usize,
}

impl Groups {
    pub(super) fn of(properties: &[Property]) -> Self {
        let mut groups: HashMap<String, Group> = HashMap::new();
        for (at, property) in properties.iter().enumerate() {
            let Some(key) = property.group_key() else { continue };
            let group = groups.entry(key).or_default();
            if property.is("X-ABLABEL") {
                group.label = Some((at, property.text()));
            } else {
                group.lines += 1;
            }
        }
        Self { groups, last: 0 }
    }

    fn group(&self, property: &Property) -> Option<&Group> {
        self.groups.get(&property.group_key()?)
    }

    /// The label of a property.
    pub(super) fn label(&self, property: &Property) -> Option<&str> {
        self.group(property)?.label.as_ref().map(|(_, label)| label.as_str())
    }

    /// Where the label of a property stands that is of this property alone.
    pub(super) fn own_label(&self, property: &Property) -> Option<usize> {
        let group = self.group(property)?;
        group.label.as_ref().filter(|_| group.lines == 1).map(|(at, _)| *at)
    }

    /// Gives a property a label, in its own group where that is not shared, else in a new one.
    pub(super) fn give_label(&mut self, property: &mut Property, label: &str) -> Property {
        let free = self.group(property).is_some_and(|g| g.label.is_none() && g.lines == 1);
        if !free {
            property.group = self.fresh();
        }
        let mut line = Property::new(&property.group, "X-ABLabel", String::new());
        line.set_text(label);
        line
    }

    fn fresh(&mut self) -> String {
        loop {
            self.last += 1;
            let name = format!("item{}", self.last);
            if !self.groups.contains_key(&name) {
                return name;
            }
        }
    }
}
