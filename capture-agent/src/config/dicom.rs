//! The part of the configuration that is about handhelds that send DICOM over the network: `[dicom]`.
//!
//! Owns its keys and its checks. Off unless an address is set; then it has to say who may send.

use crate::config::{ConfigError, Wanted};
use crate::dicom_door::{DicomDoor, MAX_OBJECT_BYTES};
use dimse::{AeTitle, Peer, Policy, limits};
use serde::Deserialize;
use std::net::SocketAddr;

/// Our name in a network of applications, unless somebody says otherwise.
const USUAL_TITLE: &str = "HIBIKI";
/// Handhelds of one visit that send at the same time.
const ASSOCIATIONS: usize = 4;

/// `[dicom]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DicomConfig {
    /// Address and port; none takes nothing.
    pub listen: Option<SocketAddr>,
    /// TLS there, and nothing else.
    pub tls: Option<bool>,
    /// Our AE title.
    pub title: Option<String>,
    /// Who may send: AE titles, each with `@` and its address where that is known.
    pub peers: Option<Vec<String>>,
}

/// Checks it; nothing when no address is named.
pub(super) fn dicom(wanted: &Wanted) -> Result<Option<DicomDoor>, ConfigError> {
    let asked = &wanted.dicom;
    let refused = |key, words: &str| Err(ConfigError::new(key, words.to_owned()));
    let Some(listen) = asked.listen else {
        return match *asked == DicomConfig::default() {
            true => Ok(None),
            false => refused(
                "dicom.listen",
                "is missing: the section says who may send and not where; name an address of this device, such as 192.0.2.7:11112",
            ),
        };
    };
    if wanted.saving.spool.folder.is_none() {
        return refused(
            "dicom.listen",
            "needs a place for what comes: set spool.folder",
        );
    }
    if listen.port() == 0 {
        return refused(
            "dicom.listen",
            "has port 0, which no handheld would find; use 11112 or 104",
        );
    }
    let title = asked.title.as_deref().unwrap_or(USUAL_TITLE);
    let title: AeTitle = title
        .parse()
        .map_err(|fault: dimse::TitleFault| ConfigError::new("dicom.title", fault.to_string()))?;
    let mut peers = Vec::new();
    for peer in asked.peers.iter().flatten() {
        let read: Result<Peer, _> = peer.parse();
        peers.push(
            read.map_err(|fault| ConfigError::new("dicom.peers", format!("{peer:?}: {fault}")))?,
        );
    }
    if peers.is_empty() {
        return refused(
            "dicom.peers",
            "is missing: nobody may send; name the AE titles of the handhelds, such as VSCAN@192.0.2.10",
        );
    }
    let policy = Policy {
        title,
        peers,
        associations: ASSOCIATIONS,
        idle: limits::DEFAULT_IDLE,
        object_bytes: MAX_OBJECT_BYTES,
    };
    let tls = match asked.tls {
        Some(true) => Some(wanted.dicom_tls.files()?),
        _ => None,
    };
    if tls.as_ref().is_some_and(|files| files.own.is_none()) {
        return refused(
            "dicom.tls",
            "needs a certificate and its key; name both files in [dicom_tls]",
        );
    }
    Ok(Some(DicomDoor {
        listen,
        policy,
        tls,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FileConfig, merge};

    fn checked(text: &str) -> Result<Option<DicomDoor>, ConfigError> {
        let file: FileConfig = toml::from_str(text).unwrap();
        dicom(&merge(Default::default(), file, None))
    }

    const SPOOL: &str = "[spool]\nfolder = \"/a\"\n[dicom]\n";

    #[test]
    fn nothing_is_taken_unless_somebody_says_where_and_from_whom() {
        assert_eq!(checked(""), Ok(None));
        let text = format!("{SPOOL}listen = \"192.0.2.7:11112\"\npeers = [\"VSCAN@192.0.2.10\"]");
        let policy = checked(&text).unwrap().unwrap().policy;
        assert_eq!((policy.title.as_str(), policy.peers.len()), ("HIBIKI", 1));
    }

    #[test]
    fn each_mistake_is_told_with_its_key() {
        let listen = "listen = \"127.0.0.1:104\"\n";
        for (text, key) in [
            (format!("{SPOOL}peers = [\"A\"]"), "dicom.listen"),
            (format!("[dicom]\n{listen}peers = [\"A\"]"), "dicom.listen"),
            (format!("{SPOOL}listen = \"127.0.0.1:0\""), "dicom.listen"),
            (format!("{SPOOL}{listen}"), "dicom.peers"),
            (format!("{SPOOL}{listen}peers = [\"A@b\"]"), "dicom.peers"),
            (
                format!("{SPOOL}{listen}peers = [\"A\"]\ntitle = \"超\""),
                "dicom.title",
            ),
            (
                format!("{SPOOL}{listen}peers = [\"A\"]\ntls = true"),
                "dicom.tls",
            ),
        ] {
            assert_eq!(checked(&text).unwrap_err().key, key, "{text}");
        }
    }
}
