//! What has to be in force after a restart: the mask and the source that were chosen on the page, the depth scale.
//!
//! Owns a small file beside the configuration. A choice stands as long as the configuration says what it said when the
//! choice was made; a configuration without a mask never takes a chosen mask away. A depth scale stands as long as the source
//! is the one that it was marked on. A file that cannot be read stops the
//! start: the alternative is an uncovered name. It may hold the password of a camera's address, so only this user reads it.

use crate::hand_scale::HandScale;
use crate::mask::{MAX_RECTANGLES, Mask, Rectangle};
use crate::source::SourceSpec;
use crate::sync::held;
use crate::whole_file::replace;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Largest file read: 16 rectangles and a source have less than 4 kB.
const MAX_BYTES: u64 = 64 * 1024;

/// A stored file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "what was chosen on the device page cannot be read from {path}: {why}. Without it the picture might be shown uncovered: \
     mend the file, or remove it and choose again"
)]
pub struct MemoryError {
    path: String,
    why: String,
}

/// A choice and what it was laid over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen<T> {
    configured: T,
    chosen: T,
}

/// A depth scale and the source on which it was marked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marked {
    source: String,
    scale: HandScale,
}

/// A mask that a person looked at, on this source and for pictures of this size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LookedAt {
    source: String,
    mask: Vec<Rectangle>,
    size: (u32, u32),
}

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Remembered {
    mask: Option<Chosen<Vec<Rectangle>>>,
    checked: Option<LookedAt>,
    source: Option<Chosen<String>>,
    scale: Option<Marked>,
    /// The relay said that this installation does not measure: no scale is marked, also before it is reached again.
    measuring_off: bool,
}

/// What the configuration says and what was chosen over it.
#[derive(Debug, Default)]
pub struct Memory {
    path: Option<PathBuf>,
    configured_mask: Mask,
    configured_source: String,
    remembered: Mutex<Remembered>,
    /// The last choice could not be stored.
    failed: AtomicBool,
}

impl Memory {
    /// Reads what was chosen before, if there is a file.
    ///
    /// # Errors
    /// `MemoryError` when the file is there and cannot be used.
    pub fn open(
        path: Option<PathBuf>,
        configured_mask: Mask,
        configured_source: String,
    ) -> Result<Self, MemoryError> {
        let remembered = match &path {
            Some(path) => read(path).map_err(|why| MemoryError {
                path: path.display().to_string(),
                why,
            })?,
            None => Remembered::default(),
        };
        Ok(Self {
            path,
            configured_mask,
            configured_source,
            remembered: Mutex::new(remembered),
            failed: AtomicBool::new(false),
        })
    }

    /// The mask to start with.
    #[must_use]
    pub fn mask(&self) -> Mask {
        let configured = self.configured_mask.rectangles();
        match &held(&self.remembered).mask {
            Some(it) if it.configured == configured || configured.is_empty() => {
                Mask::new(it.chosen.clone())
            }
            _ => self.configured_mask.clone(),
        }
    }

    /// The source to start with, when another was chosen than the configured one.
    #[must_use]
    pub fn source(&self) -> Option<SourceSpec> {
        self.chosen_source(&held(&self.remembered))?.parse().ok()
    }

