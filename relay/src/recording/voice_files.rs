//! Where recorded voices lie: `voices/CONSULT/CONSENT/`, segments of Opus.
//!
//! Owns the folders: making them, finding what is in them for replay and export, and removing them so that a power cut does not
//! bring them back. Each consent has its own, so that nothing said under one lies among what was said under another.

use super::lanes::make;
use recording::{Disk, Files, Recording};
use std::io;
use std::path::{Path, PathBuf};
use wire::{ConsentId, ConsultId, StreamId};

/// Consents of one consult that are looked at; each takes a press of a button.
const MAX_CONSENTS: usize = 10_000;

/// Ending of what is being removed.
const GOING: &str = "discarded";

/// The folder of a consult.
fn of_consult(voices: &Path, consult: ConsultId) -> PathBuf {
    voices.join(consult.to_string())
}

/// Whose segments they are: a consent is a stream of its own.
pub(super) const fn stream_of(consent: ConsentId) -> StreamId {
    StreamId::from_uuid(consent.uuid())
}

/// Makes the folder of a consent, with names that survive a power cut.
pub(super) fn make_folder(
    voices: &Path,
    consult: ConsultId,
    consent: ConsentId,
) -> io::Result<PathBuf> {
    let folder = of_consult(voices, consult).join(consent.to_string());
    make(&folder)?;
    Ok(folder)
}

/// What lies on the disk of a consult's voices: by it somebody who read them knows whether they still are what they were. Nothing
/// when there are none, or none any more.
#[must_use]
pub fn voices_on_disk(voices: &Path, consult: ConsultId) -> Vec<(PathBuf, u64)> {
    let folders = std::fs::read_dir(of_consult(voices, consult));
    let mut found: Vec<(PathBuf, u64)> = folders
        .into_iter()
        .flatten()
        .take(MAX_CONSENTS)
        .flatten()
        .filter_map(|entry| std::fs::read_dir(entry.path()).ok())
        .flat_map(|files| files.take(MAX_CONSENTS).flatten())
        .filter_map(|file| Some((file.path(), file.metadata().ok()?.len())))
        .collect();
    found.sort_unstable();
    found
}

/// What was recorded of a consult's voices, by the consent under which; in no order that means anything.
///
/// # Errors
/// The system's.
pub fn recorded_voices(
    voices: &Path,
    consult: ConsultId,
) -> io::Result<Vec<(ConsentId, Recording)>> {
    let entries = match std::fs::read_dir(of_consult(voices, consult)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries.take(MAX_CONSENTS) {
        let entry = entry?;
        // A link may lead anywhere; what is named otherwise is not ours.
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let name = entry.file_name();
        let Some(consent) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        found.push((consent, Recording::open(&entry.path(), stream_of(consent))?));
    }
    Ok(found)
}

/// Removes everything that was recorded of a consult's voices, in one step for whoever reads: it is all there or all gone. When it
/// returns, it is gone for good.
///
/// # Errors
/// The system's.
pub(super) fn discard(voices: &Path, consult: ConsultId) -> io::Result<()> {
    if !voices.is_dir() {
        return Ok(());
    }
    let (kept, going) = (of_consult(voices, consult), going(voices, consult));
    // What an attempt before this one did not finish.
    remove(&going)?;
    match std::fs::rename(kept, &going) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => Disk.sync_folder(voices)?,
    }
    remove(&going)?;
    Disk.sync_folder(voices)
}

/// Finishes what a crash left half removed. Says what could not be; it is tried again at the next start.
pub(super) fn sweep(voices: &Path) {
    let Ok(entries) = std::fs::read_dir(voices) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|it| it == GOING)
            && let Err(error) = remove(&path).and_then(|()| Disk.sync_folder(voices))
        {
            tracing::error!(%error, "voices that were discarded could not be removed");
        }
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Where a consult's voices lie while they are removed: no consult has this name.
fn going(voices: &Path, consult: ConsultId) -> PathBuf {
    voices.join(format!("{consult}.{GOING}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_discarded_is_gone_and_may_be_discarded_again() {
        let folder = tempfile::tempdir().unwrap();
        let voices = folder.path().join("voices");
        let (consult, other) = (ConsultId::random(), ConsultId::random());
        discard(&voices, consult).unwrap();
        let consent = ConsentId::random();
        for consult in [consult, other] {
            let folder = make_folder(&voices, consult, consent).unwrap();
            std::fs::write(folder.join("0000000001.live.segment"), b"x").unwrap();
        }
        assert_eq!(recorded_voices(&voices, consult).unwrap().len(), 1);
        discard(&voices, consult).unwrap();
        discard(&voices, consult).unwrap();
        assert!(recorded_voices(&voices, consult).unwrap().is_empty());
        assert_eq!(
            recorded_voices(&voices, other).unwrap().len(),
            1,
            "another consult's stay"
        );
    }

    #[test]
    fn what_a_crash_left_half_removed_goes_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let (voices, consult) = (folder.path(), ConsultId::random());
        make_folder(voices, consult, ConsentId::random()).unwrap();
        std::fs::create_dir_all(going(voices, ConsultId::random()).join("x")).unwrap();
        sweep(voices);
        sweep(&voices.join("nowhere"));
        let left: Vec<_> = std::fs::read_dir(voices).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
        assert_eq!(recorded_voices(voices, consult).unwrap().len(), 1);
    }

    #[test]
    fn only_folders_of_consents_count() {
        let folder = tempfile::tempdir().unwrap();
        let (voices, consult) = (folder.path(), ConsultId::random());
        make_folder(voices, consult, ConsentId::random()).unwrap();
        let of_consult = of_consult(voices, consult);
        std::fs::create_dir(of_consult.join("holiday")).unwrap();
        std::os::unix::fs::symlink("/etc", of_consult.join(ConsentId::random().to_string()))
            .unwrap();
        assert_eq!(recorded_voices(voices, consult).unwrap().len(), 1);
    }
}
