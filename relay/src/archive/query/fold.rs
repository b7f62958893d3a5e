//! Makes spellings of a name alike (PS3.4 section C.2.2.2.1 leaves it to us for person names).
//!
//! Owns what is no difference: case, full-width and half-width letters and katakana, hiragana and katakana, space before and after.
//! Kanji stay as they are: 斎 and 斉 are other people.

/// A group of a name, folded.
pub(super) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut signs = text.trim().chars().peekable();
    while let Some(sign) = signs.next() {
        let sign = match sign {
            '\u{3000}' => ' ',
            '\u{ff01}'..='\u{ff5e}' => shifted(sign, -0xfee0),
            '\u{ff65}'..='\u{ff9d}' => {
                let whole = full_width(sign);
                match signs.peek() {
                    // A voiced mark is a sign of its own there.
                    Some('\u{ff9e}') => {
                        signs.next();
                        if sign == '\u{ff73}' {
                            'ヴ'
                        } else {
                            shifted(whole, 1)
                        }
                    }
                    Some('\u{ff9f}') => {
                        signs.next();
                        shifted(whole, 2)
                    }
                    _ => whole,
                }
            }
            other => other,
        };
        // Hiragana as katakana.
        let sign = match sign {
            '\u{3041}'..='\u{3096}' => shifted(sign, 0x60),
            other => other,
        };
        out.extend(sign.to_lowercase());
    }
    // Components that are empty at the end say nothing.
    out.trim_end_matches(['^', ' ']).to_owned()
}

fn shifted(sign: char, by: i32) -> char {
    u32::from(sign)
        .checked_add_signed(by)
        .and_then(char::from_u32)
        .unwrap_or(sign)
}

/// From JIS X 0201 to the signs that everybody writes.
fn full_width(sign: char) -> char {
    const KANA: &str = "・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";
    let index = u32::from(sign) - 0xff65;
    KANA.chars().nth(index as usize).unwrap_or(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_kana_and_case_are_no_difference_and_kanji_are() {
        for alike in [
            "ﾔﾏﾀﾞ^ﾀﾛｳ",
            "ヤマダ^タロウ",
            "やまだ^たろう",
            " やまだ^たろう^^ ",
        ] {
            assert_eq!(folded(alike), "ヤマダ^タロウ", "{alike}");
        }
        assert_eq!(folded("ＹＡＭＡＤＡ^Tarou"), "yamada^tarou");
        assert_eq!(folded("ﾊﾟｳﾞﾝ"), folded("ぱゔん"));
        assert_ne!(folded("斎藤"), folded("斉藤"));
    }
}
