//! What form of an answer is wanted: `Accept`, or the query `accept` that stands for it (PS3.18 section 8.3.3.1).
//!
//! Sans-IO. Owns reading media ranges with their parameters (RFC 9110 section 12.5.1, RFC 2387) and whether one of them takes what
//! we have. Nobody who asks for nothing in particular is refused.

use axum::http::{HeaderMap, header};

/// Media ranges that are looked at; clients name some ten.
const MAX_RANGES: usize = 64;

/// One media range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    /// As it is named, in small letters.
    media: String,
    /// What the parts of a multipart have, where it says so.
    of: Option<String>,
    /// Transfer syntax: a UID, `*`, or not said.
    syntax: Option<String>,
}

/// What is wanted, the most wanted first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted(Vec<Range>);

/// How something is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapped {
    /// In a multipart body.
    Parts,
    /// By itself.
    Bare,
}

impl Wanted {
    pub(super) fn of(headers: &HeaderMap, query: Option<&str>) -> Self {
        let named = query.and_then(named_in_query);
        let text = named.unwrap_or_else(|| {
            let lines = headers.get_all(header::ACCEPT).iter();
            let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
            lines.join(",")
        });
        Self::read(&text)
    }

    fn read(text: &str) -> Self {
        let mut ranges: Vec<(u32, Range)> = split(text, ',')
            .take(MAX_RANGES)
            .filter_map(range)
            .filter(|(weight, _)| *weight > 0)
            .collect();
        ranges.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        if text.trim().is_empty() {
            ranges.push((1, any()));
        }
        Self(ranges.into_iter().map(|(_, range)| range).collect())
    }

    /// Whether this media type is taken by itself.
    pub(super) fn takes(&self, media: &str) -> bool {
        self.0.iter().any(|range| covers(&range.media, media))
    }

    /// The first of these media types that is taken by itself.
    pub(super) fn first<'a>(&self, have: &[&'a str]) -> Option<&'a str> {
        self.0.iter().find_map(|range| {
            have.iter()
                .find(|media| covers(&range.media, media))
                .copied()
        })
    }

    /// How something of a media type, stored in a syntax, is taken. Whoever names no syntax gets what there is.
    pub(super) fn wraps(&self, media: &str, syntax: &str) -> Option<Wrapped> {
        self.0.iter().find_map(|range| {
            let same = range
                .syntax
                .as_deref()
                .is_none_or(|wanted| wanted == "*" || wanted == syntax);
            if !same {
                return None;
            }
            if range.media == "*/*" {
                return Some(Wrapped::Parts);
            }
            if range.media == "multipart/related" {
                let of = range.of.as_deref().unwrap_or("*/*");
                return covers(of, media).then_some(Wrapped::Parts);
            }
            covers(&range.media, media).then_some(Wrapped::Bare)
        })
    }

    /// How uncompressed bytes are taken, by whoever asks for them and not for what is stored.
    pub(super) fn wraps_uncompressed(&self) -> Option<Wrapped> {
        const EXPLICIT_LE: &str = "1.2.840.10008.1.2.1";
        const BYTES: &str = "application/octet-stream";
        self.0.iter().find_map(|range| {
            if !matches!(range.syntax.as_deref(), None | Some(EXPLICIT_LE)) {
                return None;
            }
            match (range.media.as_str(), range.of.as_deref()) {
                ("multipart/related", Some(BYTES)) => Some(Wrapped::Parts),
                (BYTES, _) => Some(Wrapped::Bare),
                _ => None,
            }
        })
    }
}

fn any() -> Range {
    Range {
        media: "*/*".to_owned(),
        of: None,
        syntax: None,
    }
}

/// Weight in thousandths, and the range.
fn range(text: &str) -> Option<(u32, Range)> {
    let mut parts = split(text, ';');
    let media = parts.next()?.trim().to_ascii_lowercase();
    if !media.contains('/') {
        return None;
    }
    let (mut weight, mut of, mut syntax) = (1_000, None, None);
    for part in parts {
        let Some((name, value)) = part.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => weight = thousandths(value),
            "type" => of = Some(value.to_ascii_lowercase()),
            "transfer-syntax" => syntax = Some(value.to_owned()),
            _ => {}
        }
    }
    Some((weight, Range { media, of, syntax }))
}

