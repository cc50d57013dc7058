//! Address labels: lines of their own (LABEL) in vCard 3.0, parameters of ADR in 4.0.

use std::collections::{HashMap, VecDeque};

use crate::vcard::property::Property;
use crate::vcard::text::{parameter_text, parameter_value};

const NO_ADDRESS: &str = ";;;;;;";

/// Puts each LABEL into the address of its kind. One without an address gets an empty one.
pub(super) fn up(properties: &mut Vec<Property>) {
    let mut labels: HashMap<(String, Vec<String>), VecDeque<usize>> = HashMap::new();
    for (at, property) in properties.iter().enumerate().filter(|(_, p)| p.is("LABEL")) {
        labels.entry(kind(property)).or_default().push_back(at);
    }
    if labels.is_empty() {
        return;
    }
    let texts: HashMap<usize, String> = labels
        .values()
        .flatten()
        .filter_map(|at| properties.get(*at).map(|label| (*at, label.text())))
        .collect();
    let mut placed = vec![false; properties.len()];
    for property in properties.iter_mut().filter(|p| p.is("ADR") && p.parameter("LABEL").is_none())
    {
        let label = labels.get_mut(&kind(property)).and_then(VecDeque::pop_front);
        let Some((at, text)) = label.and_then(|at| Some((at, texts.get(&at)?))) else { continue };
        property.put_parameter("LABEL", &parameter_value(text));
        if let Some(placed) = placed.get_mut(at) {
            *placed = true;
        }
    }
    let mut placed = placed.into_iter();
    properties.retain(|_| !placed.next().unwrap_or_default());
    for property in properties.iter_mut().filter(|property| property.is("LABEL")) {
        let text = property.text();
        property.name = "ADR".to_owned();
        property.value = NO_ADDRESS.to_owned();
        property.put_parameter("LABEL", &parameter_value(&text));
    }
}

/// The LABEL of an address; None where it has none. The address goes where only the label is left.
pub(super) fn down(mut property: Property) -> Vec<Property> {
    let Some(label) = property.take_parameter("LABEL") else { return vec![property] };
    // Thunderbird writes `\n` here as if it were a value.
    let text = parameter_text(&label).replace("\\n", "\n");
    let mut line = Property::new(&property.group, "LABEL", String::new());
    line.types.clone_from(&property.types);
    line.set_text(&text);
    if property.value.bytes().all(|byte| byte == b';') { vec![line] } else { vec![property, line] }
}

fn kind(property: &Property) -> (String, Vec<String>) {
    let mut types: Vec<String> = property.types.iter().map(|t| t.to_ascii_lowercase()).collect();
    types.retain(|kind| kind != "pref");
    types.sort_unstable();
    (property.group.to_ascii_lowercase(), types)
}
