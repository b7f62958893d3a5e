//! The part of the configuration that is about the hospital's worklist: `[worklist]`.

use super::{ConfigError, DicomTlsConfig};
use dimse::tls::TlsFiles;
use dimse::{AeTitle, Station};
use serde::Deserialize;

/// `[worklist]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorklistConfig {
    /// The hospital's worklist, as `WORKLIST@192.0.2.30:104`, or with TLS `WORKLIST@worklist.example.jp:2762/tls`.
    pub server: Option<String>,
    /// The AE title of this device: it asks under it, for what is scheduled for it.
    pub title: Option<String>,
}

/// Whom to ask, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorklistSettings {
    /// The worklist.
    pub server: Station,
    /// This device.
    pub ours: AeTitle,
    /// By which certificates, if the worklist is one with TLS.
    pub tls: TlsFiles,
}

/// Checks it; nothing when no worklist is named.
///
/// # Errors
/// `ConfigError` naming the key.
pub fn worklist(
    config: &WorklistConfig,
    tls: &DicomTlsConfig,
) -> Result<Option<WorklistSettings>, ConfigError> {
    let (server, title) = match (&config.server, &config.title) {
        (None, None) => return Ok(None),
        (Some(server), Some(title)) => (server, title),
        (None, Some(_)) => {
            let words = "is missing; write server = \"TITLE@HOST:PORT\"".to_owned();
            return Err(ConfigError::new("worklist.server", words));
        }
        (Some(_), None) => {
            let words =
                "is missing; write the AE title under which the hospital schedules for this device"
                    .to_owned();
            return Err(ConfigError::new("worklist.title", words));
        }
    };
    let server = server.parse::<Station>();
    let title = title.parse::<AeTitle>();
    Ok(Some(WorklistSettings {
        server: server.map_err(|fault| ConfigError::new("worklist.server", fault.to_string()))?,
        ours: title.map_err(|fault| ConfigError::new("worklist.title", fault.to_string()))?,
        tls: tls.files()?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worklist_has_an_address_and_we_have_a_title() {
        let settled =
            |text: &str| worklist(&toml::from_str(text).unwrap(), &DicomTlsConfig::default());
        assert_eq!(settled("").unwrap(), None);
        let both = "server = \"MWL@192.0.2.30:104\"\ntitle = \"HIBIKI1\"";
        assert_eq!(settled(both).unwrap().unwrap().ours.as_str(), "HIBIKI1");
        for (text, key) in [
            ("server = \"MWL@192.0.2.30:104\"", "worklist.title"),
            ("title = \"HIBIKI1\"", "worklist.server"),
            ("server = \"MWL\"\ntitle = \"HIBIKI1\"", "worklist.server"),
            ("server = \"MWL@h:1\"\ntitle = \"\"", "worklist.title"),
        ] {
            let told = settled(text).unwrap_err().to_string();
            assert!(told.contains(key), "{told}");
        }
    }
}
