//! Which bytes make up each frame of an encapsulated clip.
//!
//! Owns the frame table. It is made, in this order, from an extended offset table, a basic offset table that
//! fits the fragments exactly, one fragment for each frame, all fragments for a single frame, and at last
//! from where JPEG, JPEG-LS and JPEG 2000 code streams begin (PS3.5 Annex A.4, PS3.3 section C.7.6.3.1.8).
//! A table that does not fit is ignored rather than trusted. The invariant: every frame has at least one
//! fragment, no fragment serves two frames, and none is left out.

use std::ops::Range;

use crate::error::ClipError;
use crate::limits::MAX_ENCODED_FRAME_BYTES;
use crate::source::{Source, Span};

/// Fragments, and the range of them that each frame has.
#[derive(Debug)]
pub(crate) struct FrameTable {
    fragments: Vec<Span>,
    frames: Vec<Range<usize>>,
}

/// The extended offset table's two attributes, where both are present.
#[derive(Debug)]
pub(crate) struct ExtendedOffsets {
    pub(crate) offsets: Vec<u64>,
    pub(crate) lengths: Vec<u64>,
}

impl FrameTable {
    pub(crate) fn build(
        source: &Source,
        offset_table: Span,
        fragments: Vec<Span>,
        extended: Option<&ExtendedOffsets>,
        frames: u32,
        more_to_come: bool,
    ) -> Result<Self, ClipError> {
        let count = frames as usize;
        if more_to_come {
            return Self::so_far(source, offset_table, fragments, extended, count);
        }
        if let Some(extended) = extended
            && let Some(fragments) = by_extended_offsets(extended, &fragments, count)
        {
            return Ok(Self {
                frames: one_each(count),
                fragments,
            });
        }
        if let Some(frames) = by_basic_offsets(source, offset_table, &fragments, count)? {
            return Ok(Self { fragments, frames });
        }
        let table = match fragments.len() {
            0 => return Err(ClipError::FrameTable("there are no fragments".into())),
            held if held == count => one_each(count),
            held if count == 1 => std::iter::once(0..held).collect(),
            held if held < count => {
                let why = format!("{count} frames are declared, there are {held} fragments");
                return Err(ClipError::FrameTable(why));
            }
            _ => by_code_streams(source, &fragments, count)?,
        };
        Ok(Self {
            fragments,
            frames: table,
        })
    }

    /// The frames that the fragments which began to arrive make up for certain, from the first on. Without an offset
    /// table nothing is certain before the last fragment.
    fn so_far(
        source: &Source,
        offset_table: Span,
        fragments: Vec<Span>,
        extended: Option<&ExtendedOffsets>,
        count: usize,
    ) -> Result<Self, ClipError> {
        // Its item has not even begun to arrive.
        if offset_table.at == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        let held = item_offsets(&fragments);
        if let Some(extended) = extended
            && extended.offsets.len() == count
            && extended.lengths.len() == count
            && fragments.len() <= count
        {
            let cut = |entries: &[u64]| entries.iter().take(fragments.len()).copied().collect();
            let begun = ExtendedOffsets {
                offsets: cut(&extended.offsets),
                lengths: cut(&extended.lengths),
            };
            if let Some(fragments) = by_extended_offsets(&begun, &fragments, fragments.len()) {
                return Ok(Self {
                    frames: one_each(fragments.len()),
                    fragments,
                });
            }
        }
        let mut starts = Vec::new();
        if offset_table.len as usize == count.saturating_mul(4) {
            for entry in source.read(offset_table)?.as_chunks::<4>().0 {
                match held.binary_search(&u64::from(u32::from_le_bytes(*entry))) {
                    Ok(fragment) if starts.last().is_none_or(|last| *last < fragment) => {
                        starts.push(fragment);
                    }
                    _ => break,
                }
            }
        }
        if starts.first() != Some(&0) {
            starts.clear();
        }
        let ends = starts.iter().skip(1).copied();
        let frames = starts
            .iter()
            .copied()
            .zip(ends)
            .map(|(a, b)| a..b)
            .collect();
        Ok(Self { fragments, frames })
    }

    /// The fragments of each frame that is known, from the first on.
    pub(crate) fn spans(&self) -> impl Iterator<Item = &[Span]> {
        let of = |range: &Range<usize>| self.fragments.get(range.clone()).unwrap_or_default();
        self.frames.iter().map(of)
    }

    /// Whether all bytes of one frame are here.
    pub(crate) fn is_here(&self, source: &Source, index: u32) -> bool {
        self.frames
            .get(index as usize)
            .and_then(|range| self.fragments.get(range.clone()))
            .is_some_and(|spans| spans.iter().all(|span| source.has(*span)))
    }

