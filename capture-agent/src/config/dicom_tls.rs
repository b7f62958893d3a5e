//! The part of the configuration that says by which certificates DICOM is encrypted: `[dicom_tls]`.
//!
//! Owns its keys and its checks. Which port and which call is encrypted stands in `[dicom]` and `[worklist]`.

use super::{ConfigError, Wanted};
use dimse::tls::{Own, TlsFiles};
use serde::Deserialize;
use std::path::PathBuf;

/// `[dicom_tls]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DicomTlsConfig {
    /// Our chain, PEM: at the port for handhelds, and to a worklist that asks for one.
    pub certificate: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// Authorities of the worklist; none means those of the system.
    pub ca: Option<PathBuf>,
    /// Authorities of the handhelds; none asks them for no certificate.
    pub client_ca: Option<PathBuf>,
}

impl DicomTlsConfig {
    /// The files, two of which belong together.
    pub(super) fn files(&self) -> Result<TlsFiles, ConfigError> {
        let Self {
            certificate,
            key,
            ca,
            client_ca,
        } = self.clone();
        let own = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(Own { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                return refused("dicom_tls.key", "is missing beside its certificate");
            }
            (None, Some(_)) => {
                return refused("dicom_tls.certificate", "is missing beside its key");
            }
        };
        Ok(TlsFiles { own, ca, client_ca })
    }
}

/// Checks that somebody uses it.
pub(super) fn dicom_tls(wanted: &Wanted) -> Result<(), ConfigError> {
    let config = &wanted.dicom_tls;
    let port = wanted.dicom.tls.unwrap_or(false);
    let server = wanted.worklist.server.as_deref();
    let calls = server.is_some_and(|server| server.contains("/tls"));
    if !port && config.client_ca.is_some() {
        return refused(
            "dicom_tls.client_ca",
            "asks nobody for a certificate unless dicom.tls = true",
        );
    }
    if !calls && config.ca.is_some() {
        return refused(
            "dicom_tls.ca",
            "is for calls with TLS; write /tls behind the port in worklist.server",
        );
    }
    if !port && !calls && config.certificate.is_some() {
        return refused(
            "dicom_tls.certificate",
            "is used by nothing; set dicom.tls = true, or write /tls behind the port in worklist.server",
        );
    }
    Ok(())
}

fn refused<T>(key: &'static str, words: &str) -> Result<T, ConfigError> {
    Err(ConfigError::new(key, words.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FileConfig, merge};

    #[test]
    fn each_mistake_is_told_with_its_key() {
        let told = |text: &str| {
            let file: FileConfig = toml::from_str(text).unwrap();
            let wanted = merge(Default::default(), file, None);
            let used = dicom_tls(&wanted).map_err(|fault| fault.key);
            used.and_then(|()| wanted.dicom_tls.files().map_err(|fault| fault.key))
        };
        let called = "[worklist]\nserver = \"MWL@h:2762/tls\"\ntitle = \"A\"\n[dicom_tls]\n";
        let both = "certificate = \"c\"\nkey = \"k\"\n";
        assert!(told("").unwrap().own.is_none());
        let files = told(&format!("{called}{both}ca = \"a\"")).unwrap();
        assert!(files.own.is_some() && files.ca.is_some());
        for (text, key) in [
            (format!("{called}key = \"k\""), "dicom_tls.certificate"),
            (format!("{called}certificate = \"c\""), "dicom_tls.key"),
            (format!("{called}client_ca = \"a\""), "dicom_tls.client_ca"),
            (format!("[dicom_tls]\n{both}"), "dicom_tls.certificate"),
            ("[dicom_tls]\nca = \"a\"".to_owned(), "dicom_tls.ca"),
        ] {
            assert_eq!(told(&text).unwrap_err(), key, "{text}");
        }
    }
}
