//! What became of an operation, as PS3.7 Annex C and for storage PS3.4 section B.2.3 number it.

use crate::limits::MAX_COMMENT_BYTES;

/// A status with its comment for whoever reads the sender's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    code: u16,
    comment: &'static str,
}

impl Status {
    /// Done.
    pub const SUCCESS: Self = Self {
        code: 0x0000,
        comment: "",
    };

    /// No room, or more than may be: sending it again later may work (A700).
    #[must_use]
    pub const fn out_of_resources(comment: &'static str) -> Self {
        Self {
            code: 0xA700,
            comment,
        }
    }

    /// The data set and the command name different objects (A900).
    #[must_use]
    pub const fn does_not_match(comment: &'static str) -> Self {
        Self {
            code: 0xA900,
            comment,
        }
    }

    /// The data set cannot be read (C000).
    #[must_use]
    pub const fn cannot_understand(comment: &'static str) -> Self {
        Self {
            code: 0xC000,
            comment,
        }
    }

    /// A fault of ours (0110).
    #[must_use]
    pub const fn processing_failure(comment: &'static str) -> Self {
        Self {
            code: 0x0110,
            comment,
        }
    }

    /// The peer may not (0124).
    #[must_use]
    pub const fn not_authorized(comment: &'static str) -> Self {
        Self {
            code: 0x0124,
            comment,
        }
    }

    /// Stored, and something about it needs a look (B007). Of the three warnings that PS3.4 Table B.2-1 has, it is the only one that
    /// does not claim that we changed the object; archives take other codes of class Bxxx for failures and send again for ever.
    #[must_use]
    pub const fn stored_with_warning(comment: &'static str) -> Self {
        Self {
            code: 0xB007,
            comment,
        }
    }

    /// Matches follow (FF00); with keys that are not known here (FF01).
    pub(crate) const fn pending(partly: bool) -> Self {
        Self {
            code: if partly { 0xFF01 } else { 0xFF00 },
            comment: "",
        }
    }

    /// Nothing that was asked for could be given (A702).
    pub(crate) const fn none_given(comment: &'static str) -> Self {
        Self {
            code: 0xA702,
            comment,
        }
    }

    /// Not all that was asked for could be given, or not without a warning (B000).
    pub(crate) const fn partly_given(comment: &'static str) -> Self {
        Self {
            code: 0xB000,
            comment,
        }
    }

    /// It cannot be said what is asked for, or it is too much (A701).
    #[must_use]
    pub const fn too_many_matches(comment: &'static str) -> Self {
        Self {
            code: 0xA701,
            comment,
        }
    }

    /// Objects are sent to named applications only (A801).
    pub(crate) const DESTINATION_UNKNOWN: Self = Self {
        code: 0xA801,
        comment: "the move destination is not known here",
    };
    /// The peer wants no more answers (FE00).
    pub(crate) const CANCELLED: Self = Self {
        code: 0xFE00,
        comment: "",
    };
    /// The SOP Instance UID is no UID (0117).
    pub(crate) const INVALID_INSTANCE: Self = Self {
        code: 0x0117,
        comment: "the SOP Instance UID is no UID",
    };
    /// Another class than the presentation context's (0122).
    pub(crate) const CLASS_NOT_SUPPORTED: Self = Self {
        code: 0x0122,
        comment: "not the SOP class of the presentation context",
    };
    /// An operation that we do not do (0211).
    pub(crate) const UNRECOGNIZED_OPERATION: Self = Self {
        code: 0x0211,
        comment: "this server does not do this operation",
    };
    /// A command without what it needs (0212).
    pub(crate) const MISTYPED: Self = Self {
        code: 0x0212,
        comment: "the command lacks what it needs",
    };

    /// The number.
    #[must_use]
    pub const fn code(self) -> u16 {
        self.code
    }

    /// The comment, short enough for VR LO.
    #[must_use]
    pub fn comment(self) -> &'static str {
        self.comment
            .get(..MAX_COMMENT_BYTES)
            .unwrap_or(self.comment)
    }

    /// Whether more answers follow.
    pub(crate) const fn goes_on(self) -> bool {
        matches!(self.code, 0xFF00 | 0xFF01)
    }

    /// Whether the same object may be taken at another time: it is not the object's fault.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        matches!(self.code, 0xA700 | 0x0110)
    }

    /// Whether the object is stored.
    #[must_use]
    pub const fn is_stored(self) -> bool {
        matches!(self.code, 0x0000 | 0xB007)
    }
}
