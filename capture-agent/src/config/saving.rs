//! The part of the configuration that is about saving clips: `[spool]`, `[clips]`, `[patient]`, `[ultrasound]`.
//!
//! Owns their keys and their checks. Facts about a patient stand in the file only, never in a flag or an environment
//! variable, because those are visible to everybody on the device; no message repeats them.

use crate::agent::SavingSettings;
use crate::clip::{Coding, DeviceFacts, PatientFacts, Visit, VisitFacts, VisitUnread};
use crate::config::{ConfigError, Wanted, read_file};
use crate::spool::{AfterKept, SpoolBounds};
use echo_dicom::write::{LocalTime, UtcOffset};
use serde::Deserialize;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use wire::CaptureTime;

/// MiB when nothing is said: some hundred clips.
const USUAL_MEGABYTES: u32 = 8_192;
/// Smallest and largest spool in MiB: less holds no clip with its take.
const MEGABYTES: (u32, u32) = (1_024, 4 << 20);
/// Threads that code an object when nothing is said: the picture needs the others.
const USUAL_THREADS: u8 = 1;
/// Most of them.
const MAX_THREADS: u8 = 16;
/// Some moment of this century, to try the facts with.
const SOME_DAY: CaptureTime = CaptureTime(1_700_000_000_000_000);
/// Japan, in minutes.
const USUAL_UTC_OFFSET: i16 = 540;

/// `[spool]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpoolConfig {
    /// As `--spool`.
    pub folder: Option<PathBuf>,
    /// Most MiB of clips that are not at the hospital yet.
    pub megabytes: Option<u32>,
    /// keep (a week, or until room is needed) or delete: what becomes of the device's copy afterwards.
    pub after_kept: AfterKept,
    /// Folder into which a handheld exports clips.
    pub import: Option<PathBuf>,
}

/// `[clips]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClipsConfig {
    /// jpeg, rle, plain or h264.
    pub coding: Option<String>,
    /// Threads that code an object.
    pub threads: Option<u8>,
    /// Local time against UTC.
    pub utc_offset_minutes: Option<i16>,
}

/// What is wanted about saving, not checked yet.
#[derive(Debug, Clone, Default)]
pub struct SavingWanted {
    /// `[spool]`, with the flag laid over it.
    pub spool: SpoolConfig,
    /// `[clips]`
    pub clips: ClipsConfig,
    /// `[patient]`
    pub patient: PatientFacts,
    /// `[ultrasound]`
    pub ultrasound: DeviceFacts,
    /// The file in which both stand.
    pub file: Option<PathBuf>,
}

/// The configuration file, read for the facts of a visit only: all else counts from the next start on.
#[derive(Debug)]
struct VisitFile(PathBuf);

impl VisitFacts for VisitFile {
    fn read(&self) -> Result<(PatientFacts, DeviceFacts), VisitUnread> {
        // What the parser says may repeat a fact.
        let file = read_file(&self.0).map_err(|_| VisitUnread::File)?;
        Ok((file.patient, file.ultrasound))
    }
}

/// Local time against UTC, in minutes.
#[must_use]
pub fn utc_offset(clips: &ClipsConfig) -> i16 {
    clips.utc_offset_minutes.unwrap_or(USUAL_UTC_OFFSET)
}

/// The day it is there, as `20261127`.
#[must_use]
pub fn today(utc_offset_minutes: i16, now: CaptureTime) -> Option<String> {
    let here = LocalTime::at(now, UtcOffset::from_minutes(utc_offset_minutes)?)?;
    Some(String::from(here.date()))
}

