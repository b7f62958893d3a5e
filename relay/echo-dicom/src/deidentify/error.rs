//! Why an object could not be freed of its identity, by the step that failed.
//!
//! Owns the error type. No message carries a value of the object.

use crate::error::ClipError;
use crate::write::WriteError;

/// Nothing was made, or nothing that may be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeidentifyError {
    /// The object cannot be read.
    #[error("the object cannot be read: {0}")]
    Read(#[from] ClipError),
    /// The new object cannot be written.
    #[error("the object cannot be written: {0}")]
    Write(#[from] WriteError),
    /// No region says where the heart is, and nobody drew what to keep.
    #[error("no part of the picture is known to be free of names: draw what to keep")]
    NothingKept,
    /// It is of no kind that a case holds.
    #[error("only clips, marks and measurements belong to a case")]
    Kind,
    /// An attribute stands in the object that may not.
    #[error("the attribute {0} may not stand in a case")]
    NotAllowed(dicom_core::Tag),
    /// It has more than the attributes, such as bytes behind the end.
    #[error("there is more in the file than its attributes")]
    More,
    /// There is more drawn or measured on a clip than a person is shown of it, or in a form that no page shows.
    #[error("what is drawn or measured on a clip of a case cannot all be shown")]
    NotShown,
    /// Marks or measurements that we wrote cannot be read back.
    #[error("marks or measurements of a case cannot be read back: {0}")]
    Back(#[source] Box<dyn std::error::Error + Send + Sync>),
}
