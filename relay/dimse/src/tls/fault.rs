//! Why there is no TLS with a peer, in words for the log and for the queue: which step failed, and what to do.

use rustls::{AlertDescription, CertificateError, Error};
use std::io;

/// No TLS. No message names a peer or what its certificate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// It began and did not go on.
    #[error("the peer does not finish the TLS handshake in time")]
    Silent,
    /// It went, or a reset ate its reason.
    #[error("the peer ended the connection in the TLS handshake")]
    Left,
    /// Bytes of something else.
    #[error("what the peer says is no TLS; look whether its port has TLS")]
    NoTls,
    /// Nothing of BCP 195 that both know.
    #[error(
        "the peer speaks neither TLS 1.3 nor TLS 1.2 with AEAD suites; older ones are not spoken here"
    )]
    Old,
    /// Not now.
    #[error(
        "the peer's certificate has expired or is not valid yet; look at it, and at the clock of this machine"
    )]
    Time,
    /// Of somebody unknown.
    #[error(
        "the peer's certificate is of an authority that is not trusted here; see ca and client_ca in [dicom_tls]"
    )]
    Authority,
    /// Of somebody else.
    #[error(
        "the peer's certificate is for another name; write the name that it bears behind /tls="
    )]
    Name,
    /// Taken back, for another use, or broken.
    #[error(
        "the peer's certificate cannot be used: it is revoked, made for another use, or no certificate of a peer"
    )]
    Certificate,
    /// It has to show one and does not.
    #[error("the peer shows no certificate")]
    NoCertificate,
    /// What it wants of us.
    #[error("the peer wants a certificate; name ours in [dicom_tls] certificate and key")]
    WantsOurs,
    /// What it says of ours.
    #[error(
        "the peer does not take our certificate; its operator has to trust the authority of ours"
    )]
    OursRefused,
    /// Either of two, and it does not say which (RFC 5246 section 7.2.2).
    #[error(
        "the peer refuses the TLS handshake: it may want a certificate ([dicom_tls] certificate and key), or other suites"
    )]
    Refused,
    /// The call is to be with TLS and nothing says whom to trust.
    #[error("this program was started without TLS for calls")]
    NotSet,
    /// Anything else.
    #[error("the TLS handshake failed")]
    Broken,
}

impl TlsFault {
    /// Of what reading or writing gave.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        Self::within(error).unwrap_or(Self::Left)
    }

    /// The same; nothing if the connection ended and TLS did not.
    pub(crate) fn within(error: &io::Error) -> Option<Self> {
        let inner = error.get_ref()?.downcast_ref::<Error>()?;
        Some(Self::of(inner))
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::InvalidMessage(_) => Self::NoTls,
            Error::PeerIncompatible(_) => Self::Old,
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::InvalidCertificate(of) => Self::of_certificate(of),
            Error::AlertReceived(alert) => Self::of_alert(*alert),
            _ => Self::Broken,
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::Time,
            // Also one that only has the name of a trusted one.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Authority,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::Name
            }
            _ => Self::Certificate,
        }
    }

    fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::ProtocolVersion | AlertDescription::InsufficientSecurity => Self::Old,
            AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
                Self::WantsOurs
            }
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied => Self::OursRefused,
            AlertDescription::HandshakeFailure => Self::Refused,
            _ => Self::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_apart_from_a_connection_that_ended() {
        let cut: io::Error = io::ErrorKind::UnexpectedEof.into();
        assert_eq!(TlsFault::within(&cut), None);
        assert_eq!(TlsFault::of_io(&cut), TlsFault::Left);
        for (error, fault) in [
            (
                Error::InvalidCertificate(CertificateError::Expired),
                TlsFault::Time,
            ),
            (
                Error::InvalidCertificate(CertificateError::Revoked),
                TlsFault::Certificate,
            ),
            (
                Error::AlertReceived(AlertDescription::CertificateRequired),
                TlsFault::WantsOurs,
            ),
            (
                Error::AlertReceived(AlertDescription::UnknownCA),
                TlsFault::OursRefused,
            ),
            (Error::NoCertificatesPresented, TlsFault::NoCertificate),
        ] {
            let told = io::Error::new(io::ErrorKind::InvalidData, error);
            assert_eq!(TlsFault::of_io(&told), fault);
        }
    }
}
