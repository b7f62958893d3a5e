//! By which certificates DICOM is encrypted: the relay's own, and whose others are trusted. Which ports and calls are encrypted is said
//! where they are named.

use super::dicom::Dicom;
use super::forward::Forward;
use super::layers::ConfigError;
use crate::forward::Place;
use clap::Args;
use dimse::tls::{Acceptor, Connector, Own, TlsFiles, TlsFilesFault};
use serde::Deserialize;
use std::path::PathBuf;

/// The section `[dicom_tls]`, as far as somebody set it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[group(skip)]
pub struct DicomTlsLayers {
    /// Certificate chain (PEM) of the relay as a DICOM application: at its own port with --dicom-tls, and to destinations that ask
    /// for one [default: none].
    #[arg(
        long = "dicom-tls-certificate",
        env = "HIBIKI_RELAY_DICOM_TLS_CERTIFICATE",
        value_name = "FILE"
    )]
    pub certificate: Option<PathBuf>,
    /// Private key (PEM) of that certificate; readable by the relay's account only.
    #[arg(
        long = "dicom-tls-key",
        env = "HIBIKI_RELAY_DICOM_TLS_KEY",
        value_name = "FILE"
    )]
    pub key: Option<PathBuf>,
    /// Certificates (PEM) of the authorities whose destinations are trusted, and then no others [default: those of the system].
    #[arg(
        long = "dicom-tls-ca",
        env = "HIBIKI_RELAY_DICOM_TLS_CA",
        value_name = "FILE"
    )]
    pub ca: Option<PathBuf>,
    /// Certificates (PEM) of the authorities whose senders and readers come in at the port with --dicom-tls; who shows no certificate
    /// of theirs stays out [default: none, no certificate is asked for].
    #[arg(
        long = "dicom-tls-client-ca",
        env = "HIBIKI_RELAY_DICOM_TLS_CLIENT_CA",
        value_name = "FILE"
    )]
    pub client_ca: Option<PathBuf>,
}

impl DicomTlsLayers {
    /// What this says, and where it says nothing what `under` says.
    pub(super) fn over(self, under: Self) -> Self {
        Self {
            certificate: self.certificate.or(under.certificate),
            key: self.key.or(under.key),
            ca: self.ca.or(under.ca),
            client_ca: self.client_ca.or(under.client_ca),
        }
    }
}

/// TLS of DICOM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DicomTls {
    files: TlsFiles,
    uses: Uses,
}

impl DicomTls {
    /// Reads the files, for our port if it is one with TLS, and for calls.
    ///
    /// # Errors
    /// `TlsFilesFault` naming setting and file.
    pub fn read(&self) -> Result<(Option<Acceptor>, Connector), TlsFilesFault> {
        let acceptor = self.uses.port.then(|| self.files.acceptor());
        let connector = self.uses.calls.then(|| self.files.connector());
        Ok((
            acceptor.transpose()?,
            connector.transpose()?.unwrap_or_default(),
        ))
    }
}

/// Who uses TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Uses {
    /// The relay's port.
    port: bool,
    /// Calls to some destination.
    calls: bool,
}

/// Checks the section, for what else was settled.
pub(super) fn dicom_tls(
    asked: &DicomTlsLayers,
    (dicom, forward): (Option<&Dicom>, Option<&Forward>),
    faults: &mut Vec<ConfigError>,
) -> DicomTls {
    let moves = dicom.into_iter().flat_map(|dicom| &dicom.destinations);
    let sends = forward.into_iter().flat_map(|all| &all.destinations);
    let sends = sends.filter_map(|one| match &one.place {
        Place::Station(station) => Some(station),
        Place::Web(_) => None,
    });
    let uses = Uses {
        port: dicom.is_some_and(|dicom| dicom.tls),
        calls: moves.chain(sends).any(|station| station.tls.is_some()),
    };
    DicomTls {
        files: files(asked, uses, faults),
        uses,
    }
}

fn files(asked: &DicomTlsLayers, uses: Uses, faults: &mut Vec<ConfigError>) -> TlsFiles {
    let mut unless = |fine: bool, key, what: &str| {
        if !fine {
            faults.push(ConfigError::new(key, what));
        }
    };
    let DicomTlsLayers {
        certificate,
        key,
        ca,
        client_ca,
    } = asked;
    unless(
        certificate.is_none() || key.is_some(),
        "dicom_tls.key",
        "the certificate's private key is missing",
    );
    unless(
        key.is_none() || certificate.is_some(),
        "dicom_tls.certificate",
        "the key's certificate is missing",
    );
    unless(
        !uses.port || certificate.is_some(),
        "dicom_tls.certificate",
        "dicom.tls = true needs a certificate and its key; name both files",
    );
    unless(
        uses.port || client_ca.is_none(),
        "dicom_tls.client_ca",
        "nobody is asked for a certificate unless dicom.tls = true",
    );
    unless(
        uses.calls || ca.is_none(),
        "dicom_tls.ca",
        "nobody is called with TLS; write /tls behind the port of a destination in dicom.destinations or forward.to",
    );
    unless(
        uses.port || uses.calls || certificate.is_none(),
        "dicom_tls.certificate",
        "nothing uses it; set dicom.tls = true, or write /tls behind the port of a destination",
    );
    let own = certificate.clone().zip(key.clone());
    TlsFiles {
        own: own.map(|(certificate, key)| Own { certificate, key }),
        ca: ca.clone(),
        client_ca: client_ca.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_is_told_with_what_to_do() {
        let settled = |text: &str, port, calls| {
            let (asked, mut faults) = (toml::from_str(text).unwrap(), Vec::new());
            let files = files(&asked, Uses { port, calls }, &mut faults);
            let keys: Vec<&str> = faults.iter().map(|fault| fault.key).collect();
            (files, keys)
        };
        let own = "certificate = \"c\"\nkey = \"k\"\n";
        let (files, told) = settled(&format!("{own}client_ca = \"a\""), true, false);
        assert!(told.is_empty() && files.own.is_some() && files.ca.is_none());
        assert!(settled("", false, true).1.is_empty(), "the system's");
        for (text, port, calls, key) in [
            ("certificate = \"c\"", true, false, "dicom_tls.key"),
            ("key = \"k\"", false, true, "dicom_tls.certificate"),
            ("", true, false, "dicom_tls.certificate"),
            ("client_ca = \"a\"", false, true, "dicom_tls.client_ca"),
            ("ca = \"a\"", false, false, "dicom_tls.ca"),
            (own, false, false, "dicom_tls.certificate"),
        ] {
            assert_eq!(settled(text, port, calls).1, [key], "{text}");
        }
    }
}
