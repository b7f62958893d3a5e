//! Names of segments: `0000000042.live.segment`, so that a listing by name is the order of writing.
//!
//! Owns which files of a folder count. Only plain files with such a name do; anything else that lies there is left alone.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Ending of a segment.
const ENDING: &str = "segment";
/// Most files looked at in one folder: years of one stream.
const MAX_ENTRIES: usize = 1_000_000;

/// How frames came. The order is that of worth: what the journal sent again is the journal's own frame, what arrived may be what
/// a weak link left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Sent again, from the journal.
    Fill,
    /// As they were coded, or as they arrived.
    Live,
}

impl Lane {
    const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Fill => "fill",
        }
    }
}

/// One segment of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId {
    /// How its frames came.
    pub lane: Lane,
    /// Position among those of its lane; rising, with gaps.
    pub number: u32,
}

impl SegmentId {
    /// Where it lies.
    #[must_use]
    pub fn path(self, folder: &Path) -> PathBuf {
        folder.join(self.to_string())
    }

    fn of_name(name: &str) -> Option<Self> {
        let mut parts = name.split('.');
        let number = parts.next()?.parse().ok()?;
        let lane = match parts.next()? {
            "live" => Lane::Live,
            "fill" => Lane::Fill,
            _ => return None,
        };
        let id = Self { lane, number };
        // One spelling per segment: what would be written otherwise is not ours.
        (id.to_string() == name).then_some(id)
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}.{}.{ENDING}", self.number, self.lane.word())
    }
}

/// The segments of a folder with their lengths in bytes, in order.
pub(crate) fn segments_in(folder: &Path) -> io::Result<Vec<(SegmentId, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)?.take(MAX_ENTRIES) {
        let entry = entry?;
        let Some(id) = entry.file_name().to_str().and_then(SegmentId::of_name) else {
            continue;
        };
        // Not followed: a link may lead anywhere. One that was removed meanwhile is none.
        match entry.metadata() {
            Ok(metadata) if metadata.is_file() => found.push((id, metadata.len())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling_and_sorts_by_number() {
        let id = SegmentId {
            lane: Lane::Fill,
            number: 42,
        };
        assert_eq!(id.to_string(), "0000000042.fill.segment");
        assert_eq!(SegmentId::of_name("0000000042.fill.segment"), Some(id));
        for wrong in [
            "42.fill.segment",
            "0000000042.fill.segment.part",
            "0000000042.film.segment",
            "+000000042.fill.segment",
            "9999999999.live.segment",
            "",
        ] {
            assert_eq!(SegmentId::of_name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_plain_files_with_such_a_name_count() {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| folder.path().join(name);
        fs::write(name("0000000002.live.segment"), b"xx").unwrap();
        fs::write(name("0000000001.live.segment"), b"x").unwrap();
        fs::write(name("holiday.jpg"), b"x").unwrap();
        fs::create_dir(name("0000000003.live.segment")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/hostname", name("0000000004.live.segment")).unwrap();
        let found = segments_in(folder.path()).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|(id, bytes)| (id.number, *bytes))
            .collect();
        assert_eq!(found, [(1, 1), (2, 2)]);
    }
}
