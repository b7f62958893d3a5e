//! The MP4 file around coded H.264 frames (ISO/IEC 14496-12 and -15).
//!
//! Owns the bytes in front of the frames: tables first, then one box with all frames, so that a clip is replayed while it
//! arrives. It neither makes nor reads frames. Each frame carries its true duration to the microsecond, whether the clip is
//! even or not, and there is no edit list: what a player counts is what the object counts.

use std::time::Duration;

use super::error::WriteError;
use super::timing::kept_apart;
use crate::limits::{MAX_ENCODED_FRAME_BYTES, MAX_FRAMES};

/// Parts of a second in which durations are told.
const TIMESCALE: u32 = 1_000_000;
/// Of its own bytes and its one track (ISO/IEC 14496-12 sections 8.7.2 and 8.3.2).
const OWN_BYTES: u32 = 1;
const TRACK_ENABLED_IN_MOVIE: u32 = 3;
/// No turning and no scaling (section 6.2.2).
const UNITY: [u32; 9] = [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30];
/// 72 dots an inch, which every writer says and nobody reads.
const RESOLUTION: u32 = 72 << 16;
/// "Undetermined" as three letters of five bits (section 8.4.2).
const LANGUAGE: u16 = 0x55C4;

/// The YCbCr matrix of the pictures, limited range (ITU-T H.264 table E-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoMatrix {
    /// ITU-R BT.601 with 525 lines.
    Bt601,
    /// ITU-R BT.709.
    Bt709,
}

/// Coded frames that are to be put into an MP4 file. The frames themselves follow its `head`: NAL units, each behind its
/// length in four bytes.
#[derive(Debug, Clone, Copy)]
pub struct Mp4<'a> {
    /// Columns of the pictures.
    pub columns: u16,
    /// Rows of the pictures.
    pub rows: u16,
    /// Their matrix, as the sequence parameter set says it.
    pub matrix: VideoMatrix,
    /// The sequence parameter set, without a start code.
    pub sequence: &'a [u8],
    /// The picture parameter set, without a start code.
    pub picture: &'a [u8],
    /// Bytes of each frame.
    pub sizes: &'a [u32],
    /// Time of each frame; only distances count. As many as there are sizes.
    pub times: &'a [Duration],
    /// The frames at which decoding can begin, from 0, rising; the first is 0.
    pub keys: &'a [u32],
}

