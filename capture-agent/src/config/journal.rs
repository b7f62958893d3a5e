//! The part of the configuration that is about the journal: `[journal]`.
//!
//! Owns its keys and its checks. An agent that keeps clips keeps the coded picture too, beside them, unless it is switched
//! off; one without a spool does so when a folder is named.

use crate::config::{ConfigError, Wanted};
use crate::encode::BitRate;
use crate::journal::{JournalSettings, SPARE_ROOM_BYTES};
use serde::Deserialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// MiB when nothing is said: four and a half hours at 2 Mbit/s.
const USUAL_MEGABYTES: u32 = 4_096;
/// Smallest and largest journal in MiB: less holds no cut of some minutes at high rates.
const MEGABYTES: (u32, u32) = (64, 4 << 20);
/// What stands behind the spool's name.
const BESIDE: &str = "-journal";
/// Says as a flag that there is none.
const OFF: &str = "off";

/// `[journal]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    /// Whether there is one.
    pub enabled: Option<bool>,
    /// Where; beside the spool when nothing is said.
    pub folder: Option<PathBuf>,
    /// Most MiB; the oldest go then.
    pub megabytes: Option<u32>,
    /// Kilobits per second where the link has less; the encoder's rate when nothing is said.
    pub bit_rate_kbps: Option<u32>,
}

impl JournalConfig {
    /// With what the flag says laid over it: a folder, or `off`.
    pub(super) fn under(self, flag: Option<PathBuf>) -> Self {
        match flag {
            None => self,
            Some(folder) if folder == Path::new(OFF) => Self {
                enabled: Some(false),
                ..self
            },
            Some(folder) => Self {
                enabled: Some(true),
                folder: Some(folder),
                ..self
            },
        }
    }
}

/// Checks it; nothing when there is none.
pub(super) fn journal(wanted: &Wanted) -> Result<Option<JournalSettings>, ConfigError> {
    let config = &wanted.journal;
    let (least, most) = MEGABYTES;
    let megabytes = config.megabytes.unwrap_or(USUAL_MEGABYTES);
    if !(least..=most).contains(&megabytes) {
        let words = format!("is {megabytes}; use {least} to {most}");
        return Err(ConfigError::new("journal.megabytes", words));
    }
    let bit_rate = config.bit_rate_kbps.map(|kbps| {
        BitRate::from_kbps(kbps).ok_or_else(|| {
            let (low, high) = (BitRate::LOWEST_KBPS, BitRate::HIGHEST_KBPS);
            let words = format!("is {kbps}; use {low} to {high}");
            ConfigError::new("journal.bit_rate_kbps", words)
        })
    });
    let bit_rate = bit_rate.transpose()?;
    let spool = wanted.saving.spool.folder.as_deref();
    let folder = config.folder.clone().or_else(|| spool.and_then(beside));
    if config.enabled == Some(true) && folder.is_none() {
        let words = "is missing: name a folder for the journal, or one for the spool".to_owned();
        return Err(ConfigError::new("journal.folder", words));
    }
    let folder = folder.filter(|_| config.enabled != Some(false));
    Ok(folder.map(|folder| JournalSettings {
        folder,
        bytes: u64::from(megabytes) << 20,
        spare_room_bytes: SPARE_ROOM_BYTES,
        bit_rate,
    }))
}

fn beside(spool: &Path) -> Option<PathBuf> {
    let mut name = OsString::from(spool.file_name()?);
    name.push(BESIDE);
    Some(spool.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::cli::RunArgs;
    use crate::config::{FileConfig, merge};

    fn checked(text: &str, flag: Option<&str>) -> Result<Option<JournalSettings>, ConfigError> {
        let file: FileConfig = toml::from_str(text).unwrap();
        let args = RunArgs {
            journal: flag.map(PathBuf::from),
            ..RunArgs::default()
        };
        journal(&merge(args, file, None))
    }

    fn folder(text: &str, flag: Option<&str>) -> Option<PathBuf> {
        Some(checked(text, flag).unwrap()?.folder)
    }

    #[test]
    fn whoever_keeps_clips_keeps_a_journal_beside_them_unless_it_is_off() {
        let spool = "[spool]\nfolder = \"/var/lib/hibiki/spool\"\n";
        let beside = Some("/var/lib/hibiki/spool-journal".into());
        assert_eq!(folder("", None), None);
        assert_eq!(folder(spool, None), beside);
        assert_eq!(folder(spool, Some("off")), None);
        assert_eq!(
            folder(&format!("{spool}[journal]\nenabled = false"), None),
            None
        );
        assert_eq!(folder(spool, Some("/data/j")), Some("/data/j".into()));
        assert_eq!(
            folder("[journal]\nfolder = \"/a\"", None),
            Some("/a".into())
        );
    }

    #[test]
    fn its_rate_is_the_pictures_unless_it_is_named() {
        let rate = |text: &str| checked(text, Some("/j")).unwrap().unwrap().bit_rate;
        assert_eq!(rate(""), None);
        let named = rate("[journal]\nbit_rate_kbps = 4000");
        assert_eq!(named, BitRate::from_kbps(4_000));
    }

    #[test]
    fn mistakes_name_the_key() {
        for (text, key) in [
            ("[journal]\nmegabytes = 3", "journal.megabytes"),
            ("[journal]\nenabled = true", "journal.folder"),
            ("[journal]\nbit_rate_kbps = 3", "journal.bit_rate_kbps"),
        ] {
            assert_eq!(checked(text, None).unwrap_err().key, key);
        }
    }
}
