//! Text in the Japanese character sets, with their code extensions (PS3.5 sections 6.1.2.4, 6.1.2.5 and Annex H; ISO 2022).
//!
//! Owns which set each byte belongs to: ISO_IR 13 (romaji and katakana, one byte), ISO 2022 IR 87 (JIS X 0208) and
//! ISO 2022 IR 159 (JIS X 0212), two bytes each. Which character a pair is, dicom-rs's own tables say; its decoders do not
//! follow the escapes when another set comes first, and know nothing of 159. Invariant: text is read whole or not at all.

use dicom_encoding::text::{SpecificCharacterSet, TextCodec};

const ESCAPE: u8 = 0x1b;

/// What bytes from 0x21 to 0x7E mean (G0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Low {
    /// ASCII or the romaji of JIS X 0201, which differ in two signs that no name has.
    Letters,
    /// The katakana of JIS X 0201, as other systems write them in seven bits.
    Katakana,
    /// Pairs of JIS X 0208.
    Kanji,
    /// Pairs of JIS X 0212.
    MoreKanji,
}

/// Japanese text of a file.
pub(crate) struct Japanese {
    /// Bytes from 0xA1 on (G1) are katakana from the start of each value.
    katakana: bool,
    /// The set of bytes from 0x80 on, where it is not katakana.
    high: Option<SpecificCharacterSet>,
}

impl Japanese {
    /// For the values of Specific Character Set; `None` when none of them is Japanese.
    pub(crate) fn named<'a>(codes: impl Iterator<Item = &'a str>) -> Option<Self> {
        let codes: Vec<&str> = codes.collect();
        let number = |code: &&str| {
            ["ISO_IR ", "ISO 2022 IR ", "ISO_IR_"]
                .iter()
                .find_map(|prefix| code.strip_prefix(prefix))
                .map(str::to_owned)
        };
        let is_japanese =
            |code: &&str| number(code).is_some_and(|it| matches!(&*it, "13" | "87" | "159"));
        if !codes.iter().any(is_japanese) {
            return None;
        }
        let first = codes.first().copied().unwrap_or_default();
        let katakana = number(&first).as_deref() == Some("13");
        let high = if katakana || first.is_empty() || is_japanese(&first) {
            None
        } else {
            SpecificCharacterSet::from_code(first)
        };
        Some(Self { katakana, high })
    }

    /// The text, or `None` when a byte belongs to nothing that is known here.
    pub(crate) fn read(&self, bytes: &[u8]) -> Option<String> {
        let mut text = String::new();
        let (mut low, mut katakana) = (Low::Letters, self.katakana);
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if byte == ESCAPE {
                (low, katakana, rest) = escape(after, low, katakana)?;
                continue;
            }
            rest = after;
            match (byte, low) {
                // A line or page ends, and with it what was escaped to (PS3.5 section 6.1.2.5.3).
                (0..=0x1f, _) => {
                    (low, katakana) = (Low::Letters, self.katakana);
                    text.push(char::from(byte));
                }
                (0x20..=0x7e, Low::Letters) => {
                    // The same where a component or a group of a name ends.
                    if matches!(byte, b'^' | b'=' | b'\\') {
                        katakana = self.katakana;
                    }
                    text.push(char::from(byte));
                }
                (0x21..=0x5f, Low::Katakana) => text.push(kana(byte | 0x80)?),
                (0x21..=0x7e, Low::Kanji | Low::MoreKanji) => {
                    let (second, after) = rest.split_first()?;
                    rest = after;
                    text.push(pair(low, [byte, *second])?);
                }
                (0xa1..=0xdf, _) if katakana => text.push(kana(byte)?),
                (0x80.., _) => {
                    let read = self.high.as_ref()?.decode(&[byte]).ok()?;
                    text.push_str(&read);
                }
                _ => return None,
            }
        }
        Some(text)
    }
}

