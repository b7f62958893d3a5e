//! Ids. Each is its own type, so that a stream's id never stands where a consult's belongs.
//!
//! Ids made by a server or client are UUIDs in lower-case hyphenated text; anything else is refused while parsing.
//! `Seq` counts the events of one consult's log from 1.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use ts_rs::TS;
use uuid::Uuid;

/// An id that is not a lower-case hyphenated UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a lower-case UUID such as 0b9f8a0e-2f57-4f0e-9d0a-5f2f3c1d7e44")]
pub struct NotAnId;

/// Declares a UUID newtype; the TypeScript type is branded with the same name.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $brand:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[ts(export_to = "ids.ts")]
        #[serde(try_from = "String", into = "String")]
        #[ts(type = $brand)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that the caller made or stored.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// A fresh random id.
            #[must_use]
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// The bare UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let uuid = Uuid::try_parse(text).map_err(|_| NotAnId)?;
                // One spelling per id: upper case, braces and the bare 32 digits are refused.
                let mut buffer = Uuid::encode_buffer();
                if uuid.hyphenated().encode_lower(&mut buffer) != text {
                    return Err(NotAnId);
                }
                Ok(Self(uuid))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.hyphenated())
            }
        }
    };
}

id!(
    /// One case of the library.
    CaseId,
    "string & { readonly __id: \"CaseId\" }"
);
id!(
    /// A depth scale that somebody marked in a picture, made by the page that calibrated.
    ScaleId,
    "string & { readonly __id: \"ScaleId\" }"
);
id!(
    /// A request for help and its live meeting (相談).
    ConsultId,
    "string & { readonly __id: \"ConsultId\" }"
);
id!(
    /// One live picture of one publisher in one consult. It stays the same when that publisher comes back.
    StreamId,
    "string & { readonly __id: \"StreamId\" }"
);
id!(
    /// Somebody with an account.
    PersonId,
    "string & { readonly __id: \"PersonId\" }"
);
id!(
    /// An enrolled device with a capture agent.
    DeviceId,
    "string & { readonly __id: \"DeviceId\" }"
);
id!(
    /// One person's (or device's) connection to a consult, from sign-in to sign-out; a socket may drop and resume within it.
    SessionId,
    "string & { readonly __id: \"SessionId\" }"
);
id!(
    /// One mark; made by the client that draws it, so that sending it twice is harmless.
    AnnotationId,
    "string & { readonly __id: \"AnnotationId\" }"
);
id!(
    /// One saved or imported clip or still; made by whoever presses save, or by the device.
    ClipId,
    "string & { readonly __id: \"ClipId\" }"
);
id!(
    /// One consent to the recording of voices; made by the page that sets it.
    ConsentId,
    "string & { readonly __id: \"ConsentId\" }"
);
id!(
    /// One shared freeze; made by the client that freezes.
    FreezeId,
    "string & { readonly __id: \"FreezeId\" }"
);

/// Position of an event in one consult's log; the first event is 1 and `Seq::START` means "nothing seen yet".
/// Stays below 2^53, so that JavaScript numbers hold it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS,
)]
#[ts(export_to = "ids.ts")]
#[serde(transparent)]
#[ts(type = "number")]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = ConsultId::random();
        assert_eq!(id.to_string().parse::<ConsultId>(), Ok(id));
        for wrong in [
            id.to_string().to_uppercase(),
            format!("{{{id}}}"),
            id.uuid().simple().to_string(),
            format!(" {id}"),
            String::new(),
        ] {
            assert_eq!(wrong.parse::<ConsultId>(), Err(NotAnId), "{wrong:?} passed");
        }
    }

    #[test]
    fn an_id_in_json_is_its_text() {
        let id = StreamId::random();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<StreamId>(&json).unwrap(), id);
    }
}
