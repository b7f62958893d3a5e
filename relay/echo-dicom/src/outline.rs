//! What opening a clip learned, without its bytes: header, and where each frame lies in the file.
//!
//! Owns the form in which a process that reads a foreign file tells it to one that must not, and the checks by which the
//! second believes the first no further than it has to. Invariant: after `check`, every place lies inside the file and
//! inside the limits, whatever was said; a lie can then change what is shown, and nothing else.

use serde::{Deserialize, Serialize};
use std::ops::Range;
use wire::FrameIndex;

use crate::header::{ClipHeader, MAX_IMAGE_TYPES, is_code};
use crate::limits::{MAX_ENCODED_FRAME_BYTES, MAX_FRAGMENTS, MAX_FRAMES, MAX_REGIONS};
use crate::mp4::VideoTrack;
use crate::source::Span;
use crate::syntax::is_uid;

/// A clip without its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    header: ClipHeader,
    frames: StoredFrames,
}

/// How frames are found in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum StoredFrames {
    /// Not in the file as it is: it has to be inflated first.
    Elsewhere,
    /// Each by its stretches, from the first frame on; of a file that still arrives, those that are known.
    Listed(Vec<StoredFrame>),
    /// One video.
    Video(VideoTrack),
}

/// Where one frame lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredFrame {
    pub(crate) spans: Vec<Span>,
    /// A browser shows these very bytes as decoding them would.
    pub(crate) shown_as_stored: bool,
}

impl Outline {
    pub(crate) fn new(header: ClipHeader, frames: StoredFrames) -> Self {
        Self { header, frames }
    }

    /// Checks what another process said of a file of so many bytes.
    ///
    /// # Errors
    /// The first thing that no reading could have given.
    pub fn check(&self, file_bytes: u64) -> Result<(), &'static str> {
        check_header(&self.header)?;
        let frames = self.header.frames;
        match &self.frames {
            StoredFrames::Elsewhere => Ok(()),
            StoredFrames::Video(video) if video.fits(frames, file_bytes) => Ok(()),
            StoredFrames::Video(_) => Err("a video that cannot be"),
            StoredFrames::Listed(listed) => {
                let spans: usize = listed.iter().map(|frame| frame.spans.len()).sum();
                let most = (MAX_FRAGMENTS as usize).max(listed.len());
                let fits = |frame: &StoredFrame| {
                    let total: u64 = frame.spans.iter().map(|span| u64::from(span.len)).sum();
                    !frame.spans.is_empty()
                        && (!frame.shown_as_stored || total <= MAX_ENCODED_FRAME_BYTES)
                        && frame.spans.iter().all(|span| span.end() <= file_bytes)
                };
                if listed.len() > frames as usize || spans > most || !listed.iter().all(fits) {
                    return Err("frames that do not lie in the file");
                }
                Ok(())
            }
        }
    }

    /// What the clip says about itself.
    #[must_use]
    pub fn header(&self) -> &ClipHeader {
        &self.header
    }

    /// The video that all frames are, of a video clip.
    #[must_use]
    pub fn video(&self) -> Option<&VideoTrack> {
        match &self.frames {
            StoredFrames::Video(video) => Some(video),
            _ => None,
        }
    }

    /// Whether all bytes of a frame are among the first `here` of the file.
    #[must_use]
    pub fn is_here(&self, index: FrameIndex, here: u64) -> bool {
        index.0 < self.header.frames
            && match &self.frames {
                StoredFrames::Elsewhere => true,
                StoredFrames::Listed(listed) => listed
                    .get(index.0 as usize)
                    .is_some_and(|frame| frame.spans.iter().all(|span| span.end() <= here)),
                StoredFrames::Video(video) => {
                    video.span(index.0).is_some_and(|span| span.end() <= here)
                }
            }
    }

    /// Where the stored bytes of a frame lie, whatever they are; none for a frame of a video, which is no file of its own. A coded frame
    /// may end in a pad byte.
    #[must_use]
    pub fn stored(&self, index: FrameIndex) -> Option<Vec<Range<u64>>> {
        let StoredFrames::Listed(listed) = &self.frames else {
            return None;
        };
        let frame = listed.get(index.0 as usize)?;
        let total: u64 = frame.spans.iter().map(|span| u64::from(span.len)).sum();
        let ranges = frame.spans.iter().map(|span| span.at..span.end());
        (total <= MAX_ENCODED_FRAME_BYTES).then(|| ranges.collect())
    }

    /// Where the stored bytes of a frame lie, for a frame that a browser shows as it is stored: a JPEG in its own
    /// colours, which may end in a pad byte, or one frame of a video.
    #[must_use]
    pub fn as_stored(&self, index: FrameIndex) -> Option<Vec<Range<u64>>> {
        let range = |span: &Span| span.at..span.end();
        match &self.frames {
            StoredFrames::Elsewhere => None,
            StoredFrames::Listed(listed) => listed
                .get(index.0 as usize)
                .filter(|frame| frame.shown_as_stored)
                .map(|frame| frame.spans.iter().map(range).collect()),
            StoredFrames::Video(video) => video.span(index.0).map(|span| vec![range(&span)]),
        }
    }
}

