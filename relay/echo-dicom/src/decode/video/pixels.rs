//! The frames of one video, and the decoder that goes through them.
//!
//! Owns where the decoder stands and how far it may go for one picture. Work is counted and not timed, so that the same file is read or
//! refused on every machine. Invariant: a decoder that met an error is never used again.

use std::sync::{Mutex, PoisonError};

use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, Decoder, DecoderConfig};
use openh264::formats::YUVSource;

use super::colour::{self, Planes};
use super::parameters::Parameters;
use super::units::{self, Kind};
use super::{CODEC, fault};
use crate::decode::guarded;
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::limits::{MAX_VIDEO_FRAME_BYTES, MAX_VIDEO_WORK, VIDEO_STEP_WORK};
use crate::mp4::{Configuration, VideoTrack};
use crate::picture::{Picture, PixelForm};
use crate::source::Source;

/// Coded bytes that cost about as much as a block.
const BYTES_LIKE_A_BLOCK: u64 = 4;

/// The pixels of a clip that is a video.
#[derive(Debug)]
pub(crate) struct VideoPixels {
    track: VideoTrack,
    /// Where decoding stands, once it began and went well.
    standing: Mutex<Option<Standing>>,
}

/// A decoder on its way.
struct Standing {
    decoder: Decoder,
    parameters: Parameters,
    /// The frame that it takes next.
    next: u32,
    /// The last picture that was asked for, if the way to it is long: often the same frame is wanted again in another form.
    shown: Option<(u32, Picture)>,
    /// Room for a coded picture, used again.
    coded: Vec<u8>,
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Standing")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl VideoPixels {
    pub(crate) fn new(track: VideoTrack) -> Self {
        Self {
            track,
            standing: Mutex::default(),
        }
    }

    pub(crate) fn track(&self) -> &VideoTrack {
        &self.track
    }

    /// Decodes a frame, or goes a part of the way to it; nothing when it is still on its way.
    pub(crate) fn step(
        &self,
        source: &Source,
        layout: &PixelLayout,
        index: u32,
    ) -> Result<Option<Picture>, ClipError> {
        let mut held = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        // Whatever fails below has lost its decoder.
        let standing = held.take();
        let again = standing.as_ref().and_then(|it| it.shown.as_ref());
        if let Some((_, picture)) = again.filter(|(shown, _)| *shown == index) {
            let picture = picture.clone();
            *held = standing;
            return Ok(Some(picture));
        }
        let configuration = Configuration::read(self.track.description())?;
        let key = self.track.key_before(index);
        // One that stands elsewhere is gone before the next begins: a large picture's decoder has 50 MB.
        let standing = standing.filter(|it| (key..=index).contains(&it.next));
        let mut standing = match standing {
            Some(standing) => standing,
            None => Standing::begin(&configuration, layout, key)?,
        };
        standing.shown = None;
        self.check_work(&standing, index)?;
        let mut done = 0;
        loop {
            let at = standing.next;
            if done >= VIDEO_STEP_WORK {
                *held = Some(standing);
                return Ok(None);
            }
            done += self.work(&standing, at);
            let stored = self.stored(source, at)?;
            let kind = units::picture(&stored, &configuration, &mut standing.coded)?;
            if at == key && kind != Kind::Key {
                return fault(format!(
                    "frame {} is listed as a key frame and is none",
                    at + 1
                ));
            }
            let picture = standing.take(layout, at == index)?;
            if let Some(picture) = picture {
                standing.shown = (self.way(&standing, key, index) > VIDEO_STEP_WORK)
                    .then(|| (index, picture.clone()));
                *held = Some(standing);
                return Ok(Some(picture));
            }
        }
    }

    /// The stored bytes of a frame.
    fn stored(&self, source: &Source, index: u32) -> Result<Vec<u8>, ClipError> {
        match self.track.span(index) {
            Some(span) if span.len <= MAX_VIDEO_FRAME_BYTES => Ok(source.read(span)?),
            _ => fault(format!(
                "frame {} is above {MAX_VIDEO_FRAME_BYTES} bytes",
                index + 1
            )),
        }
    }