    fn chosen_source<'a>(&self, remembered: &'a Remembered) -> Option<&'a str> {
        let it = remembered.source.as_ref()?;
        (it.configured == self.configured_source).then_some(it.chosen.as_str())
    }

    /// The source in force, as it was written.
    fn source_in_force<'a>(&'a self, remembered: &'a Remembered) -> &'a str {
        self.chosen_source(remembered)
            .unwrap_or(&self.configured_source)
    }

    /// The depth scale to start with: that of this very source.
    #[must_use]
    pub fn scale(&self) -> Option<HandScale> {
        let remembered = held(&self.remembered);
        let it = remembered.scale.as_ref()?;
        (it.source == self.source_in_force(&remembered)).then(|| it.scale.clone())
    }

    /// Whether this installation measures, as far as the relay ever said.
    #[must_use]
    pub fn measuring(&self) -> bool {
        !held(&self.remembered).measuring_off
    }

    /// The configured source as it was written.
    #[must_use]
    pub fn configured_source(&self) -> &str {
        &self.configured_source
    }

    /// Whether choices outlive this start.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.path.is_some() && !self.failed.load(Ordering::Relaxed)
    }

    /// A mask was chosen, and a person may have looked at pictures of this size under it.
    pub fn choose_mask(&self, mask: &Mask, checked: Option<(u32, u32)>) {
        let chosen = Chosen {
            configured: self.configured_mask.rectangles().to_vec(),
            chosen: mask.rectangles().to_vec(),
        };
        let source = self.source_in_force(&held(&self.remembered)).to_owned();
        let checked = checked.map(|size| LookedAt {
            source,
            mask: mask.rectangles().to_vec(),
            size,
        });
        self.change(|remembered| {
            (remembered.mask, remembered.checked) = (Some(chosen), checked);
        });
    }

    /// The size of pictures that a person looked at, on this very source and under this very mask.
    #[must_use]
    pub fn checked(&self) -> Option<(u32, u32)> {
        let mask = self.mask();
        let remembered = held(&self.remembered);
        let it = remembered.checked.as_ref()?;
        let is_so = it.source == self.source_in_force(&remembered) && it.mask == mask.rectangles();
        is_so.then_some(it.size)
    }

    /// A source was chosen; nothing is the configured one.
    pub fn choose_source(&self, source: Option<String>) {
        let chosen = source.map(|chosen| Chosen {
            configured: self.configured_source.clone(),
            chosen,
        });
        self.change(|remembered| remembered.source = chosen);
    }

    /// A depth scale was marked, or is over.
    pub fn choose_scale(&self, scale: Option<HandScale>) {
        let marked = {
            let remembered = held(&self.remembered);
            let source = self.source_in_force(&remembered).to_owned();
            let marked = scale.map(|scale| Marked { source, scale });
            if remembered.scale == marked {
                return;
            }
            marked
        };
        self.change(|remembered| remembered.scale = marked);
    }

    /// The relay said whether this installation measures.
    pub fn measuring_is(&self, on: bool) {
        if self.measuring() != on {
            self.change(|remembered| remembered.measuring_off = !on);
        }
    }

    fn change(&self, change: impl FnOnce(&mut Remembered)) {
        let mut remembered = held(&self.remembered);
        change(&mut remembered);
        let Some(path) = &self.path else { return };
        let stored = serde_json::to_vec_pretty(&*remembered)
            .map_err(io::Error::from)
            .and_then(|text| replace(path, &text, None));
        if let Err(error) = &stored {
            tracing::error!(%error, "a choice of the device page could not be stored; it ends with this start");
        }
        self.failed.store(stored.is_err(), Ordering::Relaxed);
    }
}

