//! Why nothing can be sent on.

use crate::auth::PrivateFileError;
use thiserror::Error;

/// Sending on cannot begin. No message repeats a secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ForwardError {
    /// The file of secrets.
    #[error("forward.secrets_file: {0}")]
    File(#[source] PrivateFileError),
    /// What stands in it.
    #[error("forward.secrets_file: line {0} is not NAME=Basic … or NAME=Bearer …")]
    Line(usize),
    /// A secret for nobody.
    #[error("forward.secrets_file: line {0} is for no destination of forward.to with https://")]
    Nobody(usize),
    /// It could be read on the way.
    #[error(
        "forward.secrets_file: line {0} would travel in the clear; name the destination with https://"
    )]
    InTheClear(usize),
    /// No certificates to trust.
    #[error("destinations over HTTPS cannot be reached: {0}")]
    Tls(#[source] reqwest::Error),
}