    /// The coded bytes of one frame.
    pub(crate) fn frame_bytes(&self, source: &Source, index: u32) -> Result<Vec<u8>, ClipError> {
        let spans = self
            .frames
            .get(index as usize)
            .and_then(|range| self.fragments.get(range.clone()))
            .ok_or(ClipError::NoSuchFrame {
                index,
                frames: self.frames.len() as u32,
            })?;
        let total: u64 = spans.iter().map(|span| u64::from(span.len)).sum();
        if total > MAX_ENCODED_FRAME_BYTES {
            let why = format!("a frame of {total} coded bytes is above {MAX_ENCODED_FRAME_BYTES}");
            return Err(ClipError::FrameTable(why));
        }
        if let Some(missing) = spans.iter().find(|span| !source.has(**span)) {
            // Nothing is held for what is not here.
            return Ok(source.read(*missing)?);
        }
        // Room for an end marker, so that who adds one need not copy a frame.
        let mut bytes = Vec::with_capacity(total as usize + 2);
        for span in spans {
            let begin = bytes.len();
            bytes.resize(begin + span.len as usize, 0);
            source.read_at(span.at, bytes.get_mut(begin..).unwrap_or_default())?;
        }
        Ok(bytes)
    }
}

fn one_each(count: usize) -> Vec<Range<usize>> {
    (0..count).map(|index| index..index + 1).collect()
}

/// Where each fragment's item begins, counted from the first one as offset tables do.
fn item_offsets(fragments: &[Span]) -> Vec<u64> {
    let base = fragments.first().map_or(0, |first| first.at);
    fragments
        .iter()
        .map(|fragment| fragment.at.saturating_sub(base))
        .collect()
}

/// With an extended offset table each frame is one fragment (PS3.3 section C.7.6.3.1.8); the lengths cut off
/// the pad byte. `None` when any entry does not fit.
fn by_extended_offsets(
    extended: &ExtendedOffsets,
    fragments: &[Span],
    count: usize,
) -> Option<Vec<Span>> {
    if extended.offsets.len() != count
        || extended.lengths.len() != count
        || fragments.len() != count
    {
        return None;
    }
    let offsets = item_offsets(fragments);
    let lengths = extended.lengths.iter();
    fragments
        .iter()
        .zip(offsets.iter().zip(&extended.offsets))
        .zip(lengths)
        .map(|((fragment, (held, stated)), length)| {
            let len = u32::try_from(*length).ok()?;
            (held == stated && (1..=fragment.len).contains(&len))
                .then_some(Span { len, ..*fragment })
        })
        .collect()
}

/// `None` when the table is empty or does not fit the fragments.
fn by_basic_offsets(
    source: &Source,
    table: Span,
    fragments: &[Span],
    count: usize,
) -> Result<Option<Vec<Range<usize>>>, ClipError> {
    if table.len as usize != count.saturating_mul(4) || fragments.is_empty() {
        return Ok(None);
    }
    let held = item_offsets(fragments);
    let bytes = source.read(table)?;
    let mut starts = Vec::with_capacity(count);
    for entry in bytes.as_chunks::<4>().0 {
        match held.binary_search(&u64::from(u32::from_le_bytes(*entry))) {
            Ok(fragment) if starts.last().is_none_or(|last| *last < fragment) => {
                starts.push(fragment)
            }
            _ => return Ok(None),
        }
    }
    Ok((starts.first() == Some(&0)).then(|| ranges(&starts, fragments.len())))
}

/// A frame begins at each fragment that opens a code stream after one that closed; a code stream that was
/// never closed is tolerated when the openings alone give the declared count.
fn by_code_streams(
    source: &Source,
    fragments: &[Span],
    count: usize,
) -> Result<Vec<Range<usize>>, ClipError> {
    let mut strict = Vec::with_capacity(count);
    let mut openings = Vec::with_capacity(count);
    let mut last_closed = true;
    for (index, fragment) in fragments.iter().enumerate() {
        if opens_code_stream(source, *fragment)? {
            openings.push(index);
            if last_closed {
                strict.push(index);
            }
        }
        last_closed = closes_code_stream(source, *fragment)?;
    }
    [&strict, &openings]
        .into_iter()
        .find(|starts| starts.len() == count && starts.first() == Some(&0))
        .map(|starts| ranges(starts, fragments.len()))
        .ok_or_else(|| {
            let (held, streams) = (fragments.len(), strict.len());
            ClipError::FrameTable(format!(
                "{count} frames are declared, {held} fragments hold {streams} code streams"
            ))
        })
}

/// SOI and the first byte of a marker for the JPEG family, SOC and SIZ for JPEG 2000.
fn opens_code_stream(source: &Source, fragment: Span) -> Result<bool, ClipError> {
    if fragment.len < 4 {
        return Ok(false);
    }
    let mut head = [0; 4];
    source.read_at(fragment.at, &mut head)?;
    Ok(matches!(
        head,
        [0xFF, 0xD8, 0xFF, _] | [0xFF, 0x4F, 0xFF, 0x51]
    ))
}

/// EOI or EOC, in front of at most a few bytes of padding.
fn closes_code_stream(source: &Source, fragment: Span) -> Result<bool, ClipError> {
    const TAIL: u32 = 8;
    let len = fragment.len.min(TAIL);
    let mut tail = vec![0; len as usize];
    source.read_at(fragment.end() - u64::from(len), &mut tail)?;
    while tail.last() == Some(&0) {
        tail.pop();
    }
    Ok(tail.ends_with(&[0xFF, 0xD9]))
}

fn ranges(starts: &[usize], end: usize) -> Vec<Range<usize>> {
    let ends = starts.iter().skip(1).copied().chain(std::iter::once(end));
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(from, to)| from..to)
        .collect()
}