fn read(path: &Path) -> Result<Remembered, String> {
    let size = match fs::metadata(path) {
        Ok(about) => about.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Remembered::default()),
        Err(error) => return Err(error.to_string()),
    };
    if size > MAX_BYTES {
        return Err(format!("it has {size} bytes, which is no such file"));
    }
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let remembered: Remembered = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let rectangles = remembered.mask.iter().flat_map(|mask| &mask.chosen);
    if rectangles.clone().count() > MAX_RECTANGLES {
        return Err(format!("it has more than {MAX_RECTANGLES} rectangles"));
    }
    for rectangle in rectangles {
        rectangle.check().map_err(|error| error.to_string())?;
    }
    if let Some(source) = &remembered.source {
        source
            .chosen
            .parse::<SourceSpec>()
            .map_err(|error| error.to_string())?;
    }
    if let Some(marked) = &remembered.scale {
        marked.scale.check().map_err(|error| error.to_string())?;
    }
    Ok(remembered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(text: &str) -> Mask {
        Mask::new(vec![text.parse().unwrap()])
    }

    #[test]
    fn what_was_chosen_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = Some(folder.path().join("agent.device.json"));
        let open = |configured: Mask, source: &str| {
            Memory::open(path.clone(), configured, source.to_owned()).unwrap()
        };
        let first = open(Mask::default(), "test:");
        assert_eq!((first.mask(), first.source()), (Mask::default(), None));
        first.choose_mask(&mask("0,0,1,0.2"), None);
        first.choose_source(Some("test:fps=10".to_owned()));
        assert!(first.keeps());

        let again = open(Mask::default(), "test:");
        assert_eq!(again.mask(), mask("0,0,1,0.2"));
        assert_eq!(again.source(), "test:fps=10".parse().ok());

        let configured_anew = open(mask("0,0,1,0.1"), "test:fps=5");
        assert_eq!(
            configured_anew.mask(),
            mask("0,0,1,0.1"),
            "a changed configuration wins"
        );
        assert_eq!(configured_anew.source(), None);
    }

    #[test]
    fn a_configuration_without_a_mask_never_takes_a_chosen_one_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = Some(folder.path().join("agent.device.json"));
        let with = Memory::open(path.clone(), mask("0,0,1,0.1"), String::new()).unwrap();
        with.choose_mask(&mask("0,0,1,0.3"), None);
        let without = Memory::open(path, Mask::default(), String::new()).unwrap();
        assert_eq!(without.mask(), mask("0,0,1,0.3"));
    }

    #[test]
    fn a_depth_scale_is_there_after_a_restart_on_the_same_source_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = Some(folder.path().join("agent.device.json"));
        let open =
            |source: &str| Memory::open(path.clone(), Mask::default(), source.to_owned()).unwrap();
        let scale = crate::hand_scale::tests::scale(10.0);
        open("test:").choose_scale(Some(scale.clone()));
        assert_eq!(open("test:").scale(), Some(scale));
        assert_eq!(open("test:fps=5").scale(), None);
        open("test:").choose_source(Some("test:fps=9".to_owned()));
        assert_eq!(open("test:").scale(), None, "another source was chosen");
        open("test:").choose_scale(None);
        assert_eq!(open("test:").scale(), None);
    }

    #[test]
    fn what_a_person_looked_at_counts_on_the_same_source_under_the_same_mask() {
        let folder = tempfile::tempdir().unwrap();
        let path = Some(folder.path().join("agent.device.json"));
        let open =
            |source: &str| Memory::open(path.clone(), Mask::default(), source.to_owned()).unwrap();
        open("test:").choose_mask(&mask("0,0,1,0.2"), Some((800, 600)));
        assert_eq!(open("test:").checked(), Some((800, 600)));
        assert_eq!(open("test:fps=5").checked(), None);
        open("test:").choose_mask(&mask("0,0,1,0.1"), None);
        assert_eq!(open("test:").checked(), None);
    }

    #[test]
    fn an_installation_that_does_not_measure_is_one_after_a_restart_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = Some(folder.path().join("agent.device.json"));
        let open = || Memory::open(path.clone(), Mask::default(), String::new()).unwrap();
        assert!(open().measuring());
        open().measuring_is(false);
        assert!(!open().measuring());
        open().measuring_is(true);
        assert!(open().measuring());
    }

    #[test]
    fn a_spoilt_file_stops_the_start_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.device.json");
        for spoilt in [
            "{",
            "{\"mask\":{\"configured\":[],\"chosen\":[{\"x\":0,\"y\":0,\"width\":-1,\"height\":1}]}}",
            "{\"colour\":1}",
            "{\"scale\":{\"source\":\"test:\",\"scale\":{}}}",
        ] {
            fs::write(&path, spoilt).unwrap();
            let told =
                Memory::open(Some(path.clone()), Mask::default(), String::new()).unwrap_err();
            assert!(told.to_string().contains("agent.device.json"), "{told}");
        }
    }

    #[test]
    fn a_choice_that_cannot_be_stored_is_told_and_still_stands() {
        let path = Some(PathBuf::from("/does/not/exist/agent.device.json"));
        let memory = Memory::open(path, Mask::default(), String::new()).unwrap();
        memory.choose_mask(&mask("0,0,1,0.1"), None);
        assert!(!memory.keeps());
        assert_eq!(memory.mask(), mask("0,0,1,0.1"));
    }
}
