//! Postal addresses whose parts stand in attributes of their own.

use crate::contact::card::{PostalAddress, PostalPart};
use crate::file::ldif::attribute::Place;

/// The addresses of one entry.
#[derive(Default)]
pub(super) struct Addresses {
    work: Parts,
    home: Parts,
}

/// The values of each part, in the order of [`PostalPart::ALL`].
#[derive(Default)]
struct Parts {
    parts: [Vec<String>; 5],
    /// Each with all of its lines.
    whole: Vec<String>,
    office_box: Vec<String>,
}

impl Addresses {
    fn at(&mut self, place: Place) -> &mut Parts {
        match place {
            Place::Work => &mut self.work,
            Place::Home => &mut self.home,
        }
    }

    pub(super) fn take(&mut self, place: Place, part: PostalPart, text: &str) {
        let parts = self.at(place);
        match PostalPart::ALL.iter().position(|known| *known == part) {
            Some(at) => {
                parts.parts.iter_mut().skip(at).take(1).for_each(|of| of.push(text.to_owned()))
            }
            None => parts.whole.push(text.to_owned()),
        }
    }

    pub(super) fn take_box(&mut self, place: Place, text: &str) {
        self.at(place).office_box.push(text.to_owned());
    }

    /// The addresses as a card has them. The sites of our entries are localities too.
    pub(super) fn values(&mut self, sites: &[String]) -> Vec<String> {
        let [streets, localities, others @ ..] = &mut self.work.parts;
        let is_alone = streets.is_empty() && others.iter().all(Vec::is_empty);
        if localities.len() > 1 || is_alone {
            localities.retain(|locality| !sites.contains(locality));
        }
        let mut values = self.work.values("work");
        values.extend(self.home.values("home"));
        values
    }
}

impl Parts {
    fn values(&self, kind: &str) -> Vec<String> {
        let [streets, others @ ..] = &self.parts;
        let same = |values: &Vec<String>| values.is_empty() || values.len() == streets.len();
        if streets.len() > 1 && others.iter().all(same) && others.iter().any(|o| !o.is_empty()) {
            let each = streets.iter().enumerate();
            return each.map(|(at, street)| self.address(kind, street, at)).collect();
        }
        let lines: Vec<&str> = streets.iter().chain(&self.office_box).map(String::as_str).collect();
        let mut first = self.address(kind, &lines.join("\n"), 0);
        let mut all = Vec::new();
        let known = PostalAddress::parse(&first).part(PostalPart::Whole).into_owned();
        for whole in self.whole.iter().map(|whole| unescaped(whole)) {
            // The first of them says the parts again, and perhaps a country behind.
            match whole.strip_prefix(&known).filter(|_| !known.is_empty()) {
                Some(rest) => {
                    let country = rest.trim();
                    let old = PostalAddress::parse(&first);
                    if old.country.is_empty() && rest.starts_with('\n') && !country.contains('\n') {
                        first = PostalAddress { country, ..old }.value();
                    }
                }
                None => {
                    all.push(PostalAddress { kind, street: &whole, ..Default::default() }.value())
                }
            }
        }
        all.insert(0, first);
        all.retain(|address| !address.is_empty());
        all
    }

    /// The address of which the parts stand at one place.
    fn address(&self, kind: &str, street: &str, at: usize) -> String {
        let [_, localities, regions, codes, countries] = &self.parts;
        let part = |values: &'_ Vec<String>| values.get(at).cloned().unwrap_or_default();
        PostalAddress {
            kind,
            street,
            locality: &part(localities),
            region: &part(regions),
            code: &part(codes),
            country: &part(countries),
        }
        .value()
    }
}

/// Lines as RFC 4517 3.3.28 has them.
fn unescaped(whole: &str) -> String {
    whole.replace('$', "\n").replace("\\24", "$").replace("\\5C", "\\").replace("\\5c", "\\")
}
