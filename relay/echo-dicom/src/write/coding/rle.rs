//! RLE Lossless frames (PS3.5 Annex G).
//!
//! Owns the segment table and the PackBits runs. Each sample of a pixel has a segment of its own, and no run crosses
//! the end of a row (section G.3.1).

use crate::picture::Picture;

/// The count of segments and fifteen offsets (section G.5).
const HEADER_BYTES: usize = 64;
/// Longest run, repeated or literal (section G.3.1).
const MAX_RUN: usize = 128;
/// Two equal samples cost as much as a run as they do inside a literal one; three are cheaper as a run.
const WORTH_A_RUN: usize = 3;

pub(super) fn encode(picture: &Picture) -> Vec<u8> {
    let samples = picture.form.bytes_per_pixel();
    let width = picture.width as usize;
    let mut out = vec![0; HEADER_BYTES];
    let mut header = vec![samples as u32];
    let mut row = Vec::with_capacity(width);
    for sample in 0..samples {
        header.push(out.len() as u32);
        for pixels in picture.rows.chunks_exact(width * samples) {
            row.clear();
            row.extend(pixels.iter().skip(sample).step_by(samples));
            pack(&row, &mut out);
        }
        if !out.len().is_multiple_of(2) {
            out.push(0);
        }
    }
    for (place, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(header) {
        *place = word.to_le_bytes();
    }
    out
}

fn pack(row: &[u8], out: &mut Vec<u8>) {
    let mut rest = row;
    while let Some(first) = rest.first() {
        let same = |sample: &&u8| *sample == first;
        let run = rest.iter().take(MAX_RUN).take_while(same).count();
        let len = if run >= WORTH_A_RUN {
            out.extend([(257 - run) as u8, *first]);
            run
        } else {
            let len = literal(rest);
            out.push((len - 1) as u8);
            out.extend_from_slice(rest.get(..len).unwrap_or(rest));
            len
        };
        rest = rest.get(len..).unwrap_or_default();
    }
}

/// How many samples to store as they are: up to the next run that is worth it.
fn literal(rest: &[u8]) -> usize {
    let run_begins = |three: &[u8]| matches!(three, [a, b, c] if a == b && b == c);
    rest.windows(WORTH_A_RUN)
        .take(MAX_RUN)
        .position(run_begins)
        .unwrap_or(rest.len().min(MAX_RUN))
}
