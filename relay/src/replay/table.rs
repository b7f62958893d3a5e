//! The frame table of a clip as pages read it.
//!
//! Owns putting together what the object says (times, regions, how much is here) and what was offered (which captured
//! frame each one is). Both were compared before.

use super::check::at_us;
use crate::store::ClipRow;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use echo_dicom::VideoTrack;
use guarded::GuardedClip;
use wire::FrameIndex;
use wire::clip::{ClipFrame, ClipStage, ClipTable, ClipVideo};
use wire::region::Region;

/// The table.
pub(super) fn table(clip: &GuardedClip, row: &ClipRow) -> ClipTable {
    let header = clip.header();
    let frames = (0..header.frames).map(|index| ClipFrame {
        at_us: at_us(header, FrameIndex(index)),
        rtp_time: row.times.get(index as usize).copied(),
        here: clip.is_here(FrameIndex(index)),
    });
    ClipTable {
        head: row.head.clone(),
        stage: if row.kept {
            ClipStage::Kept
        } else {
            ClipStage::Arriving
        },
        frames: frames.collect(),
        regions: header.regions.iter().map(Region::from).collect(),
        hand_scale: header.hand_scale,
        video: clip.video().map(video),
    }
}

fn video(track: &VideoTrack) -> ClipVideo {
    ClipVideo {
        codec: track.codec().to_owned(),
        description: STANDARD.encode(track.description()),
        keys: track.keys().to_vec(),
    }
}
