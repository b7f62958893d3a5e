//! The forms a page takes in front of people: on a phone, an iPad upright and lying, and a desk, in both languages.
//!
//! A device is opened once and its page then resized and switched to the other language, as people turn a tablet: opening a
//! page is most of what a look at it costs. Callers: the stories that look at screens.

use anyhow::Result;
use stories::browser::{Page, Screen};
use stories::wait::secs;

/// Where the panels have the least room.
pub(super) const LEAST_ROOM: &str = "phone-ja";

/// What a window is like at one look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    size: &'static str,
    pub(super) width: u32,
    height: u32,
    pub(super) language: &'static str,
}

impl Form {
    /// As in the names of snapshots and screenshots.
    pub(super) fn name(&self) -> String {
        format!("{}-{}", self.size, self.language)
    }
}

/// What people hold or sit at: how it opens, and the forms it then takes.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) screen: Screen,
    pub(super) forms: Vec<Form>,
}

const HELD: &[(&str, u32, u32)] = &[
    ("phone", 390, 844),
    ("ipad", 820, 1180),
    ("ipad-lying", 1180, 820),
];
const AT_A_DESK: &[(&str, u32, u32)] = &[("desk", 1440, 900)];

/// One that is touched and opens in Japanese, and one with a mouse that opens in English.
pub(super) fn devices() -> [Device; 2] {
    [
        device(HELD, true, ["ja", "en"], "ja-JP"),
        device(AT_A_DESK, false, ["en", "ja"], "en-GB"),
    ]
}

fn device(
    sizes: &[(&'static str, u32, u32)],
    touch: bool,
    languages: [&'static str; 2],
    locale: &'static str,
) -> Device {
    let forms: Vec<Form> = languages
        .iter()
        .flat_map(|language| {
            sizes.iter().map(|&(size, width, height)| Form {
                size,
                width,
                height,
                language,
            })
        })
        .collect();
    let (width, height) = sizes.first().map_or((0, 0), |&(_, w, h)| (w, h));
    Device {
        screen: Screen {
            width,
            height,
            locale,
            touch,
        },
        forms,
    }
}

/// Resizes the window and lets the page speak the language, by the button that a person would press.
pub(super) async fn takes_form(page: &Page, form: Form) -> Result<()> {
    page.resize(form.width, form.height).await?;
    let speaks = "(language) => document.documentElement.lang === language";
    if !page.eval::<bool>(speaks, form.language).await? {
        page.click(&format!("button[lang={}]", form.language))
            .await?;
    }
    page.until::<bool>("its language", secs(2), speaks, form.language)
        .await
        .map(drop)
}