    /// What decoding a frame costs: its blocks, and its bytes in blocks.
    fn work(&self, standing: &Standing, index: u32) -> u64 {
        let bytes = self.track.span(index).map_or(0, |span| span.len);
        u64::from(standing.parameters.blocks) + u64::from(bytes) / BYTES_LIKE_A_BLOCK
    }

    /// What decoding these frames costs, the last included.
    fn way(&self, standing: &Standing, first: u32, last: u32) -> u64 {
        (first..=last).map(|at| self.work(standing, at)).sum()
    }

    fn check_work(&self, standing: &Standing, index: u32) -> Result<(), ClipError> {
        let before = index - standing.next;
        // A single frame is bounded by itself.
        if before == 0 || self.way(standing, standing.next, index) <= MAX_VIDEO_WORK {
            return Ok(());
        }
        fault(format!(
            "frame {} stands on {before} others that have to be decoded first, which is more than one picture is given",
            index + 1
        ))
    }
}

impl Standing {
    /// A decoder that knows the parameter sets and stands before a key frame.
    fn begin(
        configuration: &Configuration<'_>,
        layout: &PixelLayout,
        key: u32,
    ) -> Result<Self, ClipError> {
        let mut found = None;
        for set in configuration
            .sequence
            .iter()
            .filter(|set| units::is_sequence(set))
        {
            let parameters = Parameters::read(set, layout)?;
            if found
                .replace(parameters)
                .is_some_and(|other| other != parameters)
            {
                return fault("its sequence parameter sets contradict each other");
            }
        }
        let Some(parameters) = found else {
            return fault("it has no sequence parameter set");
        };
        let sets = units::sets(configuration)?;
        let decoder = guarded(CODEC, || {
            let api = OpenH264API::from_source();
            let decoder = Decoder::with_api_config(api, DecoderConfig::new());
            let mut decoder = decoder.map_err(|_| "no decoder can be had".to_owned())?;
            match decoder.decode(&sets) {
                Ok(None) => Ok(decoder),
                Ok(Some(_)) | Err(_) => Err("its parameter sets cannot be used".to_owned()),
            }
        })?;
        Ok(Self {
            decoder,
            parameters,
            next: key,
            shown: None,
            coded: Vec::new(),
        })
    }

    /// Takes the next coded picture; gives it as it is shown if it is `wanted`.
    fn take(&mut self, layout: &PixelLayout, wanted: bool) -> Result<Option<Picture>, ClipError> {
        let frame = self.next + 1;
        self.next += 1;
        let colour = self.parameters.colour;
        guarded(CODEC, || {
            let decoded = match self.decoder.decode(&self.coded) {
                Ok(Some(decoded)) => decoded,
                Ok(None) => return Err(format!("frame {frame} gives no picture")),
                Err(_) => {
                    return Err(format!(
                        "frame {frame} is damaged, or what it stands on is missing"
                    ));
                }
            };
            let size = decoded.dimensions();
            if size != (layout.columns as usize, layout.rows as usize) {
                return Err(format!(
                    "frame {frame} has another size than the header says"
                ));
            }
            if !wanted {
                return Ok(None);
            }
            let rows = colour::rows(planes(&decoded), size, colour);
            let rows = rows.ok_or_else(|| format!("frame {frame} gives less than a picture"))?;
            Ok(Some(Picture {
                width: layout.columns,
                height: layout.rows,
                form: PixelForm::Rgb8,
                rows,
            }))
        })
    }
}

fn planes<'a>(decoded: &'a DecodedYUV<'a>) -> Planes<'a> {
    let (y, cb, cr) = decoded.strides();
    Planes {
        y: (decoded.y(), y),
        cb: (decoded.u(), cb),
        cr: (decoded.v(), cr),
    }
}
