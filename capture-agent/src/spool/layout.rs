//! Names in the spool folder.
//!
//! Owns where each kind of file lies. Only names that are a clip's id with the right ending count; anything else that
//! lies there, and anything that is no plain file, is left alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use wire::ClipId;

/// Ending of what is being written.
pub(super) const PART: &str = "part";
/// Most files looked at in one folder: far beyond what any bound in bytes lets in.
const MAX_ENTRIES: usize = 100_000;

/// The folders.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Makes the folders, readable by this user only.
    pub(super) fn make(root: &Path) -> io::Result<Self> {
        let layout = Self {
            root: root.to_owned(),
        };
        for folder in [
            layout.takes(),
            layout.clips(),
            layout.kept(),
            layout.sent(),
            layout.damaged(),
        ] {
            fs::create_dir_all(&folder)?;
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(root, fs::Permissions::from_mode(0o700))?;
        }
        Ok(layout)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(super) fn takes(&self) -> PathBuf {
        self.root.join("takes")
    }

    pub(super) fn clips(&self) -> PathBuf {
        self.root.join("clips")
    }

    pub(super) fn kept(&self) -> PathBuf {
        self.root.join("kept")
    }

    pub(super) fn sent(&self) -> PathBuf {
        self.root.join("sent")
    }

    pub(super) fn damaged(&self) -> PathBuf {
        self.root.join("damaged")
    }

    pub(super) fn take(&self, clip: ClipId) -> PathBuf {
        self.takes().join(format!("{clip}.take"))
    }

    pub(super) fn object(&self, clip: ClipId) -> PathBuf {
        self.clips().join(format!("{clip}.dcm"))
    }

    pub(super) fn sidecar(&self, clip: ClipId) -> PathBuf {
        self.clips().join(format!("{clip}.json"))
    }

    pub(super) fn kept_object(&self, clip: ClipId) -> PathBuf {
        self.kept().join(format!("{clip}.dcm"))
    }

    pub(super) fn sent_mark(&self, clip: ClipId) -> PathBuf {
        self.sent().join(format!("{clip}.sent"))
    }
}

/// The name that a file has while it is written.
pub(super) fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(PART);
    PathBuf::from(name)
}

/// The clips that have a plain file with this ending in a folder, with its length in bytes.
pub(super) fn clips_in(folder: &Path, ending: &str) -> io::Result<Vec<(ClipId, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)?.take(MAX_ENTRIES) {
        let entry = entry?;
        let path = entry.path();
        // Not followed: a link into the spool may lead anywhere.
        let metadata = entry.metadata()?;
        let clip = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.parse().ok());
        if let Some(clip) = clip
            && metadata.is_file()
            && path.extension().is_some_and(|it| it == ending)
        {
            found.push((clip, metadata.len()));
        }
    }
    Ok(found)
}

/// Half-written files in a folder.
pub(super) fn parts_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)?.take(MAX_ENTRIES) {
        let entry = entry?;
        let path = entry.path();
        if entry.metadata()?.is_file() && path.extension().is_some_and(|it| it == PART) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Bytes of the copies in a spool that may go at any time; none where there is no spool.
#[must_use]
pub fn bytes_of_copies(root: &Path) -> u64 {
    let layout = Layout {
        root: root.to_owned(),
    };
    let copies = clips_in(&layout.kept(), "dcm").unwrap_or_default();
    copies.iter().map(|(_, bytes)| *bytes).sum()
}
