//! Where the recording of a picture is cut into clips.
//!
//! Owns the rule. A clip begins with a key frame and shows frames that stand on each other: it ends before the picture changes its
//! coding or size, and where frames are missing, because what follows a hole was coded against them. Long stretches are cut at key
//! frames, so that viewers that load a clip as a whole can. Pure. Invariant: each frame is in one clip or counted as left out.

use recording::{Codec, FrameEntry, SegmentId, Tick};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use wire::RtpTime;
use wire::clip::MAX_CLIP_FRAMES;
use wire::units::RTP_CLOCK_HZ;

/// A clip that is as long gets no further group of frames.
const LONG_ENOUGH: u64 = 60 * RTP_CLOCK_HZ;
/// Frames further apart are not taken for neighbours unless they are numbered so.
const MAX_STEP: u64 = RTP_CLOCK_HZ;
/// Coded bytes of a clip: it is in memory while it is written (`echo_dicom` writes at most 96 MiB).
const MAX_BYTES: u64 = 90 << 20;
/// A video has at least two frames.
const LEAST_FRAMES: usize = 2;

/// How a clip is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coding {
    pub(super) profile_level: [u8; 3],
    pub(super) width: u16,
    pub(super) height: u16,
}

/// Stretches of the frames, and how many frames are in none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cuts {
    pub(super) clips: Vec<(Range<usize>, Coding)>,
    pub(super) left_out: usize,
}

/// What is known of a stream beside its frames.
#[derive(Default)]
pub(super) struct Known {
    /// How segments are coded, where it is H.264.
    pub(super) codings: HashMap<SegmentId, Coding>,
    /// Holes: the frames around them.
    pub(super) holes: HashSet<(RtpTime, RtpTime)>,
    /// Frames that a clip shows already.
    pub(super) shown: HashSet<RtpTime>,
}

impl Coding {
    pub(super) fn of(codec: &Codec) -> Option<Self> {
        match codec {
            Codec::H264 {
                profile_level,
                width,
                height,
            } => Some(Self {
                profile_level: *profile_level,
                width: *width,
                height: *height,
            }),
            _ => None,
        }
    }
}

/// A key frame and what stands on it.
struct Group {
    frames: Range<usize>,
    coding: Coding,
    bytes: u64,
    /// It follows the group before without a hole.
    follows: bool,
}

/// Cuts what no clip shows yet. `frames` are in order. What is missing from the middle of a group is shown with all of it.
pub(super) fn cut(frames: &[FrameEntry], known: &Known) -> Cuts {
    let mut cuts = Cuts::default();
    let mut clip: Vec<Group> = Vec::new();
    for group in groups(frames, known, &mut cuts.left_out) {
        if !is_wanted(frames, &group, known) {
            close(&mut clip, &mut cuts);
            continue;
        }
        if !fits(frames, &clip, &group) {
            close(&mut clip, &mut cuts);
        }
        clip.push(group);
    }
    close(&mut clip, &mut cuts);
    cuts
}

fn groups(frames: &[FrameEntry], known: &Known, left_out: &mut usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    // Whether the frame before belongs to the last group.
    let mut stands = false;
    for (at, frame) in frames.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| frames.get(before));
        let follows = before.is_some_and(|before| is_next(before, frame, known));
        let coding = known.codings.get(&frame.segment).copied();
        match (coding, groups.last_mut()) {
            (Some(coding), _) if frame.keyframe => {
                groups.push(Group {
                    frames: at..at + 1,
                    coding,
                    bytes: frame.length.into(),
                    follows: follows && stands,
                });
                stands = true;
            }
            (Some(coding), Some(group))
                if stands && follows && is_same_size(coding, group.coding) && has_room(group) =>
            {
                group.frames.end = at + 1;
                group.bytes += u64::from(frame.length);
            }
            _ => {
                *left_out += 1;
                stands = false;
            }
        }
    }
    groups
}

fn is_wanted(frames: &[FrameEntry], group: &Group, known: &Known) -> bool {
    let frames = frames.get(group.frames.clone()).unwrap_or_default();
    frames
        .iter()
        .any(|frame| !known.shown.contains(&frame.at.rtp_time()))
}

fn has_room(group: &Group) -> bool {
    group.frames.len() < MAX_CLIP_FRAMES as usize && group.bytes < MAX_BYTES
}

/// Frames of one chain may lie in segments that were begun by other encoders of the same settings.
fn is_same_size(one: Coding, other: Coding) -> bool {
    (one.width, one.height) == (other.width, other.height)
}

fn is_next(before: &FrameEntry, frame: &FrameEntry, known: &Known) -> bool {
    if let (Some(before), Some(index)) = (before.index, frame.index) {
        return before.0.checked_add(1) == Some(index.0);
    }
    let (left, right): (Tick, Tick) = (before.at, frame.at);
    let around = (left.rtp_time(), right.rtp_time());
    right.after(left) <= MAX_STEP && !known.holes.contains(&around)
}

fn fits(frames: &[FrameEntry], clip: &[Group], group: &Group) -> bool {
    let (Some(first), Some(last)) = (clip.first(), clip.last()) else {
        return true;
    };
    let at = |index: usize| frames.get(index).map_or(0, |frame| frame.at.0);
    let bytes: u64 = clip.iter().map(|it| it.bytes).sum();
    let count = group.frames.end - first.frames.start;
    group.follows
        && group.coding == last.coding
        && at(last.frames.end - 1).saturating_sub(at(first.frames.start)) < LONG_ENOUGH
        && count <= MAX_CLIP_FRAMES as usize
        && bytes + group.bytes <= MAX_BYTES
}

