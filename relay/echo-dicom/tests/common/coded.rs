//! H.264 that FFmpeg really codes, as our own writers wrap it, and FFmpeg's own pictures of it. Tests of other crates use this file too.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a helper of a test fails the test by panicking"
)]
#![allow(
    dead_code,
    reason = "each test binary uses its own part of this module"
)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use echo_dicom::Clip;
use echo_dicom::write::{
    ClipFacts, Context, Date, Equipment, LocalTime, Mp4, Patient, Series, Study, Uid, UtcOffset,
    Video, VideoMatrix, as_high_profile,
};

const START_CODE: [u8; 3] = [0, 0, 1];

/// A coded video before it is wrapped.
#[derive(Debug, Clone)]
pub(crate) struct Coded {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    pub(crate) sequence: Vec<u8>,
    pub(crate) picture: Vec<u8>,
    /// The NAL units of each frame.
    pub(crate) frames: Vec<Vec<Vec<u8>>>,
}

impl Coded {
    /// Codes a moving test picture of strong colours, without B-frames.
    pub(crate) fn new((columns, rows): (u16, u16), frames: u32, more: &[&str]) -> Self {
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-f", "lavfi", "-i"])
            .arg(format!("testsrc2=size={columns}x{rows}:rate=30"))
            .args(["-frames:v", &frames.to_string(), "-pix_fmt", "yuv420p"])
            .args(["-c:v", "libx264", "-preset", "veryfast", "-bf", "0"])
            .args(more)
            .args(["-f", "h264", "-"])
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let mut coded = Self {
            columns,
            rows,
            sequence: Vec::new(),
            picture: Vec::new(),
            frames: Vec::new(),
        };
        for unit in units(&made.stdout) {
            match unit[0] & 0x1F {
                7 => coded.sequence = unit.to_vec(),
                8 => coded.picture = unit.to_vec(),
                1 | 5 if unit[1] & 0x80 != 0 => coded.frames.push(vec![unit.to_vec()]),
                1 | 5 => coded.frames.last_mut().unwrap().push(unit.to_vec()),
                _ => {}
            }
        }
        assert_eq!(coded.frames.len(), frames as usize);
        coded
    }

    /// As a recording of a consult is kept: the set is written anew, the pictures are not touched.
    pub(crate) fn recorded(self) -> Self {
        Self {
            sequence: as_high_profile(&self.sequence).unwrap(),
            ..self
        }
    }

    /// The MP4 file around it.
    pub(crate) fn mp4(&self) -> Vec<u8> {
        let stored: Vec<Vec<u8>> = self.frames.iter().map(|units| stored(units)).collect();
        let sizes: Vec<u32> = stored.iter().map(|frame| frame.len() as u32).collect();
        let times: Vec<Duration> = times(stored.len());
        let is_key = |index: &u32| self.frames[*index as usize][0][0] & 0x1F == 5;
        let mp4 = Mp4 {
            columns: self.columns,
            rows: self.rows,
            matrix: VideoMatrix::Bt601,
            sequence: &self.sequence,
            picture: &self.picture,
            sizes: &sizes,
            times: &times,
            keys: &(0..sizes.len() as u32).filter(is_key).collect::<Vec<u32>>(),
        };
        [mp4.head().unwrap(), stored.concat()].concat()
    }

    /// The object around that.
    pub(crate) fn object(&self) -> Vec<u8> {
        object(&self.mp4(), self.columns, self.rows, self.frames.len())
    }

    pub(crate) fn clip(&self) -> Clip {
        Clip::from_bytes(self.object()).unwrap()
    }
}

/// An object whose header says this of an MP4 file.
pub(crate) fn object(mp4: &[u8], columns: u16, rows: u16, frames: usize) -> Vec<u8> {
    let video = Video {
        mp4: &[mp4],
        columns: u32::from(columns),
        rows: u32::from(rows),
    };
    let context = Context {
        patient: Patient::default(),
        study: Study::new(Uid::from_uuid(1)),
        series: Series {
            uid: Uid::from_uuid(2),
            number: 1,
            began_at: None,
            description: String::new(),
        },
        equipment: Equipment::default(),
        utc_offset: UtcOffset::JAPAN,
    };
    let taken_at = LocalTime::new(Date::new(2026, 1, 2).unwrap(), 9, 0, 0, 0).unwrap();
    let facts = ClipFacts {
        times: times(frames),
        ..ClipFacts::new(Uid::from_uuid(3), 1, taken_at)
    };
    let mut bytes = Vec::new();
    video.write_to(&context, &facts, &mut bytes).unwrap();
    bytes
}

fn times(frames: usize) -> Vec<Duration> {
    (0..frames as u64)
        .map(|index| Duration::from_micros(index * 33_000))
        .collect()
}

/// Each unit behind its length.
fn stored(units: &[Vec<u8>]) -> Vec<u8> {
    let each = units.iter();
    each.flat_map(|unit| [&(unit.len() as u32).to_be_bytes()[..], unit].concat())
        .collect()
}

fn units(bytes: &[u8]) -> Vec<&[u8]> {
    let starts: Vec<usize> = (0..bytes.len() - 3)
        .filter(|at| bytes[*at..at + 3] == START_CODE)
        .map(|at| at + 3)
        .collect();
    let ends = starts.iter().skip(1).map(|next| next - 3);
    let ends = ends.chain([bytes.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let unit = &bytes[*start..end];
            let length = unit.iter().rposition(|byte| *byte != 0).unwrap() + 1;
            &unit[..length]
        })
        .collect()
}

/// Every frame of an MP4 file as FFmpeg shows it: red, green, blue.
pub(crate) fn shown_by_ffmpeg(mp4: &[u8], pixels: usize) -> Vec<Vec<u8>> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(mp4).unwrap();
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(file.path())
        .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    made.stdout.chunks(pixels * 3).map(<[u8]>::to_vec).collect()
}

/// How alike two pictures are in each of their three colours, in dB.
pub(crate) fn alike(one: &[u8], other: &[u8]) -> [f64; 3] {
    assert_eq!(one.len(), other.len());
    std::array::from_fn(|channel| {
        let both = one.iter().zip(other).skip(channel).step_by(3);
        let squares: f64 = both.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
        let mean = squares / (one.len() as f64 / 3.0);
        10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
    })
}
