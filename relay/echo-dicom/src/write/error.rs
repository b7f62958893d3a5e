//! What can go wrong between pictures and a DICOM file, named by the step that failed.
//!
//! Owns the error type of the writing half. Messages carry attribute names, frame numbers and sizes, never a value:
//! it may be a patient's name. Callers show the text and use `step` as a stable key.

use std::error::Error;

/// An object that cannot be written. The variant is the step that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// An identity, a code or words that do not fit their attribute.
    #[error("the attribute {field} {fault}")]
    Text {
        /// The attribute's keyword.
        field: &'static str,
        /// What is wrong with it.
        fault: TextFault,
    },
    /// The number of frames, or a frame's form, makes no clip.
    #[error("these frames make no clip: {0}")]
    Frames(String),
    /// One frame has another size or another kind of pixels than the first.
    #[error("frame {} is {found}, the first is {first}", index + 1)]
    UnequalFrame {
        /// The frame, from 0.
        index: u32,
        /// What it is.
        found: String,
        /// What the first frame is.
        first: String,
    },
    /// Whoever gives the frames could not give one.
    #[error("frame {} could not be had", index + 1)]
    Feed {
        /// The frame, from 0.
        index: u32,
        /// Its reason.
        source: Box<dyn Error + Send + Sync>,
    },
    /// One frame could not be coded.
    #[error("coding frame {} as {codec} failed: {fault}", index + 1)]
    Code {
        /// The frame, from 0.
        index: u32,
        /// The coding.
        codec: &'static str,
        /// What is wrong.
        fault: String,
    },
    /// The times do not fit the frames or each other.
    #[error("the frame times cannot be written: {0}")]
    Times(String),
    /// A region cannot belong to the picture.
    #[error("region {} cannot be written: {fault}", index + 1)]
    Region {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A mark or a measurement cannot be put over its picture.
    #[error("mark {} cannot be written: {fault}", index + 1)]
    Mark {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The object would be larger than any that this crate reads.
    #[error("the object would be larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The attributes could not be put into bytes.
    #[error("building the header failed")]
    Header(#[source] Box<dyn Error + Send + Sync>),
    /// The bytes could not be written.
    #[error("writing the bytes failed")]
    Write(#[from] std::io::Error),
}

impl WriteError {
    /// A short stable key for the step that failed, for logs, metrics and problem codes.
    #[must_use]
    pub fn step(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Frames(_) | Self::UnequalFrame { .. } => "frames",
            Self::Feed { .. } => "feed",
            Self::Code { .. } => "code",
            Self::Times(_) => "times",
            Self::Region { .. } => "region",
            Self::Mark { .. } => "mark",
            Self::TooLarge { .. } => "too-large",
            Self::Header(_) => "header",
            Self::Write(_) => "write",
        }
    }

    pub(super) fn header(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Header(Box::new(error))
    }
}

/// Why words do not fit an attribute, as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextFault {
    /// More characters than the value representation allows (PS3.5 section 6.2).
    #[error("has more than {limit} characters")]
    TooLong {
        /// The limit in characters.
        limit: usize,
    },
    /// A control character.
    #[error("holds a control character")]
    Control,
    /// A character that separates values, groups or components.
    #[error("holds a character that separates values")]
    Separator,
    /// Nothing, where something must be.
    #[error("is empty")]
    Empty,
    /// Other characters than its value representation allows.
    #[error("holds characters that it may not hold")]
    Repertoire,
}