/// What holds after an escape, and what follows it.
fn escape(after: &[u8], low: Low, katakana: bool) -> Option<(Low, bool, &[u8])> {
    Some(match after {
        [b'(', b'B' | b'J', rest @ ..] => (Low::Letters, katakana, rest),
        [b'(', b'I', rest @ ..] => (Low::Katakana, katakana, rest),
        [b')', b'I', rest @ ..] => (low, true, rest),
        [b'$', b'B' | b'@', rest @ ..] => (Low::Kanji, katakana, rest),
        [b'$', b'(', b'D', rest @ ..] => (Low::MoreKanji, katakana, rest),
        _ => return None,
    })
}

/// A half-width katakana (JIS X 0201).
fn kana(byte: u8) -> Option<char> {
    let after_the_first = u32::from(byte.checked_sub(0xa1)?);
    char::from_u32(0xff61 + after_the_first)
}

/// A character of two bytes.
fn pair(low: Low, [first, second]: [u8; 2]) -> Option<char> {
    let escaped = match low {
        Low::MoreKanji => [&[ESCAPE, b'$', b'(', b'D'][..], &[first, second]].concat(),
        _ => [&[ESCAPE, b'$', b'B'][..], &[first, second]].concat(),
    };
    let set = SpecificCharacterSet::from_code("ISO 2022 IR 87")?;
    let text = set.decode(&escaped).ok()?;
    let mut characters = text.chars();
    let only = characters.next()?;
    (characters.next().is_none() && only != char::REPLACEMENT_CHARACTER && !only.is_control())
        .then_some(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sets: &str, bytes: &[u8]) -> Option<String> {
        Japanese::named(sets.split('\\'))?.read(bytes)
    }

    #[test]
    fn the_examples_of_the_standard_are_read() {
        // PS3.5 section H.3.1.
        let first =
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
        assert_eq!(
            read("\\ISO 2022 IR 87", first).unwrap(),
            "Yamada^Tarou=山田^太郎=やまだ^たろう"
        );
        // PS3.5 section H.3.2: katakana in one byte, romaji after.
        let second = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J";
        assert_eq!(
            read("ISO 2022 IR 13\\ISO 2022 IR 87", second).unwrap(),
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"
        );
    }

    #[test]
    fn katakana_of_one_byte_needs_no_escape() {
        assert_eq!(
            read("ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3").unwrap(),
            "ﾔﾏﾀﾞ^ﾀﾛｳ"
        );
        assert_eq!(read("\\ISO 2022 IR 13", b"\x1b)I\xd4\xcf").unwrap(), "ﾔﾏ");
        assert_eq!(read("\\ISO 2022 IR 87", b"\xd4"), None, "nothing named it");
    }

    #[test]
    fn the_supplementary_kanji_are_read() {
        // 丂, the first ideograph of JIS X 0212.
        assert_eq!(read("\\ISO 2022 IR 159", b"\x1b$(D0!\x1b(B").unwrap(), "丂");
        let both = b"=\x1b$B;3\x1b$(D0!\x1b(B^\x1b$BB@\x1b(B";
        let sets = "\\ISO 2022 IR 87\\ISO 2022 IR 159";
        assert_eq!(read(sets, both).unwrap(), "=山丂^太");
    }

    #[test]
    fn a_european_first_set_keeps_its_letters() {
        let mixed = b"M\xfcller=\x1b$B;3ED\x1b(B";
        assert_eq!(
            read("ISO 2022 IR 100\\ISO 2022 IR 87", mixed).unwrap(),
            "Müller=山田"
        );
    }

    #[test]
    fn half_a_pair_and_unknown_escapes_are_not_read() {
        for bytes in [
            &b"\x1b$B;"[..],
            b"\x1b",
            b"\x1b$",
            b"\x1b$)C\xb1\xe8",
            b"\x1b$B\x7f\x7f",
            b"\x1b$B\x80\x80",
        ] {
            assert_eq!(read("\\ISO 2022 IR 87", bytes), None, "{bytes:?}");
        }
        assert!(Japanese::named(["ISO_IR 192"].into_iter()).is_none());
        assert!(Japanese::named(["ISO_IR 100"].into_iter()).is_none());
    }
}
