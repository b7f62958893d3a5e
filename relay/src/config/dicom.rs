//! Who may send DICOM objects, and where. Off unless an address is set.

use super::layers::ConfigError;
use super::titles::{stations, title};
use clap::Args;
use dimse::{Peer, Policy, Station, limits};
use serde::Deserialize;
use std::net::SocketAddr;
use std::time::Duration;

/// Bytes of a MiB.
const MIB: u64 = 1 << 20;
/// Objects that bear these come from the relay itself and are sent on by other rules than those of devices and systems.
pub(super) const OWN_SENDERS: [&str; 3] = ["HIBIKI-CLIP", "HIBIKI-MARKS", "HIBIKI PAGE"];
/// Of the largest file that is read at all, for its head.
const HEAD_BYTES: u64 = 4 * 1024;

/// The section `[dicom]`, as far as somebody set it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[group(skip)]
pub struct DicomLayers {
    /// Address where handhelds and hospital systems send DICOM objects to (C-STORE); unencrypted without --dicom-tls, which is for the
    /// hospital's own network [default: none, nothing is taken].
    #[arg(
        long = "dicom-listen",
        env = "HIBIKI_RELAY_DICOM_LISTEN",
        value_name = "ADDRESS"
    )]
    pub listen: Option<SocketAddr>,
    /// Speak TLS there, and nothing else, with --dicom-tls-certificate [default: false].
    #[arg(long = "dicom-tls", env = "HIBIKI_RELAY_DICOM_TLS", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub tls: Option<bool>,
    /// AE title under which senders call the relay [default: HIBIKI].
    #[arg(
        long = "dicom-title",
        env = "HIBIKI_RELAY_DICOM_TITLE",
        value_name = "TITLE"
    )]
    pub title: Option<String>,
    /// AE titles that may send, each with the address it comes from where that is fixed, for example VSCAN@192.0.2.10.
    #[arg(
        long = "dicom-peers",
        env = "HIBIKI_RELAY_DICOM_PEERS",
        value_name = "PEER",
        value_delimiter = ','
    )]
    pub peers: Option<Vec<String>>,
    /// Those of the peers that may also ask what is here and fetch it (C-FIND, C-GET, C-MOVE), as they stand there [default: none].
    #[arg(
        long = "dicom-readers",
        env = "HIBIKI_RELAY_DICOM_READERS",
        value_name = "PEER",
        value_delimiter = ','
    )]
    pub readers: Option<Vec<String>>,
    /// Applications that readers may have objects sent to (C-MOVE), each TITLE@HOST:PORT, unencrypted, for example
    /// PACS@192.0.2.20:104, or TITLE@HOST:PORT/tls, or TITLE@HOST:PORT/tls=NAME with the name on its certificate [default: none].
    #[arg(
        long = "dicom-destinations",
        env = "HIBIKI_RELAY_DICOM_DESTINATIONS",
        value_name = "APPLICATION",
        value_delimiter = ','
    )]
    pub destinations: Option<Vec<String>>,
    /// Most associations at the same time, up to 256 [default: 32].
    #[arg(
        long = "dicom-associations",
        env = "HIBIKI_RELAY_DICOM_ASSOCIATIONS",
        value_name = "COUNT"
    )]
    pub associations: Option<usize>,
    /// Seconds that a sender may be silent [default: 30].
    #[arg(
        long = "dicom-idle-seconds",
        env = "HIBIKI_RELAY_DICOM_IDLE_SECONDS",
        value_name = "SECONDS"
    )]
    pub idle_seconds: Option<u32>,
    /// MiB of the largest object that is taken, up to 2048 [default: 2048].
    #[arg(
        long = "dicom-object-mib",
        env = "HIBIKI_RELAY_DICOM_OBJECT_MIB",
        value_name = "MIB"
    )]
    pub object_mib: Option<u64>,
}

impl DicomLayers {
    /// What this says, and where it says nothing what `under` says.
    pub(super) fn over(self, under: Self) -> Self {
        Self {
            listen: self.listen.or(under.listen),
            tls: self.tls.or(under.tls),
            title: self.title.or(under.title),
            peers: self.peers.or(under.peers),
            readers: self.readers.or(under.readers),
            destinations: self.destinations.or(under.destinations),
            associations: self.associations.or(under.associations),
            idle_seconds: self.idle_seconds.or(under.idle_seconds),
            object_mib: self.object_mib.or(under.object_mib),
        }
    }
}

/// The DICOM door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dicom {
    /// Where.
    pub listen: SocketAddr,
    /// Whether with TLS.
    pub tls: bool,
    /// For whom.
    pub policy: Policy,
    /// Who may also ask.
    pub readers: Vec<Peer>,
    /// Where they may have objects sent.
    pub destinations: Vec<Station>,
}

