//! The recording of one picture in the forms that leave: what it has, its frame table in columns, and its access units.
//!
//! Owns the limits of one answer. A frame is named by its moment and never by its place, because what is filled in later moves
//! places. Invariant: of each frame exactly the bytes that were recorded leave, or the word that they are damaged.

use recording::{Codec, FrameEntry, Lane, Recording, SegmentId, Tick};
use std::collections::HashMap;
use wire::StreamId;
use wire::replay::{
    MAX_REPLAY_BYTES, MAX_REPLAY_FRAMES, ReplayCoding, ReplayFrames, ReplayPicture, UNIT_FILLED,
    UNIT_KEYFRAME, UNIT_SPOILT,
};

/// What a recording has; nothing when it has no frame and no damage.
pub(super) fn about(stream: StreamId, recording: &Recording) -> Option<ReplayPicture> {
    let spoilt = recording.reports().iter();
    // A segment that is being begun has no header yet and no frames: that is no damage.
    let spoilt = spoilt.filter(|report| report.fault.is_some() && report.bytes > 0);
    let spoilt = u32::try_from(spoilt.count()).unwrap_or(u32::MAX);
    let table = recording.table();
    match (table.first(), table.last_tick()) {
        (Some(first), Some(last)) => Some(ReplayPicture {
            stream,
            frames: u32::try_from(table.count()).unwrap_or(u32::MAX),
            first: first.at.0,
            last: last.0,
            spoilt,
            // Whoever asks knows who publishes.
            growing: false,
            whole_until: None,
        }),
        _ => (spoilt > 0).then_some(ReplayPicture {
            stream,
            frames: 0,
            first: 0,
            last: 0,
            spoilt,
            growing: false,
            whole_until: None,
        }),
    }
}

/// The frames from this moment on, as many as one answer holds.
pub(super) fn frames(recording: &Recording, chosen: &[FrameEntry], from: Tick) -> ReplayFrames {
    let codings: HashMap<SegmentId, Codec> = recording
        .reports()
        .iter()
        .filter_map(|report| Some((report.segment, report.codec?)))
        .collect();
    let mut columns = ReplayFrames {
        first: 0,
        steps: Vec::new(),
        bytes: Vec::new(),
        keys: Vec::new(),
        filled: Vec::new(),
        codings: Vec::new(),
        next: None,
    };
    let mut before: Option<Tick> = None;
    for frame in since(chosen, from) {
        if columns.steps.len() >= MAX_REPLAY_FRAMES {
            columns.next = Some(frame.at.0);
            break;
        }
        // At most `MAX_REPLAY_FRAMES`.
        let place = u32::try_from(columns.steps.len()).unwrap_or(u32::MAX);
        if before.is_none() {
            columns.first = frame.at.0;
        }
        columns
            .steps
            .push(before.map_or(0, |before| frame.at.after(before)));
        columns.bytes.push(frame.length);
        if frame.keyframe {
            columns.keys.push(place);
        }
        if frame.segment.lane == Lane::Fill {
            match columns.filled.last_mut() {
                Some((first, count)) if *first + *count == place => *count += 1,
                _ => columns.filled.push((place, 1)),
            }
        }
        if let Some(coding) = codings
            .get(&frame.segment)
            .and_then(|codec| coding(place, codec))
            && columns.codings.last().is_none_or(|last| {
                (&last.codec, last.width, last.height)
                    != (&coding.codec, coding.width, coding.height)
            })
        {
            columns.codings.push(coding);
        }
        before = Some(frame.at);
    }
    columns
}

/// Those of this moment and later.
fn since(chosen: &[FrameEntry], from: Tick) -> &[FrameEntry] {
    let begin = chosen.partition_point(|it| it.at < from);
    chosen.get(begin..).unwrap_or_default()
}

fn coding(from: u32, codec: &Codec) -> Option<ReplayCoding> {
    let Codec::H264 {
        profile_level: [profile, constraints, level],
        width,
        height,
    } = codec
    else {
        return None;
    };
    Some(ReplayCoding {
        from,
        codec: format!("avc1.{profile:02x}{constraints:02x}{level:02x}"),
        width: *width,
        height: *height,
    })
}

