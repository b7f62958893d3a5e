//! Where the frames lie: the tables of sizes, chunks and key frames of one track (ISO/IEC 14496-12 section 8.7).
//!
//! Owns putting the tables together. A track has exactly as many samples as the clip has frames, stored in the order in
//! which they are shown. Work and memory are bounded by the frames of the header and by bytes that are really there.

use super::boxes::{at_most_one, fault, only, table};
use crate::error::ClipError;
use crate::limits::MAX_ENCODED_FRAME_BYTES;
use crate::source::Span;

/// The sizes of all samples.
enum Sizes<'a> {
    Same(u32),
    Listed(&'a [[u8; 4]]),
}

impl<'a> Sizes<'a> {
    fn read(content: &'a [u8], frames: u32) -> Result<Self, ClipError> {
        let words = content
            .get(4..12)
            .and_then(|words| words.split_first_chunk());
        let Some((same, count)) = words else {
            return fault("a table is cut off");
        };
        let same = u32::from_be_bytes(*same);
        let count = count.try_into().map_or(0, u32::from_be_bytes);
        if count != frames {
            return fault(format!(
                "{frames} frames are declared, the video has {count}"
            ));
        }
        Ok(if same == 0 {
            Self::Listed(table(content, 8)?)
        } else {
            Self::Same(same)
        })
    }

    fn at(&self, index: usize) -> u32 {
        match self {
            Self::Same(size) => *size,
            Self::Listed(sizes) => sizes.get(index).map_or(0, |size| u32::from_be_bytes(*size)),
        }
    }
}

/// Where chunks begin, counted from the first byte of the MP4 file.
enum Chunks<'a> {
    Short(&'a [[u8; 4]]),
    Long(&'a [[u8; 8]]),
}

impl<'a> Chunks<'a> {
    fn read(tables: &'a [u8]) -> Result<Self, ClipError> {
        match (
            at_most_one(tables, *b"stco")?,
            at_most_one(tables, *b"co64")?,
        ) {
            (Some(short), None) => Ok(Self::Short(table(short, 4)?)),
            (None, Some(long)) => Ok(Self::Long(table(long, 4)?)),
            _ => fault("there must be one table of chunks"),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Short(offsets) => offsets.len(),
            Self::Long(offsets) => offsets.len(),
        }
    }

    fn at(&self, index: usize) -> u64 {
        match self {
            Self::Short(offsets) => offsets
                .get(index)
                .map_or(u64::MAX, |offset| u64::from(u32::from_be_bytes(*offset))),
            Self::Long(offsets) => offsets
                .get(index)
                .map_or(u64::MAX, |offset| u64::from_be_bytes(*offset)),
        }
    }
}

/// The bytes of each frame; `file` is where the MP4 file lies.
pub(super) fn locate(tables: &[u8], file: Span, frames: u32) -> Result<Vec<Span>, ClipError> {
    let sizes = Sizes::read(only(tables, *b"stsz")?, frames)?;
    let chunks = Chunks::read(tables)?;
    let runs = table::<12>(only(tables, *b"stsc")?, 4)?;
    let wanted = frames as usize;
    let mut spans = Vec::with_capacity(wanted);
    let (mut run, mut per_chunk) = (0, 0);
    for chunk in 0..chunks.len() {
        if let Some([a, b, c, d, e, f, g, h, ..]) = runs.get(run)
            && u32::from_be_bytes([*a, *b, *c, *d]) as usize == chunk + 1
        {
            per_chunk = u32::from_be_bytes([*e, *f, *g, *h]) as usize;
            run += 1;
        }
        if per_chunk > wanted - spans.len() {
            return fault("its chunks hold more samples than there are");
        }
        let mut at = file.at.saturating_add(chunks.at(chunk));
        for _ in 0..per_chunk {
            let len = sizes.at(spans.len());
            let span = Span { at, len };
            if len == 0 || u64::from(len) > MAX_ENCODED_FRAME_BYTES || span.end() > file.end() {
                let shown = spans.len() + 1;
                return fault(format!("frame {shown} does not lie in the video"));
            }
            at = span.end();
            spans.push(span);
        }
    }
    if spans.len() != wanted || run != runs.len() {
        return fault("its chunks hold fewer samples than there are");
    }
    Ok(spans)
}

/// The frames at which decoding can begin, from 0. The first frame is one of them.
pub(super) fn keys(tables: &[u8], frames: u32) -> Result<Vec<u32>, ClipError> {
    let Some(content) = at_most_one(tables, *b"stss")? else {
        return Ok((0..frames).collect());
    };
    let listed = table::<4>(content, 4)?;
    if listed.len() > frames as usize {
        return fault("it has more key frames than frames");
    }
    let keys: Vec<u32> = listed
        .iter()
        .map(|number| u32::from_be_bytes(*number).wrapping_sub(1))
        .collect();
    let rising = keys.iter().zip(keys.iter().skip(1)).all(|(a, b)| a < b);
    let inside = keys.last().is_some_and(|last| *last < frames);
    if keys.first() == Some(&0) && rising && inside {
        Ok(keys)
    } else {
        fault("its key frames are not in order, or the first frame is none")
    }
}

/// Frames must come in the order in which they are shown: a frame is found by counting (decision record 0015).
pub(super) fn check_order(tables: &[u8]) -> Result<(), ClipError> {
    let Some(content) = at_most_one(tables, *b"ctts")? else {
        return Ok(());
    };
    let shift = |entry: &[u8; 8]| {
        let [_, _, _, _, shift @ ..] = *entry;
        shift
    };
    let shifts = table::<8>(content, 4)?;
    // One shift for all moves the whole video and reorders nothing.
    if shifts
        .iter()
        .zip(shifts.iter().skip(1))
        .all(|(a, b)| shift(a) == shift(b))
    {
        Ok(())
    } else {
        fault("its frames are not stored in the order in which they are shown")
    }
}
