//! View labels and their codes (PS3.16 CID 12226 "Echocardiography Image View").
//!
//! Owns which code a view label has. CID 12226 names neither the subcostal four chamber view nor that of the
//! inferior vena cava; both are looked at from below the ribs along the long axis, so they are coded as that and
//! told apart by Image Comments (0020,4000), which carry the label itself. View Name (0008,2127) would say that the
//! picture belongs to a staged protocol.

use super::code::Code;

/// Which section of the heart a picture shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ViewLabel {
    /// Parasternal long axis.
    Plax,
    /// Parasternal short axis.
    Psax,
    /// Apical four chamber.
    A4c,
    /// Apical two chamber.
    A2c,
    /// Apical three chamber, also called apical long axis.
    A3c,
    /// Subcostal four chamber.
    Sc4c,
    /// Inferior vena cava from below the ribs.
    ScIvc,
    /// Another one by its label, without a code; cut at 64 characters.
    Other(String),
}

impl ViewLabel {
    /// The label as it is shown.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Plax => "PLAX",
            Self::Psax => "PSAX",
            Self::A4c => "A4C",
            Self::A2c => "A2C",
            Self::A3c => "A3C",
            Self::Sc4c => "SC4C",
            Self::ScIvc => "SC-IVC",
            Self::Other(label) => label,
        }
    }

    /// Its code, where CID 12226 has one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        let (value, meaning) = match self {
            Self::Plax => ("399139001", "Parasternal long axis"),
            Self::Psax => ("399306005", "Parasternal short axis"),
            Self::A4c => ("399214001", "Apical four chamber"),
            Self::A2c => ("399232001", "Apical two chamber"),
            Self::A3c => ("399339008", "Apical long axis"),
            Self::Sc4c | Self::ScIvc => ("399310008", "Subcostal long axis"),
            Self::Other(_) => return None,
        };
        Some(Code::new(value, "SCT", meaning))
    }
}