fn close(clip: &mut Vec<Group>, cuts: &mut Cuts) {
    let groups = std::mem::take(clip);
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else {
        return;
    };
    let frames = first.frames.start..last.frames.end;
    if frames.len() < LEAST_FRAMES {
        cuts.left_out += frames.len();
    } else {
        cuts.clips.push((frames, first.coding));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recording::{FrameHash, Lane};
    use wire::FrameIndex;

    const WIDE: Coding = Coding {
        profile_level: [0x42, 0xC0, 0x1F],
        width: 800,
        height: 600,
    };
    const SMALL: Coding = Coding {
        width: 600,
        height: 450,
        ..WIDE
    };

    fn segment(number: u32) -> SegmentId {
        SegmentId {
            lane: Lane::Live,
            number,
        }
    }

    /// 30 frames a second; a key frame each `group`.
    fn frames(count: usize, group: usize) -> Vec<FrameEntry> {
        (0..count)
            .map(|n| FrameEntry {
                at: Tick(1_000_000 + n as u64 * 3_000),
                segment: segment(1),
                offset: 0,
                length: 1_000,
                hash: FrameHash([0; 16]),
                keyframe: n.is_multiple_of(group),
                index: None,
            })
            .collect()
    }

    fn known() -> Known {
        Known {
            codings: [(segment(1), WIDE), (segment(2), SMALL)].into(),
            ..Known::default()
        }
    }

    fn ranges(cuts: &Cuts) -> Vec<(usize, usize)> {
        let ends = |(range, _): &(Range<usize>, Coding)| (range.start, range.end);
        cuts.clips.iter().map(ends).collect()
    }

    #[test]
    fn a_long_recording_is_cut_at_key_frames_after_a_minute() {
        let frames = frames(30 * 200, 250);
        let cuts = cut(&frames, &known());
        assert_eq!(ranges(&cuts), [(0, 2_000), (2_000, 4_000), (4_000, 6_000)]);
        assert_eq!(cuts.left_out, 0);
    }

    #[test]
    fn a_hole_ends_a_clip_and_what_stands_on_what_is_missing_is_left_out() {
        let mut frames = frames(100, 40);
        frames.remove(50);
        let mut known = known();
        let around = (frames[49].at.rtp_time(), frames[50].at.rtp_time());
        known.holes.insert(around);
        let cuts = cut(&frames, &known);
        assert_eq!(ranges(&cuts), [(0, 50), (79, 99)]);
        assert_eq!(cuts.left_out, 29);
        // The device numbers its frames: the same hole without a note of it.
        known.holes.clear();
        for (n, frame) in frames.iter_mut().enumerate() {
            frame.index = Some(FrameIndex(u32::try_from(n).unwrap() + u32::from(n >= 50)));
        }
        assert_eq!(cut(&frames, &known), cuts);
    }

    #[test]
    fn a_picture_that_stood_for_a_while_goes_on_when_no_frame_is_missing() {
        let mut frames = frames(60, 60);
        for (n, frame) in frames.iter_mut().enumerate() {
            frame.at.0 += if n >= 30 { 900_000 } else { 0 };
            frame.index = Some(FrameIndex(u32::try_from(n).unwrap()));
        }
        assert_eq!(ranges(&cut(&frames, &known())), [(0, 60)]);
        frames.iter_mut().for_each(|frame| frame.index = None);
        assert_eq!(ranges(&cut(&frames, &known())), [(0, 30)], "nobody knows");
    }

    #[test]
    fn what_a_clip_shows_is_not_shown_again_but_for_the_group_that_was_mended() {
        let frames = frames(160, 40);
        let mut known = known();
        let times = frames.iter().map(|frame| frame.at.rtp_time());
        known.shown = times
            .enumerate()
            .filter(|(n, _)| !(60..80).contains(n))
            .map(|(_, at)| at)
            .collect();
        assert_eq!(ranges(&cut(&frames, &known)), [(40, 80)]);
        known
            .shown
            .extend(frames.iter().map(|frame| frame.at.rtp_time()));
        assert_eq!(cut(&frames, &known), Cuts::default());
    }

    #[test]
    fn another_size_begins_another_clip() {
        let mut frames = frames(120, 40);
        for frame in &mut frames[40..80] {
            frame.segment = segment(2);
        }
        let cuts = cut(&frames, &known());
        let sizes: Vec<u16> = cuts.clips.iter().map(|(_, coding)| coding.width).collect();
        assert_eq!(sizes, [800, 600, 800]);
        assert_eq!(ranges(&cuts), [(0, 40), (40, 80), (80, 120)]);
    }

    #[test]
    fn what_is_no_video_of_ours_and_what_never_began_is_left_out() {
        let mut frames = frames(50, 20);
        for frame in &mut frames[20..40] {
            frame.segment = segment(3);
        }
        frames[0].keyframe = false;
        let cuts = cut(&frames, &known());
        assert_eq!((ranges(&cuts), cuts.left_out), (vec![(40, 50)], 40));
    }

    #[test]
    fn a_group_that_is_larger_than_a_clip_ends_there() {
        let most = MAX_CLIP_FRAMES as usize;
        let cuts = cut(&frames(most + 100, most + 100), &known());
        assert_eq!((ranges(&cuts), cuts.left_out), (vec![(0, most)], 100));
    }
}