fn check_header(header: &ClipHeader) -> Result<(), &'static str> {
    let is_uid = |text: &str| text.is_empty() || is_uid(text);
    if !is_uid(&header.sop_class_uid) || !is_uid(&header.sop_instance_uid) {
        return Err("a UID that is none");
    }
    if header.layout.checked().is_err() {
        return Err("a picture that cannot be");
    }
    if !(1..=MAX_FRAMES).contains(&header.frames) || !header.frame_times.fits(header.frames) {
        return Err("frame times that cannot be");
    }
    if header.regions.len() > MAX_REGIONS {
        return Err("more regions than any picture shows");
    }
    if header.image_type.len() > MAX_IMAGE_TYPES || !header.image_type.iter().all(|it| is_code(it))
    {
        return Err("an image type that is none");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::PixelLayout;
    use crate::picture::Photometric;
    use crate::syntax::TransferSyntax;
    use crate::times::{FrameTimes, TimeSource};
    use std::time::Duration;

    fn outline(spans: &[(u64, u32)]) -> Outline {
        let header = ClipHeader {
            sop_class_uid: "1.2".to_owned(),
            sop_instance_uid: "1.2.3".to_owned(),
            transfer_syntax: TransferSyntax::JpegBaseline,
            layout: PixelLayout {
                rows: 2,
                columns: 2,
                photometric: Photometric::Monochrome2,
                samples_per_pixel: 1,
                bits_allocated: 8,
                bits_stored: 8,
                high_bit: 7,
                signed: false,
                planar: false,
            },
            frames: 2,
            frame_times: FrameTimes::even(TimeSource::FrameTime, Duration::from_millis(33), 2),
            regions: Vec::new(),
            hand_scale: false,
            burned_in_annotation: None,
            lossy_before: false,
            image_type: vec!["ORIGINAL".to_owned()],
        };
        let frame = |&(at, len): &(u64, u32)| StoredFrame {
            spans: vec![Span { at, len }],
            shown_as_stored: true,
        };
        let frames = StoredFrames::Listed(spans.iter().map(frame).collect());
        Outline::new(header, frames)
    }

    #[test]
    fn frames_are_found_and_are_here_once_their_last_byte_is() {
        let outline = outline(&[(10, 5), (15, 5)]);
        outline.check(20).unwrap();
        assert!(outline.is_here(FrameIndex(0), 15) && !outline.is_here(FrameIndex(1), 19));
        let places = outline.as_stored(FrameIndex(1)).unwrap();
        assert_eq!((places.len(), places.first()), (1, Some(&(15..20))));
        assert!(outline.as_stored(FrameIndex(2)).is_none() && !outline.is_here(FrameIndex(2), 99));
    }

    #[test]
    fn what_no_reading_gives_is_not_believed() {
        for lie in [
            |it: &mut Outline| it.header.sop_instance_uid = "../../etc".to_owned(),
            |it| it.header.layout.columns = 0,
            |it| it.header.layout.rows = u32::MAX,
            |it| it.header.layout.bits_stored = 0,
            |it| it.header.frames = 0,
            |it| it.header.frames = u32::MAX,
            |it| it.header.frames = 1,
            |it| {
                let long = Duration::from_secs(u64::MAX);
                it.header.frame_times = FrameTimes::even(TimeSource::FrameTime, long, 2);
            },
            |it| it.header.image_type = vec!["Yamada\u{1b}".to_owned()],
            |it| it.frames = at(19, 2),
            |it| it.frames = at(u64::MAX, u32::MAX),
        ] as [fn(&mut Outline); 11]
        {
            let mut outline = outline(&[(10, 5), (15, 5)]);
            lie(&mut outline);
            assert!(outline.check(20).is_err(), "{outline:?}");
        }
    }

    fn at(at: u64, len: u32) -> StoredFrames {
        let spans = vec![Span { at, len }];
        StoredFrames::Listed(vec![StoredFrame {
            spans,
            shown_as_stored: true,
        }])
    }

    #[test]
    fn it_comes_through_json_as_it_was() {
        let outline = outline(&[(10, 5)]);
        let said = serde_json::to_vec(&outline).unwrap();
        assert_eq!(serde_json::from_slice::<Outline>(&said).unwrap(), outline);
    }
}
