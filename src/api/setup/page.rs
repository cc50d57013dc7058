//! The page that shows a user how to set up each kind of device. It loads nothing and runs no script.

use crate::api::setup::texts::{Language, Texts};
use crate::api::setup::{Setup, escaped};

const STYLE: &str = include_str!("style.css");

/// What the page is made of.
struct Page<'a> {
    setup: &'a Setup,
    texts: &'static Texts,
    codes: &'a Codes,
}

/// QR codes as SVG: what opens DAVx5, and what loads Apple's profile.
pub(super) struct Codes {
    pub(super) davx5: String,
    pub(super) apple: String,
}

/// The page of a user. The style sheet carries the nonce of its policy.
pub(super) fn html(setup: &Setup, language: Language, codes: &Codes, nonce: &str) -> String {
    let texts = language.texts();
    let page = Page { setup, texts, codes };
    let sections = [
        page.warnings(),
        page.account(),
        page.android(),
        page.apple(),
        page.thunderbird(),
        page.others(),
        page.vdirsyncer(),
    ];
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style nonce=\"{nonce}\">\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n<p>{intro}</p>\n</header>\n<main>\n{main}</main>\n</body>\n\
         </html>\n",
        lang = language.code(),
        title = escaped(texts.title),
        intro = escaped(&texts.intro.replace("{}", &setup.name)),
        main = sections.concat(),
    )
}

impl Page<'_> {
    fn warnings(&self) -> String {
        let address = &self.setup.address;
        let texts = [
            (address.is_local(), self.texts.local),
            (!address.secure && !address.is_local(), self.texts.insecure),
        ];
        let shown = texts.iter().filter(|(applies, _)| *applies);
        shown.map(|(_, text)| format!("<p class=\"warn wide\">{}</p>\n", escaped(text))).collect()
    }

    fn account(&self) -> String {
        let Self { setup, texts, .. } = self;
        let list = self.values(texts.address);
        let below = match &setup.password {
            Some(_) => paragraph(texts.once),
            None if setup.makes_passwords => {
                let button = button("qr", texts.make_password, "button");
                paragraph(texts.why_password) + &button
            }
            None => String::new(),
        };
        section(texts.account, "wide", &(list + &below))
    }

    /// Address, user name and password, which every program asks for.
    fn values(&self, address: &str) -> String {
        let Self { setup, texts, .. } = self;
        let password = match &setup.password {
            Some(password) => format!("<code class=\"secret\">{}</code>", escaped(password)),
            None => format!("<span class=\"quiet\">{}</span>", escaped(texts.own_password)),
        };
        let rows = [
            (address, code(&setup.url())),
            (texts.login, code(&setup.login)),
            (texts.password, password),
        ];
        let rows =
            rows.map(|(name, value)| format!("<dt>{}</dt><dd>{value}</dd>\n", escaped(name)));
        format!("<dl>\n{}</dl>\n", rows.concat())
    }

    fn android(&self) -> String {
        let link = link(&self.setup.davx5_url(), self.texts.open_davx5, "button");
        let body = format!("{}\n{}{link}", self.codes.davx5, steps(self.texts.android));
        section("Android · DAVx⁵", "", &body)
    }

    fn apple(&self) -> String {
        let Self { setup, texts, .. } = self;
        let mut body = format!("{}\n{}", self.codes.apple, steps(texts.apple));
        if setup.authority.is_some() {
            body.push_str(&paragraph(texts.apple_trust));
        }
        let mut class = "button";
        if setup.makes_passwords {
            body.push_str(&button("apple.mobileconfig", texts.apple_with_password, class));
            class = "button second";
        }
        body.push_str(&link("apple.mobileconfig", texts.apple_without_password, class));
        let server = code(&setup.address.authority());
        body.push_str(&format!("<p>{}: {server}</p>\n", escaped(texts.apple_by_hand)));
        section("iPhone · iPad · Mac", "", &body)
    }

    fn thunderbird(&self) -> String {
        let Self { setup, texts, .. } = self;
        let mut body = paragraph(texts.thunderbird);
        body.push_str(&self.values(texts.location));
        if setup.authority.is_some() {
            body.push_str(&paragraph(texts.trust));
        }
        section("Thunderbird", "", &body)
    }

    fn others(&self) -> String {
        let rows = self.texts.others.iter().map(|(program, where_)| {
            format!("<dt>{}</dt><dd>{}</dd>\n", escaped(program), escaped(where_))
        });
        let list = format!("<dl>\n{}</dl>\n", rows.collect::<String>());
        section(self.texts.others_title, "", &(paragraph(self.texts.others_what) + &list))
    }

    fn vdirsyncer(&self) -> String {
        let setup = self.setup;
        let quoted = |text: &str| format!("{text:?}");
        let mut lines = vec![
            "[storage ringbook]".to_owned(),
            "type = \"carddav\"".to_owned(),
            format!("url = {}", quoted(&setup.url())),
            format!("username = {}", quoted(&setup.login)),
        ];
        let password = setup.password.as_ref();
        lines.push(format!("password = {}", quoted(password.map_or("…", |secret| secret))));
        if setup.authority.is_some() {
            lines.push("verify = \"ca.crt\"".to_owned());
        }
        let body = format!("<pre>{}</pre>\n", escaped(&lines.join("\n")));
        section("vdirsyncer · khard", "wide", &body)
    }
}

fn section(title: &str, class: &str, body: &str) -> String {
    format!("<section class=\"{class}\">\n<h2>{}</h2>\n{body}</section>\n", escaped(title))
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escaped(text))
}

fn steps(texts: &[&str]) -> String {
    let items = texts.iter().map(|text| format!("<li>{}</li>\n", escaped(text)));
    format!("<ol>\n{}</ol>\n", items.collect::<String>())
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

fn link(url: &str, text: &str, class: &str) -> String {
    format!("<a class=\"{class}\" href=\"{}\">{}</a>\n", escaped(url), escaped(text))
}

/// A button that asks the server to make something.
fn button(url: &str, text: &str, class: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{}\"><button class=\"{class}\">{}</button></form>\n",
        escaped(url),
        escaped(text)
    )
}