impl Mp4<'_> {
    /// Everything in front of the first frame.
    ///
    /// # Errors
    /// `Frames` or `Times` for what makes no video.
    pub fn head(&self) -> Result<Vec<u8>, WriteError> {
        let media = self.check()?;
        let durations = self.durations()?;
        let kind = boxed(
            b"ftyp",
            &[b"isom", &0x200_u32.to_be_bytes(), b"isomiso2avc1mp41"],
        );
        let movie = |begins: u32| self.movie(&durations, begins);
        // The table of chunks has one entry of fixed size, so the place of the first frame is known from a first try.
        let begins = kind.len() + movie(0)?.len() + 8;
        let begins = u32::try_from(begins).map_err(|_| unfit("its tables are too large"))?;
        Ok([
            &kind[..],
            &movie(begins)?,
            &(media + 8).to_be_bytes(),
            b"mdat",
        ]
        .concat())
    }

    /// The bytes of all frames.
    fn check(&self) -> Result<u32, WriteError> {
        let frames = self.sizes.len();
        let rising = self
            .keys
            .iter()
            .zip(self.keys.iter().skip(1))
            .all(|(a, b)| a < b);
        let inside = self
            .keys
            .last()
            .is_some_and(|last| (*last as usize) < frames);
        if frames > MAX_FRAMES as usize || self.times.len() != frames {
            return Err(unfit("it needs a time for each frame"));
        }
        if self.keys.first() != Some(&0) || !rising || !inside {
            return Err(unfit("its key frames are not in order"));
        }
        if self.sequence.len() < 4 || self.picture.is_empty() {
            return Err(unfit("it lacks parameter sets"));
        }
        let media: u64 = self.sizes.iter().map(|size| u64::from(*size)).sum();
        match u32::try_from(media) {
            Ok(media) if u64::from(media) <= MAX_ENCODED_FRAME_BYTES => Ok(media),
            _ => Err(unfit("it is too large")),
        }
    }

    /// How long each frame stands, the last one as long as the others on average.
    fn durations(&self) -> Result<Vec<u32>, WriteError> {
        let first = self.times.first().copied().unwrap_or_default();
        let micros: Vec<u64> = self
            .times
            .iter()
            .map(|time| u64::try_from(time.saturating_sub(first).as_micros()).unwrap_or(u64::MAX))
            .collect();
        let micros = kept_apart(&micros);
        let last = micros.last().copied().unwrap_or_default();
        let mean = last / (micros.len() as u64).saturating_sub(1).max(1);
        let ends = micros.iter().skip(1).copied();
        let ends = ends.chain(std::iter::once(last.saturating_add(mean)));
        micros
            .iter()
            .zip(ends)
            .map(|(at, end)| {
                let step = end.checked_sub(*at).filter(|step| *step > 0);
                step.and_then(|step| u32::try_from(step).ok())
                    .ok_or_else(|| WriteError::Times("they do not rise".into()))
            })
            .collect()
    }

    fn movie(&self, durations: &[u32], begins: u32) -> Result<Vec<u8>, WriteError> {
        let whole: u64 = durations.iter().map(|step| u64::from(*step)).sum();
        let whole = u32::try_from(whole)
            .map_err(|_| WriteError::Times("they are too far apart for a video".into()))?;
        let header = full(
            b"mvhd",
            0,
            &[
                &words(&[0, 0, TIMESCALE, whole, 1 << 16, 1 << 24, 0, 0]),
                &words(&UNITY),
                // Six unused words and the number of the next track.
                &words(&[0, 0, 0, 0, 0, 0, 2]),
            ],
        );
        let track = full(
            b"tkhd",
            TRACK_ENABLED_IN_MOVIE,
            &[
                &words(&[0, 0, 1, 0, whole, 0, 0, 0, 0]),
                &words(&UNITY),
                &words(&[u32::from(self.columns) << 16, u32::from(self.rows) << 16]),
            ],
        );
        let media = [
            full(
                b"mdhd",
                0,
                &[
                    &words(&[0, 0, TIMESCALE, whole]),
                    &LANGUAGE.to_be_bytes(),
                    &[0, 0],
                ],
            ),
            full(b"hdlr", 0, &[&[0; 4], b"vide", &[0; 12], b"clip\0"]),
            self.information(durations, begins),
        ];
        let track = [track, boxed(b"mdia", &[&media.concat()])].concat();
        Ok(boxed(b"moov", &[&header, &boxed(b"trak", &[&track])]))
    }

    fn information(&self, durations: &[u32], begins: u32) -> Vec<u8> {
        let own = full(b"url ", OWN_BYTES, &[]);
        let references = full(b"dref", 0, &[&words(&[1]), &own]);
        let frames = self.sizes.len() as u32;
        let numbers: Vec<u32> = self.keys.iter().map(|key| key + 1).collect();
        let tables = [
            full(b"stsd", 0, &[&words(&[1]), &self.entry()]),
            full(b"stts", 0, &[&runs(durations)]),
            full(
                b"stss",
                0,
                &[&words(&[numbers.len() as u32]), &words(&numbers)],
            ),
            // One chunk, of all frames, coded as the first entry says.
            full(b"stsc", 0, &[&words(&[1, 1, frames, 1])]),
            full(b"stsz", 0, &[&words(&[0, frames]), &words(self.sizes)]),
            full(b"stco", 0, &[&words(&[1, begins])]),
        ];
        let parts = [
            full(b"vmhd", 1, &[&[0; 8]]),
            boxed(b"dinf", &[&references]),
            boxed(b"stbl", &[&tables.concat()]),
        ];
        boxed(b"minf", &[&parts.concat()])
    }

    /// The sample entry (ISO/IEC 14496-12 section 12.1.3 and -15 section 5.4.2).
    fn entry(&self) -> Vec<u8> {
        let [profile, constraints, level] = match self.sequence {
            [_, profile, constraints, level, ..] => [*profile, *constraints, *level],
            _ => [0; 3],
        };
        let length = |set: &[u8]| u16::try_from(set.len()).unwrap_or(u16::MAX).to_be_bytes();
        let mut configuration = vec![1, profile, constraints, level, 0xFF, 0xE1];
        configuration.extend(length(self.sequence));
        configuration.extend(self.sequence);
        configuration.push(1);
        configuration.extend(length(self.picture));
        configuration.extend(self.picture);
        // Of High profile: 4:2:0, eight bits of both kinds, no extension sets.
        configuration.extend([0xFD, 0xF8, 0xF8, 0]);
        let matrix: u16 = match self.matrix {
            VideoMatrix::Bt601 => 6,
            VideoMatrix::Bt709 => 1,
        };
        let matrix = matrix.to_be_bytes();
        let colour = boxed(b"colr", &[b"nclx", &matrix, &matrix, &matrix, &[0]]);
        boxed(
            b"avc1",
            &[
                &[0, 0, 0, 0, 0, 0, 0, 1],
                &[0; 16],
                &self.columns.to_be_bytes(),
                &self.rows.to_be_bytes(),
                &words(&[RESOLUTION, RESOLUTION, 0]),
                // One picture a sample, no name, 24 bits, no table of colours.
                &[0, 1],
                &[0; 32],
                &[0, 24, 0xFF, 0xFF],
                &boxed(b"avcC", &[&configuration]),
                &colour,
            ],
        )
    }
}

fn unfit(why: &str) -> WriteError {
    WriteError::Frames(format!("the video is no such: {why}"))
}

/// Equal durations that follow each other, as count and duration.
fn runs(durations: &[u32]) -> Vec<u8> {
    let mut runs: Vec<[u32; 2]> = Vec::new();
    for duration in durations {
        match runs.last_mut() {
            Some([count, same]) if same == duration => *count += 1,
            _ => runs.push([1, *duration]),
        }
    }
    let entries: Vec<u8> = runs.iter().flat_map(|run| words(run)).collect();
    [words(&[runs.len() as u32]), entries].concat()
}

fn words(values: &[u32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_be_bytes())
        .collect()
}

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let length = 8 + parts.iter().map(|part| part.len()).sum::<usize>();
    // The tables of `MAX_FRAMES` frames take 1.3 MB, and nothing else of any size is boxed.
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let mut bytes = [length.to_be_bytes(), *kind].concat();
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// A box with a version, 0, and flags.
fn full(kind: &[u8; 4], flags: u32, parts: &[&[u8]]) -> Vec<u8> {
    let flags = flags.to_be_bytes();
    let parts: Vec<&[u8]> = std::iter::once(&flags[..])
        .chain(parts.iter().copied())
        .collect();
    boxed(kind, &parts)
}
