//! Video clips for tests: frames that no decoder reads, in an MP4 file that every reader understands.

use std::time::Duration;

use echo_dicom::write::{ClipFacts, Mp4, Video, VideoMatrix};

use super::writing::{context, facts};

pub(crate) const COLUMNS: u16 = 64;
pub(crate) const ROWS: u16 = 48;
/// High profile, level 4.1.
pub(crate) const SEQUENCE: [u8; 6] = [0x67, 100, 0, 41, 0xAC, 0xD9];
pub(crate) const PICTURE: [u8; 4] = [0x68, 0xEB, 0xE3, 0xCB];

/// The stored bytes of a frame: one NAL unit that names it.
pub(crate) fn stored(index: u32) -> Vec<u8> {
    let unit = vec![0x41 + (index % 7) as u8; 5 + (index % 13) as usize];
    [&(unit.len() as u32).to_be_bytes()[..], &unit].concat()
}

/// An MP4 file with these times in microseconds and a key frame every so many frames.
pub(crate) fn mp4(micros: &[u64], group: u32) -> Vec<u8> {
    let frames: Vec<Vec<u8>> = (0..micros.len() as u32).map(stored).collect();
    let sizes: Vec<u32> = frames.iter().map(|frame| frame.len() as u32).collect();
    let times: Vec<Duration> = micros.iter().map(|us| Duration::from_micros(*us)).collect();
    let keys: Vec<u32> = (0..micros.len() as u32).step_by(group as usize).collect();
    let mp4 = Mp4 {
        columns: COLUMNS,
        rows: ROWS,
        matrix: VideoMatrix::Bt601,
        sequence: &SEQUENCE,
        picture: &PICTURE,
        sizes: &sizes,
        times: &times,
        keys: &keys,
    };
    [mp4.head().unwrap(), frames.concat()].concat()
}

/// The object of such a video.
pub(crate) fn object(micros: &[u64], mp4: &[u8]) -> Vec<u8> {
    let facts: ClipFacts = facts(micros);
    let video = Video {
        mp4: &[mp4],
        columns: u32::from(COLUMNS),
        rows: u32::from(ROWS),
    };
    let mut bytes = Vec::new();
    video.write_to(&context(), &facts, &mut bytes).unwrap();
    bytes
}