/// Checks it; nothing when no spool is named.
pub(super) fn saving(wanted: &Wanted) -> Result<Option<SavingSettings>, ConfigError> {
    let SavingWanted {
        spool,
        clips,
        patient,
        ultrasound,
        file,
    } = &wanted.saving;
    let Some(folder) = spool.folder.clone() else {
        return Ok(None);
    };
    let (least, most) = MEGABYTES;
    let megabytes = spool.megabytes.unwrap_or(USUAL_MEGABYTES);
    if !(least..=most).contains(&megabytes) {
        let words = format!("is {megabytes}; use {least} to {most}");
        return Err(ConfigError::new("spool.megabytes", words));
    }
    let coding = match clips.coding.as_deref() {
        None | Some("jpeg") => Coding::Jpeg,
        Some("rle") => Coding::Rle,
        Some("plain") => Coding::Plain,
        Some("h264") => Coding::H264,
        Some(other) => {
            let words = format!("is \"{other}\"; use jpeg, rle or plain (without loss), or h264");
            return Err(ConfigError::new("clips.coding", words));
        }
    };
    let threads = clips.threads.unwrap_or(USUAL_THREADS);
    let threads = Some(threads)
        .filter(|threads| *threads <= MAX_THREADS)
        .and_then(|threads| NonZeroUsize::new(usize::from(threads)))
        .ok_or_else(|| {
            let words = format!("is {threads}; use 1 to {MAX_THREADS}");
            ConfigError::new("clips.threads", words)
        })?;
    let utc_offset_minutes = utc_offset(clips);
    let (facts, device) = (patient.clone(), ultrasound.clone());
    Visit::new(None, None, SOME_DAY, facts, device, utc_offset_minutes)
        .map_err(|fault| ConfigError::new("patient", format!("or ultrasound: {fault}")))?;
    Ok(Some(SavingSettings {
        folder,
        bounds: SpoolBounds {
            bytes: u64::from(megabytes) << 20,
            after_kept: spool.after_kept,
        },
        import: spool.import.clone(),
        coding,
        threads,
        patient: patient.clone(),
        device: ultrasound.clone(),
        facts: file
            .clone()
            .map(|path| Arc::new(VisitFile(path)) as Arc<dyn VisitFacts>),
        utc_offset_minutes,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{FileConfig, merge};

    fn checked(text: &str) -> Result<Option<SavingSettings>, ConfigError> {
        let file: FileConfig = toml::from_str(text).unwrap();
        saving(&merge(Default::default(), file, None))
    }

    #[test]
    fn without_a_folder_nothing_is_saved_and_with_one_the_rest_has_defaults() {
        assert!(checked("").unwrap().is_none());
        let saving = checked("[spool]\nfolder = \"/a\"").unwrap().unwrap();
        assert_eq!(saving.coding, Coding::Jpeg);
        assert_eq!(saving.bounds.after_kept, AfterKept::Keep);
        assert_eq!(saving.threads.get(), 1);
        let text = "[spool]\nfolder = \"/a\"\n[clips]\ncoding = \"h264\"";
        assert_eq!(checked(text).unwrap().unwrap().coding, Coding::H264);
    }

    #[test]
    fn facts_are_read_anew_and_a_file_that_cannot_be_read_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        let file = VisitFile(path.clone());
        let id = |file: &VisitFile| file.read().map(|(patient, _)| patient.id);
        for next in ["1", "2"] {
            std::fs::write(&path, format!("[patient]\nid = \"{next}\"")).unwrap();
            assert_eq!(id(&file).unwrap().as_deref(), Some(next));
        }
        for spoilt in ["[patient]\nid = ", "[pateint]\nid = \"3\""] {
            std::fs::write(&path, spoilt).unwrap();
            let told = id(&file).unwrap_err().to_string();
            assert!(!told.contains("pateint"), "{told}");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(id(&file).is_err());
    }

    #[test]
    fn mistakes_name_the_key_and_never_the_patient() {
        for (line, key) in [
            ("megabytes = 3", "spool.megabytes"),
            ("[clips]\ncoding = \"mp4\"", "clips.coding"),
            ("[clips]\nthreads = 0", "clips.threads"),
            ("[clips]\nutc_offset_minutes = 900", "patient"),
            ("[patient]\nname = \"Yamada=a=b=c\"", "patient"),
        ] {
            let text = format!("[spool]\nfolder = \"/a\"\n{line}");
            let error = checked(&text).unwrap_err();
            assert_eq!(error.key, key, "{error}");
            assert!(!error.to_string().contains("Yamada"), "{error}");
        }
    }
}
