//! Unique identifiers (PS3.5 section 9).
//!
//! Owns the form of a UID and the way from a UUID to one. It draws none: whoever needs a new UID draws the UUID.

use serde::{Deserialize, Serialize};

use crate::syntax::is_uid;

/// A UID: 1 to 64 digits and dots, also when another process says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uid(String);

impl TryFrom<String> for Uid {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("this is no UID")
    }
}

impl From<Uid> for String {
    fn from(uid: Uid) -> Self {
        uid.0
    }
}

impl Uid {
    /// The UID of a UUID: `2.25.` and the UUID as one decimal number (PS3.5 Annex B.2).
    ///
    /// ```
    /// let uid = echo_dicom::write::Uid::from_uuid(0xF81D4FAE_7DEC_11D0_A765_00A0C91E6BF6);
    /// assert_eq!(uid.as_str(), "2.25.329800735698586629295641978511506172918");
    /// ```
    #[must_use]
    pub fn from_uuid(uuid: u128) -> Self {
        Self(format!("2.25.{uuid}"))
    }

    /// A UID that another system gave. Some write components with leading zeros: they pass, because a reference
    /// must name the object as its maker did.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_uid(text).then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