/// The access units from one moment to another, both included, as many as one answer holds, and at least one if there is one.
pub(super) fn units(
    recording: &mut Recording,
    chosen: &[FrameEntry],
    (from, until): (Tick, Tick),
) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in since(chosen, from).iter().take_while(|it| it.at <= until) {
        if !out.is_empty() && out.len() + entry.length as usize > MAX_REPLAY_BYTES {
            break;
        }
        let unit = recording.read(entry).map(|frame| frame.unit);
        let mut flags = 0;
        if entry.keyframe {
            flags |= UNIT_KEYFRAME;
        }
        if entry.segment.lane == Lane::Fill {
            flags |= UNIT_FILLED;
        }
        if unit.is_err() {
            flags |= UNIT_SPOILT;
        }
        let unit = unit.unwrap_or_default();
        out.extend(entry.at.0.to_be_bytes());
        // At most `MAX_UNIT_BYTES`.
        out.extend(u32::try_from(unit.len()).unwrap_or_default().to_be_bytes());
        out.push(flags);
        out.extend_from_slice(&unit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::playable::playable;
    use super::*;
    use recording::{Bounds, Disk, Frame, Opening, Record, Writer};
    use std::borrow::Cow;
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Instant;
    use wire::{CaptureTime, RtpTime};

    const BEGIN_US: u64 = 1_795_000_000_000_000;

    fn write(folder: &Path, stream: StreamId, lane: Lane, numbers: &[u64]) {
        let now = Instant::now();
        let opening = Opening {
            stream,
            lane,
            codec: Codec::H264 {
                profile_level: [0x42, 0xc0, 0x1f],
                width: 800,
                height: 600,
            },
            salt: 7,
        };
        let mut writer = Writer::open(folder, Arc::new(Disk), opening, Bounds::recorder()).unwrap();
        for n in numbers {
            let captured_at = CaptureTime(BEGIN_US + n * 33_000);
            let frame = Frame {
                rtp_time: RtpTime::of(captured_at),
                captured_at,
                index: None,
                keyframe: n % 10 == 0,
                unit: Cow::Owned(vec![u8::try_from(n % 250).unwrap(); 100]),
            };
            writer.append(&Record::Frame(frame), now).unwrap();
        }
        writer.close(now);
    }

    fn unit_count(mut bytes: &[u8]) -> Vec<(u8, usize)> {
        let mut found = Vec::new();
        while let Some((head, rest)) = bytes.split_first_chunk::<13>() {
            let length = u32::from_be_bytes(head[8..12].try_into().unwrap()) as usize;
            found.push((head[12], length));
            bytes = &rest[length..];
        }
        assert!(bytes.is_empty());
        found
    }

    #[test]
    fn a_table_names_key_frames_what_was_filled_in_and_what_comes_while_it_grows() {
        let folder = tempfile::tempdir().unwrap();
        let stream = StreamId::random();
        let live: Vec<u64> = (0..20).chain(25..40).collect();
        write(folder.path(), stream, Lane::Live, &live);
        let mut recording = Recording::open(folder.path(), stream).unwrap();
        let before = frames(&recording, &playable(recording.table()), Tick(0));
        assert_eq!((before.steps.len(), before.filled.len()), (35, 0));
        write(folder.path(), stream, Lane::Fill, &[20, 21, 22, 23, 24]);
        recording.renew().unwrap();
        let after = frames(&recording, &playable(recording.table()), Tick(0));
        assert_eq!(after.steps.len(), 40);
        assert!(after.steps.iter().skip(1).all(|step| *step == 2_970));
        assert_eq!(after.keys, [0, 10, 20, 30]);
        assert_eq!(after.filled, [(20, 5)]);
        assert_eq!(after.codings.len(), 1);
        assert_eq!(after.codings[0].codec, "avc1.42c01f");
        let first = about(stream, &recording).unwrap();
        assert_eq!(
            (first.frames, first.spoilt, first.first),
            (40, 0, after.first)
        );
        let chosen = playable(recording.table());
        let span = [10, 20].map(|frame| Tick(first.first + frame * 2_970));
        let units = units(&mut recording, &chosen, span.into());
        let found = unit_count(&units);
        assert_eq!(found.len(), 11);
        assert_eq!(found[0], (UNIT_KEYFRAME, 100));
        assert_eq!(found[10], (UNIT_KEYFRAME | UNIT_FILLED, 100));
    }

    #[test]
    fn what_is_damaged_is_said_to_be_and_the_rest_is_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let stream = StreamId::random();
        write(folder.path(), stream, Lane::Live, &[0, 1, 2, 3]);
        write(folder.path(), StreamId::random(), Lane::Fill, &[9]);
        std::fs::write(folder.path().join("0000000009.live.segment"), [1; 500]).unwrap();
        let mut recording = Recording::open(folder.path(), stream).unwrap();
        let it = about(stream, &recording).unwrap();
        assert_eq!(
            (it.frames, it.spoilt),
            (4, 1),
            "somebody else's is left out, what is no segment is counted"
        );
        // A byte of the third unit is spoilt after the table was made.
        let path = folder.path().join("0000000001.live.segment");
        let mut bytes = std::fs::read(&path).unwrap();
        let third = bytes.windows(100).position(|it| it == [2; 100]).unwrap();
        bytes[third + 50] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let chosen = playable(recording.table());
        let units = units(&mut recording, &chosen, (Tick(0), Tick(u64::MAX)));
        let found: Vec<u8> = unit_count(&units).iter().map(|(flags, _)| *flags).collect();
        assert_eq!(found, [UNIT_KEYFRAME, 0, UNIT_SPOILT, 0]);
    }
}