/// Checks the section; none when nothing is taken.
pub(super) fn dicom(
    asked: &DicomLayers,
    any_port: bool,
    faults: &mut Vec<ConfigError>,
) -> Option<Dicom> {
    let mut refuse = |key, what: String| faults.push(ConfigError::new(key, what));
    let Some(listen) = asked.listen else {
        if *asked != DicomLayers::default() {
            refuse("dicom.listen", "the section says who may send and not where; name the address, for example listen = \"192.0.2.1:11112\"".to_owned());
        }
        return None;
    };
    if listen.port() == 0 && !any_port {
        refuse("dicom.listen", "port 0 means any free port, which no sender would find; name one, usually 11112 or 104".to_owned());
    }
    let title = title(asked.title.as_deref(), "dicom.title", faults);
    let destinations = stations(asked.destinations.as_deref(), "dicom.destinations", faults);
    let mut refuse = |key, what: String| faults.push(ConfigError::new(key, what));
    let mut peers = Vec::new();
    for peer in asked.peers.iter().flatten() {
        let name = peer.split('@').next().unwrap_or_default().trim();
        match peer.parse::<Peer>() {
            Ok(_) if OWN_SENDERS.contains(&name) => {
                let what = format!(
                    "{peer:?}: objects of our own bear this name; give the device another title"
                );
                refuse("dicom.peers", what);
            }
            Ok(peer) => peers.push(peer),
            Err(fault) => refuse("dicom.peers", format!("{peer:?}: {fault}")),
        }
    }
    if asked.peers.as_ref().is_none_or(Vec::is_empty) {
        refuse("dicom.peers", "nobody may send; name the AE titles of the devices, for example peers = [\"VSCAN@192.0.2.10\"]".to_owned());
    }
    let mut readers = Vec::new();
    for reader in asked.readers.iter().flatten() {
        match reader
            .parse::<Peer>()
            .ok()
            .filter(|one| peers.contains(one))
        {
            Some(one) => readers.push(one),
            None => refuse(
                "dicom.readers",
                format!("{reader:?} does not stand in dicom.peers; write it there in the same way"),
            ),
        }
    }
    if readers.is_empty() && !destinations.is_empty() {
        refuse(
            "dicom.destinations",
            "objects are sent there for readers only; name them in dicom.readers".to_owned(),
        );
    }
    let associations = asked.associations.unwrap_or(limits::DEFAULT_ASSOCIATIONS);
    if !(1..=limits::MOST_ASSOCIATIONS).contains(&associations) {
        refuse("dicom.associations", "1 to 256 at the same time".to_owned());
    }
    let idle = asked.idle_seconds.map_or(limits::DEFAULT_IDLE, |seconds| {
        Duration::from_secs(seconds.into())
    });
    if !(1..=3_600).contains(&idle.as_secs()) {
        refuse(
            "dicom.idle_seconds",
            "a sender may be silent for 1 to 3600 seconds".to_owned(),
        );
    }
    let most_mib = echo_dicom::limits::MAX_FILE_BYTES / MIB;
    let object_mib = asked.object_mib.unwrap_or(most_mib);
    if !(1..=most_mib).contains(&object_mib) {
        refuse(
            "dicom.object_mib",
            format!("an object has 1 to {most_mib} MiB"),
        );
    }
    let policy = Policy {
        title: title?,
        peers,
        associations,
        idle,
        object_bytes: object_mib
            .saturating_mul(MIB)
            .min(echo_dicom::limits::MAX_FILE_BYTES - HEAD_BYTES),
    };
    Some(Dicom {
        listen,
        tls: asked.tls.unwrap_or(false),
        policy,
        readers,
        destinations,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(text: &str) -> (Option<Dicom>, String) {
        let (asked, mut faults) = (toml::from_str(text).unwrap(), Vec::new());
        let dicom = dicom(&asked, false, &mut faults);
        let told = faults.iter().map(|fault| format!("{fault}\n")).collect();
        (dicom, told)
    }

    #[test]
    fn nothing_is_taken_unless_somebody_says_where_and_from_whom() {
        assert_eq!(settled(""), (None, String::new()));
        let (dicom, told) =
            settled("listen = \"192.0.2.1:11112\"\npeers = [\"VSCAN@192.0.2.10\", \"CART\"]");
        let policy = dicom.unwrap().policy;
        assert!(told.is_empty() && policy.title.as_str() == "HIBIKI" && policy.peers.len() == 2);
        assert_eq!(policy.associations, 32);
    }

    #[test]
    fn each_mistake_is_told_with_what_to_do() {
        for (text, key) in [
            ("peers = [\"VSCAN\"]", "dicom.listen"),
            (
                "listen = \"127.0.0.1:0\"\npeers = [\"VSCAN\"]",
                "dicom.listen",
            ),
            ("listen = \"127.0.0.1:104\"", "dicom.peers"),
            (
                "listen = \"127.0.0.1:104\"\npeers = [\"HIBIKI-CLIP@192.0.2.1\"]",
                "of our own",
            ),
            (
                "listen = \"127.0.0.1:104\"\npeers = [\"VSCAN@host\"]",
                "dicom.peers",
            ),
            (
                "listen = \"127.0.0.1:104\"\npeers = [\"A@192.0.2.1\"]\nreaders = [\"A\"]",
                "dicom.readers",
            ),
            (
                "listen = \"127.0.0.1:104\"\npeers = [\"A\"]\nreaders = [\"A\"]\ndestinations = [\"A@host\"]",
                "dicom.destinations",
            ),
            (
                "listen = \"127.0.0.1:104\"\npeers = [\"A\"]\ndestinations = [\"A@host:104\"]",
                "dicom.destinations",
            ),
            (
                "listen = \"127.0.0.1:104\"\npeers = [\"A\"]\nreaders = [\"A\"]\ndestinations = [\"A@host:1\", \"A@host:2\"]",
                "named twice",
            ),
            (
                "listen = \"127.0.0.1:104\"\npeers = [\"A\"]\ntitle = \"A\\\\B\"",
                "dicom.title",
            ),
            (
                "listen = \"127.0.0.1:104\"\npeers = [\"A\"]\nassociations = 0",
                "dicom.associations",
            ),
            (
                "listen = \"127.0.0.1:104\"\npeers = [\"A\"]\nidle_seconds = 0",
                "dicom.idle_seconds",
            ),
            (
                "listen = \"127.0.0.1:104\"\npeers = [\"A\"]\nobject_mib = 9999999",
                "dicom.object_mib",
            ),
        ] {
            let (_, told) = settled(text);
            assert!(told.contains(key), "{text}: {told}");
        }
    }
}
