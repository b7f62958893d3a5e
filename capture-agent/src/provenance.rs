//! What is known of a picture beside its pixels: regions, the DICOM instance it was played from, earlier loss, and whether
//! another picture may show another patient.
//!
//! Owns the facts that a source knows and a saved clip must not lose. All frames of one clip share one value behind
//! an `Arc`; nothing is copied for each frame. It holds no patient attribute, so it may be logged.

use echo_dicom::write::{Date, PersonName};
use echo_dicom::{ClipHeader, TransferSyntax};
use guarded::GuardedClip;
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::LazyLock;
use wire::original::PatientKey;
use wire::region::{MAX_REGIONS, Region};

/// What a source knows of its pictures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Calibrated parts of the picture, in the file's order; empty when the source knows none.
    pub regions: Vec<Region>,
    /// The instance that the picture was played from; nothing when it came from a device.
    pub instance: Option<SourceInstance>,
    /// The pixels were coded with loss before they came here.
    pub lossy: bool,
    /// Frames with another one may show another patient.
    #[serde(default)]
    pub patient: PatientKey,
}

/// What tells whom a picture shows, the best that there is. It names a patient, so it is not shown, logged or kept.
#[derive(Hash)]
pub enum Shows {
    /// The patient that a file names. Two files that agree in all of it show one.
    Patient {
        /// Patient ID.
        id: String,
        /// Patient's Name.
        name: PersonName,
        /// Patient's Birth Date.
        birth_date: Option<Date>,
    },
    /// A file that names nobody, by its study.
    Study(String),
    /// A file that says neither, and a device, by how it was asked for: whom a device shows is the visit's to say.
    Source(String),
}

impl Shows {
    /// Whom a DICOM clip shows that was opened at `path`. Blocks.
    #[must_use]
    pub fn of_clip(clip: &GuardedClip, path: &Path) -> Self {
        let Ok(stored) = clip.provenance() else {
            return Self::Source(path.display().to_string());
        };
        let echo_dicom::write::Patient {
            id,
            name,
            birth_date,
            ..
        } = stored.patient;
        if id.is_empty() && name == PersonName::default() {
            return Self::Study(stored.study.uid.as_str().to_owned());
        }
        Self::Patient {
            id,
            name,
            birth_date,
        }
    }

    /// Its key in this run.
    #[must_use]
    pub fn key(&self) -> PatientKey {
        static RUN: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "32 of 64 bits tell a day's patients apart"
        )]
        PatientKey(RUN.hash_one(self) as u32)
    }
}

/// A DICOM instance by its two UIDs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceInstance {
    /// SOP Class UID.
    pub class_uid: String,
    /// SOP Instance UID.
    pub instance_uid: String,
}

impl Provenance {
    /// Of a device's pictures, that were coded with loss on the way, or not, and of which nothing else is known.
    #[must_use]
    pub fn of_device(asked_for: &str, lossy: bool) -> Self {
        Self {
            regions: Vec::new(),
            instance: None,
            lossy,
            patient: Shows::Source(asked_for.to_owned()).key(),
        }
    }

    /// Of the frames of a DICOM clip.
    #[must_use]
    pub fn of_clip(header: &ClipHeader, shows: &Shows) -> Self {
        let named = !header.sop_class_uid.is_empty() && !header.sop_instance_uid.is_empty();
        Self {
            regions: regions_of(header),
            instance: named.then(|| SourceInstance {
                class_uid: header.sop_class_uid.clone(),
                instance_uid: header.sop_instance_uid.clone(),
            }),
            lossy: header.lossy_before || is_lossy(header.transfer_syntax),
            patient: shows.key(),
        }
    }
}

/// As the file states them. A list that is too long is left out whole: it is then an uncalibrated picture, and never one
/// whose most important region happens to be missing.
fn regions_of(header: &ClipHeader) -> Vec<Region> {
    if header.regions.len() > MAX_REGIONS {
        tracing::warn!(
            regions = header.regions.len(),
            "a clip has more regions than a picture can have; it is played without a scale"
        );
        return Vec::new();
    }
    header.regions.iter().map(Region::from).collect()
}

/// JPEG 2000 of either kind and unknown syntaxes count as lossy: a picture is never called better than it is.
const fn is_lossy(syntax: TransferSyntax) -> bool {
    !matches!(
        syntax,
        TransferSyntax::ImplicitLittleEndian
            | TransferSyntax::ExplicitLittleEndian
            | TransferSyntax::ExplicitBigEndian
            | TransferSyntax::Deflated
            | TransferSyntax::Rle
            | TransferSyntax::JpegLossless
            | TransferSyntax::JpegLosslessSv1
            | TransferSyntax::JpegLsLossless
            | TransferSyntax::Jpeg2000Lossless
    )
}
