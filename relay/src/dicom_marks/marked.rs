//! A clip with what was drawn and measured on it, ready to be written.
//!
//! Owns the UIDs, names and times of the objects. They follow from the clip and the marks, so asking twice gives one
//! object, and another mark gives another one. A report may say what follows from marks on other clips of the consult too
//! (`across`). Everything here blocks: it reads the clips' headers.

use super::across::{SaidOnce, across};
use super::drawing::{graphics, name_of};
use super::place::on_clip;
use super::values::{Across, Measured, measurements, person};
use crate::named::uuid_of;
use crate::store::{self, ClipFiles, ClipRow, Store, StoreError};
use echo_dicom::write::presentation::{self, ImageColour, StateFacts};
use echo_dicom::write::report::{self, ReportFacts, codes};
use echo_dicom::write::{
    Context, Equipment, LocalTime, MarkedImage, Series, Uid, UtcOffset, WriteError,
};
use echo_dicom::{ClipError, Photometric, Provenance};
use guarded::Guard;
use std::path::{Path, PathBuf};
use thiserror::Error;
use wire::socket::MarkState;
use wire::{CaptureTime, ClipId, ConsultId, FrameIndex};

/// Series numbers far from those that devices give.
const STATE_SERIES: u32 = 9_001;
const REPORT_SERIES: u32 = 9_002;

