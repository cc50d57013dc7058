//! The listeners' organization: what was set of it, and what is assumed where nothing was.

use crate::account::OrganizationSettings;
use crate::contact::OrganizationId;
use crate::contact::derived::NameOrder;
use crate::contact::number::Numbering;

/// Region and language where neither configuration nor locale says anything.
const REGION: &str = "DE";
const LANGUAGE: &str = "de";

/// What was set of the organization; None: leave it as it is, or assume the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganizationKeys {
    pub id: Option<OrganizationId>,
    pub name: Option<String>,
    pub domain: Option<String>,
    pub suffix: Option<String>,
    pub region: Option<String>,
    pub area_code: Option<String>,
    pub language: Option<String>,
    pub name_order: Option<NameOrder>,
    pub outside_line: Option<String>,
}

/// What the environment says of the place where the daemon runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locale {
    region: Option<String>,
    language: Option<String>,
}

impl Locale {
    /// Reads `LC_ALL`, else `LANG`, in the form `de_DE.UTF-8`.
    pub fn of(environment: &[(String, String)]) -> Self {
        let find = |name| environment.iter().find(|(found, _)| found == name);
        let mut set =
            ["LC_ALL", "LANG"].into_iter().filter_map(find).map(|(_, value)| value.as_str());
        let locale = set.find(|value| !value.is_empty()).unwrap_or_default();
        let plain = locale.split(['.', '@']).next().unwrap_or_default();
        let Some((language, region)) = plain.split_once('_') else { return Self::default() };
        let letters = |text: &str| text.bytes().all(|c| c.is_ascii_lowercase());
        Self {
            language: (matches!(language.len(), 2..=3) && letters(language))
                .then(|| language.to_owned()),
            region: Numbering::new(region, "", "").is_ok().then(|| region.to_owned()),
        }
    }
}

impl OrganizationKeys {
    /// The id of the listeners' organization.
    pub fn id(&self) -> OrganizationId {
        self.id.clone().unwrap_or_else(|| OrganizationId::from("main"))
    }

    /// The organization to make at the first start.
    pub fn first(&self, locale: &Locale) -> OrganizationSettings {
        let or = |found: &Option<String>, assumed: &str| {
            found.clone().unwrap_or_else(|| assumed.to_owned())
        };
        let mut settings = OrganizationSettings {
            name: "Ringbook".to_owned(),
            domain: "localhost".to_owned(),
            suffix: "dc=ringbook".to_owned(),
            region: or(&locale.region, REGION),
            language: or(&locale.language, LANGUAGE),
            ..OrganizationSettings::new(self.id())
        };
        self.apply(&mut settings);
        settings
    }

    /// Puts what was set over an organization, new or kept.
    pub fn apply(&self, settings: &mut OrganizationSettings) {
        let texts = [
            (&self.name, &mut settings.name),
            (&self.domain, &mut settings.domain),
            (&self.suffix, &mut settings.suffix),
            (&self.region, &mut settings.region),
            (&self.area_code, &mut settings.area_code),
            (&self.language, &mut settings.language),
            (&self.outside_line, &mut settings.outside_line),
        ];
        for (set, setting) in texts {
            if let Some(text) = set {
                setting.clone_from(text);
            }
        }
        if let Some(name_order) = self.name_order {
            settings.name_order = name_order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], region: &str, language: &str) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let locale = Locale::of(&variables.iter().map(owned).collect::<Vec<_>>());
        let settings = OrganizationKeys::default().first(&locale);
        assert_eq!((&*settings.region, &*settings.language), (region, language), "{variables:?}");
    }

    #[test]
    fn region_and_language_come_from_the_locale() {
        check(&[("LANG", "pl_PL.UTF-8")], "PL", "pl");
        check(&[("LANG", "pl_PL.UTF-8"), ("LC_ALL", "en_US")], "US", "en");
        check(&[("LANG", "sr_RS@latin")], "RS", "sr");
        for none in ["C", "POSIX", "C.UTF-8", "", "de", "en_001.UTF-8 "] {
            check(&[("LC_ALL", none)], "DE", if none.starts_with("en") { "en" } else { "de" });
        }
        check(&[], "DE", "de");
    }

    #[test]
    fn what_was_set_wins_and_the_rest_stays() {
        let keys = OrganizationKeys { region: Some("AT".to_owned()), ..Default::default() };
        let mut settings = OrganizationKeys::default().first(&Locale::default());
        "Kept".clone_into(&mut settings.name);
        keys.apply(&mut settings);
        assert_eq!((&*settings.region, &*settings.name), ("AT", "Kept"));
    }
}
