//! RLE Lossless (PS3.5 Annex G), written here because the crates trust the segment count of a hostile header.
//!
//! Owns the segment table and the PackBits runs. All planes are unpacked beside each other, a row at a time, so that no picture is held;
//! a segment that is short of its plane is an error, because a half picture must not look whole.

use super::painter::{Painter, scatter};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::limits::MAX_RLE_SEGMENTS;
use crate::picture::Photometric;

const CODEC: &str = "RLE";
const HEADER_BYTES: usize = 64;

pub(super) fn decode(
    layout: &PixelLayout,
    coded: &[u8],
    painter: &mut Painter<'_>,
) -> Result<(), ClipError> {
    if matches!(
        layout.photometric,
        Photometric::YbrRct | Photometric::YbrIct
    ) {
        return Err(ClipError::decode(
            CODEC,
            "a JPEG 2000 colour transform in an RLE clip",
        ));
    }
    painter.set_ybr(matches!(
        layout.photometric,
        Photometric::YbrFull | Photometric::YbrFull422
    ));
    let samples = usize::from(layout.samples_per_pixel);
    let segments = segments(coded, samples * layout.bytes_per_sample())?;
    let mut planes: Vec<Plane<'_>> = segments
        .iter()
        .map(|segment| Plane::of(segment, layout.pixels()))
        .collect();
    let columns = layout.columns as usize;
    if layout.bytes_per_sample() == 1 {
        let (mut plane, mut row) = (vec![0; columns], vec![0; columns * samples]);
        for _ in 0..layout.rows {
            for (colour, from) in planes.iter_mut().enumerate() {
                from.fill(&mut plane).map_err(told(colour))?;
                place(&plane, (colour, samples), &mut row);
            }
            painter.eight(&row)?;
        }
    } else {
        let (mut high, mut low) = (vec![0; columns], vec![0; columns]);
        let (mut plane, mut row) = (vec![0; columns], vec![0; columns * samples]);
        for _ in 0..layout.rows {
            // A plane of high bytes, then a plane of low bytes (section G.2).
            for (colour, from) in planes.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                let [from_high, from_low] = from;
                from_high.fill(&mut high).map_err(told(colour * 2))?;
                from_low.fill(&mut low).map_err(told(colour * 2 + 1))?;
                for (word, (high, low)) in plane.iter_mut().zip(high.iter().zip(&low)) {
                    *word = u16::from_be_bytes([*high, *low]);
                }
                place(&plane, (colour, samples), &mut row);
            }
            painter.sixteen(&row)?;
        }
    }
    for (number, plane) in planes.iter().enumerate() {
        plane.check_end().map_err(told(number))?;
    }
    Ok(())
}

fn told(number: usize) -> impl Fn(String) -> ClipError {
    move |fault| ClipError::decode(CODEC, format!("segment {} {fault}", number + 1))
}

/// The segments that the header names, each checked to lie inside the frame (section G.5).
fn segments(coded: &[u8], wanted: usize) -> Result<Vec<&[u8]>, ClipError> {
    let Some(header) = coded.get(..HEADER_BYTES) else {
        return Err(ClipError::decode(CODEC, "the header is cut off"));
    };
    let mut words = header
        .as_chunks::<4>()
        .0
        .iter()
        .map(|word| u32::from_le_bytes(*word));
    let count = words.next().unwrap_or(0);
    if !(1..=MAX_RLE_SEGMENTS).contains(&count) {
        return Err(ClipError::decode(
            CODEC,
            format!("the header declares {count} segments"),
        ));
    }
    if count as usize != wanted {
        let fault = format!("the header declares {count} segments, the picture needs {wanted}");
        return Err(ClipError::decode(CODEC, fault));
    }
    let starts: Vec<usize> = words.take(wanted).map(|offset| offset as usize).collect();
    let ends = starts
        .iter()
        .skip(1)
        .copied()
        .chain(std::iter::once(coded.len()));
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(from, to)| coded.get(from..to).filter(|_| from >= HEADER_BYTES))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| ClipError::decode(CODEC, "the segment offsets do not rise inside the frame"))
}

/// One segment on its way to a plane of bytes (section G.3.2).
struct Plane<'a> {
    rest: &'a [u8],
    run: Run<'a>,
    /// Bytes of the whole plane.
    wanted: usize,
    /// Those that are still to come, without what is left of the run.
    left: usize,
}

/// What is left of a run, which may go on in the next row.
enum Run<'a> {
    Literal(&'a [u8]),
    Repeated(u8, usize),
}

impl<'a> Plane<'a> {
    fn of(segment: &'a [u8], wanted: usize) -> Self {
        Self {
            rest: segment,
            run: Run::Literal(&[]),
            wanted,
            left: wanted,
        }
    }

    /// The next bytes of the plane.
    fn fill(&mut self, mut into: &mut [u8]) -> Result<(), String> {
        while !into.is_empty() {
            let taken = match &mut self.run {
                Run::Literal(bytes) => {
                    let taken = bytes.len().min(into.len());
                    let (now, later) = bytes.split_at(taken);
                    if let Some(place) = into.get_mut(..taken) {
                        place.copy_from_slice(now);
                    }
                    *bytes = later;
                    taken
                }
                Run::Repeated(value, count) => {
                    let taken = (*count).min(into.len());
                    if let Some(place) = into.get_mut(..taken) {
                        place.fill(*value);
                    }
                    *count -= taken;
                    taken
                }
            };
            into = into.get_mut(taken..).unwrap_or_default();
            if !into.is_empty() {
                self.begin_run()
                    .ok_or_else(|| format!("holds {} of {} samples", self.held(), self.wanted))?;
            }
        }
        Ok(())
    }

    fn held(&self) -> usize {
        self.wanted - self.left
    }

    /// Takes the next run, at most what is left of the plane; `None` if it is cut off.
    fn begin_run(&mut self) -> Option<()> {
        let (&control, after) = self.rest.split_first()?;
        let length = match control {
            0..=127 => {
                let (literal, after) = after.split_at_checked(usize::from(control) + 1)?;
                self.run = Run::Literal(literal.get(..self.left).unwrap_or(literal));
                self.rest = after;
                literal.len()
            }
            128 => {
                self.rest = after;
                0
            }
            129..=255 => {
                let (&value, after) = after.split_first()?;
                let length = (257 - usize::from(control)).min(self.left);
                self.run = Run::Repeated(value, length);
                self.rest = after;
                length
            }
        };
        self.left -= length.min(self.left);
        Some(())
    }

    /// Behind the plane only padding may follow: more samples mean that the header's Rows or Columns are wrong.
    fn check_end(&self) -> Result<(), String> {
        if self.rest.iter().any(|byte| !matches!(byte, 0 | 128)) {
            return Err(format!("holds more than {} samples", self.wanted));
        }
        Ok(())
    }
}

/// One of so many samples of each pixel of a row.
fn place<T: Copy>(plane: &[T], (sample, samples): (usize, usize), row: &mut [T]) {
    if samples == 1 {
        row.copy_from_slice(plane);
    } else {
        scatter(plane, sample, row);
    }
}
