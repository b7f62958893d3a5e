//! Questions about the archive: what is asked, what matches it, and the form of an answer (PS3.4 section C.2.2.2).
//!
//! ```text
//! QIDO-RS, C-FIND ──► Query (level, keys, returns) ──► Catalogue ──► Vec<DataSet>
//! ```
//!
//! `attributes` lists what is searched and returned at which level, `matching` judges a value by a key, `pattern` wildcards, `fold`
//! makes spellings of a name alike, `data_set` is an answer. No IO here, no SQL, no HTTP and no DIMSE: both doors ask in these words.
//! Invariant: only this folder judges whether something matches; whatever the database narrows by, it never decides.

mod attributes;
mod data_set;
mod fold;
mod matching;
mod pattern;

pub(in crate::archive) use attributes::always;
pub use attributes::{ATTRIBUTES, Attribute, Level, attribute, tags_of};
pub use data_set::DataSet;
pub(in crate::archive) use data_set::{name, texts_in};
pub use dicom_core::{Tag, VR};
pub use matching::{KeyFault, Match};

/// Most answers to one question; whoever wants more asks on with an offset.
pub const MAX_ANSWERS: usize = 10_000;
/// Most keys of one question: more than there are attributes that could match.
pub const MAX_KEYS: usize = 64;

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What the answers are.
    pub level: Level,
    /// All of these match. Keys of attributes that are not searched at this level say nothing.
    pub keys: Vec<(Tag, Match)>,
    /// What an answer holds.
    pub returns: Returns,
    /// At most so many answers, and at most `MAX_ANSWERS`.
    pub limit: usize,
    /// So many are left out before the first.
    pub offset: usize,
}

/// What an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Returns {
    /// What is kept for this level and those above it.
    All,
    /// These, as far as they are kept; the UIDs of the level and of those above it are always there.
    Only(Vec<Tag>),
}

impl Query {
    /// Everything at a level.
    #[must_use]
    pub const fn all(level: Level) -> Self {
        Self {
            level,
            keys: Vec::new(),
            returns: Returns::All,
            limit: MAX_ANSWERS,
            offset: 0,
        }
    }

    /// With one more key.
    #[must_use]
    pub fn with(mut self, tag: Tag, key: Match) -> Self {
        self.keys.push((tag, key));
        self
    }

    /// The UIDs that a key asks for, if one does.
    #[must_use]
    pub fn uids(&self, tag: Tag) -> Option<&[String]> {
        self.keys.iter().find_map(|(key, wanted)| match wanted {
            Match::Uids(uids) if *key == tag => Some(uids.as_slice()),
            _ => None,
        })
    }

    /// Whether a tag is in the answers.
    #[must_use]
    pub fn returns(&self, tag: Tag) -> bool {
        match &self.returns {
            Returns::All => true,
            Returns::Only(tags) => tags.contains(&tag) || self.level.uids().contains(&tag),
        }
    }
}
