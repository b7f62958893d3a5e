//! What the sections about DICOM applications share: our own title, and the applications that we call.

use super::layers::ConfigError;
use dimse::{AeTitle, Station};

/// Our name in a network of applications, unless somebody says otherwise.
const DEFAULT_TITLE: &str = "HIBIKI";

/// Our title in a section.
pub(super) fn title(
    asked: Option<&str>,
    key: &'static str,
    faults: &mut Vec<ConfigError>,
) -> Option<AeTitle> {
    let parsed = asked.unwrap_or(DEFAULT_TITLE).parse::<AeTitle>();
    parsed
        .map_err(|fault| faults.push(ConfigError::new(key, fault.to_string())))
        .ok()
}

/// Applications that we call, each title once.
pub(super) fn stations(
    asked: Option<&[String]>,
    key: &'static str,
    faults: &mut Vec<ConfigError>,
) -> Vec<Station> {
    let mut stations: Vec<Station> = Vec::new();
    for text in asked.into_iter().flatten() {
        let fault = match text.parse::<Station>() {
            Ok(one) if stations.iter().any(|known| known.title == one.title) => {
                format!("{:?} is named twice", one.title.as_str())
            }
            Ok(one) => {
                stations.push(one);
                continue;
            }
            Err(fault) => format!("{text:?}: {fault}"),
        };
        faults.push(ConfigError::new(key, fault));
    }
    stations
}