fn thousandths(text: &str) -> u32 {
    let weight: f64 = text.parse().unwrap_or(0.0);
    // At most 1 (RFC 9110 section 12.4.2).
    (weight.clamp(0.0, 1.0) * 1_000.0) as u32
}

/// Whether a range takes a media type.
fn covers(range: &str, media: &str) -> bool {
    if range == "*/*" || range == "*" || range == media {
        return true;
    }
    // Both names mean DICOM JSON.
    if range == "application/json" && media == "application/dicom+json" {
        return true;
    }
    range
        .strip_suffix("/*")
        .is_some_and(|kind| media.split('/').next() == Some(kind))
}

/// Splits outside of quotes.
fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |sign| {
        quoted ^= sign == '"';
        sign == at && !quoted
    })
}

/// The query `accept`, decoded.
fn named_in_query(query: &str) -> Option<String> {
    let uri = format!("/?{query}").parse().ok()?;
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri).ok()?;
    let named = query.0.into_iter().find(|(name, _)| name == "accept");
    named.map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASELINE: &str = "1.2.840.10008.1.2.4.50";

    #[test]
    fn whoever_asks_for_nothing_gets_what_there_is() {
        for text in ["", "*/*", "text/html, */*;q=0.1"] {
            assert!(Wanted::read(text).takes("application/dicom+json"), "{text}");
            assert_eq!(
                Wanted::read(text).wraps("image/jpeg", BASELINE),
                Some(Wrapped::Parts)
            );
        }
        assert!(Wanted::read("application/json").takes("application/dicom+json"));
        assert!(!Wanted::read("application/dicom+xml").takes("application/dicom+json"));
        assert!(!Wanted::read("*/*;q=0").takes("image/png"));
    }

    #[test]
    fn parts_and_syntaxes_are_taken_as_they_are_named() {
        let wraps = |text: &str| Wanted::read(text).wraps("application/dicom", BASELINE);
        let related = "multipart/related; type=\"application/dicom\"";
        assert_eq!(wraps(related), Some(Wrapped::Parts));
        assert_eq!(
            wraps(&format!("{related}; transfer-syntax=*")),
            Some(Wrapped::Parts)
        );
        assert_eq!(
            wraps(&format!("{related}; transfer-syntax={BASELINE}")),
            Some(Wrapped::Parts)
        );
        assert_eq!(
            wraps(&format!("{related}; transfer-syntax=1.2.840.10008.1.2.1")),
            None
        );
        assert_eq!(wraps("application/dicom"), Some(Wrapped::Bare));
        assert_eq!(wraps("multipart/related; type=\"image/jpeg\""), None);
        let or = format!(
            "{related}; transfer-syntax=1.2.3, {related}; transfer-syntax={BASELINE};q=0.5"
        );
        assert_eq!(wraps(&or), Some(Wrapped::Parts));
    }

    #[test]
    fn uncompressed_is_asked_for_by_its_name() {
        let asks = |text: &str| Wanted::read(text).wraps_uncompressed();
        let related = "multipart/related; type=\"application/octet-stream\"";
        assert_eq!(asks(related), Some(Wrapped::Parts));
        assert_eq!(
            asks(&format!("{related}; transfer-syntax=1.2.840.10008.1.2.1")),
            Some(Wrapped::Parts)
        );
        assert_eq!(
            asks(&format!("{related}; transfer-syntax=*")),
            None,
            "what is stored is fine"
        );
        assert_eq!(asks("application/octet-stream"), Some(Wrapped::Bare));
        assert_eq!(asks("*/*"), None);
    }

    #[test]
    fn the_most_wanted_comes_first_and_the_query_stands_for_the_header() {
        let wanted = Wanted::read("image/png;q=0.5, image/jpeg");
        assert_eq!(
            wanted.first(&["image/png", "image/jpeg"]),
            Some("image/jpeg")
        );
        let wanted = Wanted::of(&HeaderMap::new(), Some("frame=1&accept=image%2Fpng"));
        assert_eq!(
            wanted.first(&["image/jpeg", "image/png"]),
            Some("image/png")
        );
        assert_eq!(wanted.first(&["image/jpeg"]), None);
    }
}
