//! Names of applications in a DICOM network (PS3.5 section 6.2, VR AE).

use std::fmt;
use std::str::FromStr;

/// Longest name.
const MAX_BYTES: usize = 16;

/// An application entity title: 1 to 16 printable ASCII characters but the backslash, without spaces around.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AeTitle(String);

/// This is no title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an AE title has 1 to 16 ASCII characters without a backslash, for example HIBIKI")]
pub struct TitleFault;

impl FromStr for AeTitle {
    type Err = TitleFault;

    fn from_str(text: &str) -> Result<Self, TitleFault> {
        let text = text.trim_matches(' ');
        let is_plain = |byte: u8| (0x20..0x7F).contains(&byte) && byte != b'\\';
        if (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TitleFault)
        }
    }
}

impl fmt::Display for AeTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AeTitle {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_around_a_title_mean_nothing_and_what_is_no_title_is_refused() {
        let title: AeTitle = "  VSCAN AIR ".parse().unwrap();
        assert_eq!(title.as_str(), "VSCAN AIR");
        for wrong in ["", "   ", "SEVENTEEN_LETTERS", "A\\B", "超音波", "A\nB"] {
            assert_eq!(wrong.parse::<AeTitle>(), Err(TitleFault), "{wrong:?}");
        }
    }
}