/// Marks could not be made into an object.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MarksFault {
    /// The clip does not say whose it is, or cannot be read.
    #[error("the clip cannot be read: {0}")]
    Read(#[from] ClipError),
    /// The object cannot be written.
    #[error("the object cannot be written: {0}")]
    Write(#[from] WriteError),
    /// The clip's size is none that a presentation state can name.
    #[error("the clip is too large")]
    Size,
}

/// A clip of a consult that is kept.
pub struct KeptClip {
    /// What is known of it.
    pub row: ClipRow,
    /// Where it lies.
    pub path: PathBuf,
}

/// All kept clips of a consult, in order of arrival.
///
/// # Errors
/// The store's.
pub async fn kept_clips(
    store: &Store,
    files: &ClipFiles,
    consult: ConsultId,
) -> Result<Vec<KeptClip>, StoreError> {
    let rows = store
        .read("list a consult's clips", move |db| {
            store::kept_clips(db, consult)
        })
        .await?;
    let kept = rows.into_iter().map(|row| KeptClip {
        path: files.whole(consult, row.head.clip),
        row,
    });
    Ok(kept.collect())
}

/// A clip and the marks on its frames.
pub struct MarkedClip<'a> {
    /// All kept clips of its consult.
    clips: &'a [KeptClip],
    provenance: Provenance,
    image: MarkedImage,
    colour: ImageColour,
    marks: Vec<(FrameIndex, &'a MarkState)>,
    /// What its report says that follows from marks on other clips too.
    across: Vec<SaidOnce<'a>>,
}

impl<'a> MarkedClip<'a> {
    /// Reads whose clip it is and finds which of the consult's marks lie on it; nothing for a clip that is not kept.
    ///
    /// # Errors
    /// `Read`, `Size`.
    pub fn read(
        clips: &'a [KeptClip],
        clip: ClipId,
        marks: &'a [MarkState],
    ) -> Result<Option<Self>, MarksFault> {
        let found = clips.iter().position(|kept| kept.row.head.clip == clip);
        let Some((own, kept)) = found.and_then(|own| Some((own, clips.get(own)?))) else {
            return Ok(None);
        };
        let (provenance, image, colour) = header(&kept.path)?;
        let mut across = across(clips.iter().map(|kept| &kept.row), marks);
        across.retain(|said| said.home == own);
        Ok(Some(Self {
            clips,
            provenance,
            image,
            colour,
            marks: on_clip(&kept.row, marks),
            across,
        }))
    }

    /// All marks as a presentation state; `None` when there are none.
    ///
    /// # Errors
    /// `Write`.
    pub fn state(&self) -> Result<Option<Vec<u8>>, MarksFault> {
        let graphics: Vec<_> = self
            .marks
            .iter()
            .flat_map(|(frame, held)| graphics(&self.image, *frame, held))
            .collect();
        let Some((created_at, last)) = self.last_made() else {
            return Ok(None);
        };
        let facts = StateFacts {
            instance_uid: self.own_uid("presentation state"),
            instance_number: 1,
            created_at,
            label: "CONSULT MARKS".to_owned(),
            description: "Marks of a live consult".to_owned(),
            creator: person(&name_of(&last.author)),
            colour: self.colour,
        };
        let context = self.context("Marks", STATE_SERIES);
        let mut bytes = Vec::new();
        presentation::write(&context, &facts, &self.image, &graphics, &mut bytes)?;
        Ok(Some(bytes))
    }

    /// What was measured as a report; `None` when nothing was, or nothing with a scale.
    ///
    /// # Errors
    /// `Write`.
    pub fn report(&self) -> Result<Option<Vec<u8>>, MarksFault> {
        let (images, across) = self.images();
        let measured = measurements(&images, &self.marks, &across, |parts| self.uid_of(parts));
        let Some((created_at, last)) = self.last_made().filter(|_| !measured.is_empty()) else {
            return Ok(None);
        };
        let facts = ReportFacts {
            instance_uid: self.uid_with("measurement report", &across),
            instance_number: 1,
            created_at,
            observer: person(&name_of(&last.author)),
            device: None,
            procedure: codes::ECHOCARDIOGRAPHY,
        };
        let context = self.context("Measurements", REPORT_SERIES);
        let mut bytes = Vec::new();
        report::write(&context, &facts, &images, &measured, &mut bytes)?;
        Ok(Some(bytes))
    }

    /// The clip itself and those others that its report names, with the values that name them. A clip of another study or
    /// patient is never brought together with this one, and one that cannot be read takes only its values away.
    fn images(&self) -> (Vec<MarkedImage>, Vec<Across<'a>>) {
        let mut images = vec![self.image.clone()];
        let mut known: Vec<(usize, Option<usize>)> = Vec::new();
        let mut image_of = |clip: usize| -> Option<usize> {
            if let Some((_, image)) = known.iter().find(|(of, _)| *of == clip) {
                return *image;
            }
            let image = self.other(clip).map(|image| {
                images.push(image);
                images.len() - 1
            });
            known.push((clip, image));
            image
        };
        let across = self.across.iter().filter_map(|said| {
            let part = |(clip, frame, held): &(usize, FrameIndex, &'a MarkState)| {
                let image = if *clip == said.home {
                    0
                } else {
                    image_of(*clip)?
                };
                Measured::of(image, *frame, held)
            };
            let parts = said.parts.iter().map(part).collect::<Option<Vec<_>>>()?;
            Some((said.follows, parts))
        });
        let across = across.collect();
        (images, across)
    }

    fn other(&self, clip: usize) -> Option<MarkedImage> {
        let kept = self.clips.get(clip)?;
        match header(&kept.path) {
            Ok((provenance, image, _)) => {
                let same = provenance.study.uid == self.provenance.study.uid
                    && provenance.patient.id == self.provenance.patient.id;
                same.then_some(image)
            }
            Err(error) => {
                let clip = kept.row.head.clip;
                tracing::warn!(%clip, %error, "a clip cannot be read, so values that need it are in no report");
                None
            }
        }
    }

    fn last_made(&self) -> Option<(LocalTime, &MarkState)> {
        let (_, last) = self.marks.iter().max_by_key(|(_, held)| held.at)?;
        Some((
            LocalTime::at(CaptureTime(last.at.0), self.utc_offset())?,
            last,
        ))
    }

    fn utc_offset(&self) -> UtcOffset {
        self.provenance.utc_offset.unwrap_or(UtcOffset::UTC)
    }

    fn context(&self, words: &str, number: u32) -> Context {
        Context {
            patient: self.provenance.patient.clone(),
            study: self.provenance.study.clone(),
            series: Series {
                uid: self.uid_of(&["series", words]),
                number,
                began_at: None,
                description: words.to_owned(),
            },
            equipment: Equipment {
                manufacturer: "Hibiki".to_owned(),
                model: "Hibiki relay".to_owned(),
                software_versions: env!("CARGO_PKG_VERSION").to_owned(),
                ..Equipment::default()
            },
            utc_offset: self.utc_offset(),
        }
    }

    /// The UID of an object that holds exactly these marks.
    fn own_uid(&self, kind: &str) -> Uid {
        self.uid_with(kind, &[])
    }

    /// The UID of an object that holds exactly these marks, with their values or without, and these values of several clips.
    fn uid_with(&self, kind: &str, across: &[Across<'_>]) -> Uid {
        let here = self.marks.iter().map(|(_, held)| match held.gauge {
            Some(_) => held.mark.id.to_string(),
            None => format!("{} bare", held.mark.id),
        });
        let parts = across.iter().flat_map(|(_, parts)| parts);
        let ids: Vec<String> = here.chain(parts.map(Measured::id)).collect();
        let parts: Vec<&str> = std::iter::once(kind)
            .chain(ids.iter().map(String::as_str))
            .collect();
        self.uid_of(&parts)
    }

    /// A UID that follows from the clip and these words.
    fn uid_of(&self, parts: &[&str]) -> Uid {
        let words: Vec<&str> = std::iter::once(self.image.instance_uid.as_str())
            .chain(parts.iter().copied())
            .collect();
        Uid::from_uuid(uuid_of(&words).as_u128())
    }
}

/// Whose clip a file is, the image as objects name it, and whether it has colour.
fn header(path: &Path) -> Result<(Provenance, MarkedImage, ImageColour), MarksFault> {
    let clip = Guard::of_this_program().open(path)?;
    let provenance = clip.provenance()?;
    let header = clip.header();
    let size = |pixels| u16::try_from(pixels).map_err(|_| MarksFault::Size);
    let image = MarkedImage {
        series_uid: provenance.series_uid.clone(),
        class_uid: provenance.class_uid.clone(),
        instance_uid: provenance.instance_uid.clone(),
        columns: size(header.layout.columns)?,
        rows: size(header.layout.rows)?,
        frames: header.frames,
    };
    let colour = match header.layout.photometric {
        Photometric::Monochrome1 | Photometric::Monochrome2 => ImageColour::Grey,
        _ => ImageColour::Colour,
    };
    Ok((provenance, image, colour))
}
