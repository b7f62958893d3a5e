//! Text with wildcards (PS3.4 section C.2.2.2.4): `*` for any number of signs, `?` for one.

/// A text to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<char>);

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self(text.chars().collect())
    }

    /// Whether it stands for one text only.
    pub(super) fn literal(&self) -> Option<String> {
        let wild = self.0.iter().any(|sign| matches!(sign, '*' | '?'));
        (!wild).then(|| self.0.iter().collect())
    }

    /// Whether a text is one of those that it stands for. Takes time with the product of both lengths at most.
    pub(super) fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut from) = (0, 0);
        // Where the last star stood, and how far the text was then.
        let mut star: Option<(usize, usize)> = None;
        while let Some(sign) = text.get(from) {
            match self.0.get(at) {
                Some('*') => {
                    star = Some((at, from));
                    at += 1;
                }
                Some(wanted) if *wanted == '?' || wanted == sign => {
                    at += 1;
                    from += 1;
                }
                _ => {
                    let Some((back, taken)) = star else {
                        return false;
                    };
                    star = Some((back, taken + 1));
                    (at, from) = (back + 1, taken + 1);
                }
            }
        }
        self.0.iter().skip(at).all(|rest| *rest == '*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_what_the_standard_says() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("A*", "ABC", true),
            ("*C", "ABC", true),
            ("A?C", "ABC", true),
            ("A?C", "AC", false),
            ("*B*", "ABC", true),
            ("a*", "ABC", false),
            ("山*", "山田^太郎", true),
            ("*a*b", "aabab", true),
            ("A[BC]", "AB", false),
            ("", "A", false),
        ] {
            assert_eq!(Pattern::new(pattern).fits(text), fits, "{pattern} {text}");
        }
        let many = "*a".repeat(30);
        assert!(
            !Pattern::new(&(many + "b")).fits(&"a".repeat(60)),
            "and in time"
        );
    }
}
