//! The entries of a consult's log.

use crate::each;
use crate::samples::{
    anchor, beat_frame, caliper, clip, clip_head, consent, depth_scale, entry, facts, gauge,
    link_seen, original, person, uuid, video_picture,
};
use wire::clip::{ClipGap, SaveWhat};
use wire::log::{LogEvent, StreamEnd};
use wire::original::OriginalGap;
use wire::people::{Author, Page, Role};
use wire::voice::{ConsentBy, ConsentEnd};
use wire::{
    AnnotationId, DeviceId, FreezeId, PersonId, RelayTime, RtpTime, ScaleId, SessionId, StreamId,
};

#[test]
fn what_the_log_holds() {
    let (stream, freeze) = (StreamId::from_uuid(uuid(2)), FreezeId::from_uuid(uuid(6)));
    let (id, session) = (
        AnnotationId::from_uuid(uuid(3)),
        SessionId::from_uuid(uuid(4)),
    );
    let device = Author::Device {
        device: DeviceId::from_uuid(uuid(10)),
        name: "エコー 1".into(),
    };
    let joined = LogEvent::Joined {
        session,
        person: PersonId::from_uuid(uuid(5)),
        name: "佐藤 花".into(),
        role: Role::Cardiologist,
        page: Page::Consult,
    };
    let entries = each(
        "log",
        vec![
            ("joined", entry(joined, person())),
            ("left", entry(LogEvent::Left { session }, Author::Relay)),
            ("voice-on", entry(LogEvent::VoiceOn { session }, person())),
            ("voice-off", entry(LogEvent::VoiceOff { session }, person())),
            (
                "voice-consented",
                entry(
                    LogEvent::VoiceConsented {
                        consent: consent(),
                        by: ConsentBy::Family,
                    },
                    person(),
                ),
            ),
            (
                "voice-consent-ended",
                entry(
                    LogEvent::VoiceConsentEnded {
                        consent: consent(),
                        why: ConsentEnd::Withdrawn,
                    },
                    person(),
                ),
            ),
            (
                "voice-recorded",
                entry(LogEvent::VoiceRecorded { on: true }, Author::Relay),
            ),
            (
                "voice-discard-asked",
                entry(LogEvent::VoiceDiscardAsked {}, person()),
            ),
            (
                "voice-discarded",
                entry(LogEvent::VoiceDiscarded {}, Author::Relay),
            ),
            (
                "link-sample",
                entry(LogEvent::LinkSample { seen: link_seen() }, person()),
            ),
            (
                "stream-started",
                entry(
                    LogEvent::StreamStarted {
                        stream,
                        stamped: true,
                        codec: "H264".into(),
                        rtp_offset: None,
                    },
                    device.clone(),
                ),
            ),
            (
                "stream-started-shifted",
                entry(
                    LogEvent::StreamStarted {
                        stream,
                        stamped: false,
                        codec: "VP8".into(),
                        rtp_offset: Some(4_294_000_000),
                    },
                    person(),
                ),
            ),
            (
                "stream-stopped",
                entry(
                    LogEvent::StreamStopped {
                        stream,
                        reason: StreamEnd::Lost,
                    },
                    Author::Relay,
                ),
            ),
            (
                "stream-gap",
                entry(
                    LogEvent::StreamGap {
                        stream,
                        before: RtpTime(7),
                        after: RtpTime(1_080_007),
                    },
                    Author::Relay,
                ),
            ),
            (
                "stream-filling",
                entry(
                    LogEvent::StreamFilling {
                        stream,
                        before: RtpTime(7),
                        after: RtpTime(1_080_007),
                        percent: 40,
                    },
                    Author::Relay,
                ),
            ),
            (
                "stream-recorded",
                entry(LogEvent::StreamRecorded { stream, on: true }, Author::Relay),
            ),
            (
                "stream-weak",
                entry(
                    LogEvent::StreamWeak {
                        stream,
                        from: RtpTime(7),
                    },
                    Author::Relay,
                ),
            ),
            (
                "stream-whole",
                entry(
                    LogEvent::StreamWhole {
                        stream,
                        until: RtpTime(1_080_007),
                    },
                    Author::Relay,
                ),
            ),
            (
                "stream-timed",
                entry(
                    LogEvent::StreamTimed {
                        stream,
                        rtp_time: RtpTime(1_080_007),
                        captured_relay: RelayTime(1_795_000_000_000_000),
                        error_us: 1_500,
                    },
                    Author::Relay,
                ),
            ),
            (
                "stream-filled",
                entry(
                    LogEvent::StreamFilled {
                        stream,
                        before: RtpTime(7),
                        after: RtpTime(1_080_007),
                        frames: 359,
                        ms: 12_000,
                    },
                    Author::Relay,
                ),
            ),
            (
                "frozen",
                entry(
                    LogEvent::Frozen {
                        freeze,
                        anchor: anchor(),
                    },
                    person(),
                ),
            ),
            ("released", entry(LogEvent::Released { freeze }, person())),
            (
                "video-picture-kept",
                entry(
                    LogEvent::VideoPictureKept {
                        stream,
                        rtp_time: RtpTime(7),
                        picture: video_picture(),
                    },
                    person(),
                ),
            ),
            (
                "stepped",
                entry(
                    LogEvent::Stepped {
                        freeze,
                        anchor: anchor(),
                    },
                    person(),
                ),
            ),
            (
                "original-kept",
                entry(
                    LogEvent::OriginalKept {
                        stream,
                        rtp_time: RtpTime(7),
                        original: original(),
                        facts: facts(),
                    },
                    Author::Relay,
                ),
            ),
            (
                "marked-with-gauge",
                entry(
                    LogEvent::Marked {
                        mark: caliper(),
                        gauge: Some(gauge()),
                    },
                    person(),
                ),
            ),
            (
                "calibrated",
                entry(
                    LogEvent::Calibrated {
                        scale: depth_scale(),
                    },
                    person(),
                ),
            ),
            (
                "calibration-withdrawn",
                entry(
                    LogEvent::CalibrationWithdrawn {
                        scale: ScaleId::from_uuid(uuid(11)),
                    },
                    person(),
                ),
            ),
            (
                "original-missing",
                entry(
                    LogEvent::OriginalMissing {
                        stream,
                        rtp_time: RtpTime(7),
                        reason: OriginalGap::Gone,
                    },
                    Author::Relay,
                ),
            ),
            (
                "original-doubted",
                entry(
                    LogEvent::OriginalDoubted {
                        stream,
                        rtp_time: RtpTime(7),
                    },
                    person(),
                ),
            ),
            (
                "beat-asked",
                entry(LogEvent::BeatAsked { freeze }, person()),
            ),
            (
                "beat-kept",
                entry(
                    LogEvent::BeatKept {
                        freeze,
                        frames: vec![beat_frame()],
                        of: 90,
                    },
                    Author::Relay,
                ),
            ),
            (
                "clip-asked",
                entry(
                    LogEvent::ClipAsked {
                        clip: clip(),
                        what: SaveWhat::Last { seconds: 6 },
                    },
                    person(),
                ),
            ),
            (
                "clip-saved",
                entry(
                    LogEvent::ClipSaved {
                        head: Box::new(clip_head()),
                    },
                    device,
                ),
            ),
            (
                "clip-kept",
                entry(LogEvent::ClipKept { clip: clip() }, Author::Relay),
            ),
            (
                "clip-missing",
                entry(
                    LogEvent::ClipMissing {
                        clip: clip(),
                        reason: ClipGap::AgentAway,
                    },
                    Author::Relay,
                ),
            ),
            (
                "beat-missing",
                entry(
                    LogEvent::BeatMissing {
                        freeze,
                        reason: OriginalGap::NotKept,
                    },
                    Author::Relay,
                ),
            ),
            (
                "beat-ended",
                entry(LogEvent::BeatEnded { freeze }, person()),
            ),
            (
                "withdrawn",
                entry(LogEvent::Withdrawn { mark: id }, person()),
            ),
            (
                "pinned",
                entry(
                    LogEvent::Pinned {
                        mark: id,
                        pinned: true,
                    },
                    person(),
                ),
            ),
        ],
    );
    let said: Vec<LogEvent> = entries.into_iter().map(|entry| entry.event).collect();
    every_variant!(
        said,
        LogEvent {
            Joined,
            Left,
            VoiceOn,
            VoiceOff,
            VoiceConsented,
            VoiceConsentEnded,
            VoiceRecorded,
            VoiceDiscardAsked,
            VoiceDiscarded,
            LinkSample,
            StreamStarted,
            StreamStopped,
            StreamGap,
            StreamFilling,
            StreamFilled,
            StreamRecorded,
            StreamWeak,
            StreamWhole,
            StreamTimed,
            Frozen,
            Stepped,
            Released,
            Marked,
            Calibrated,
            CalibrationWithdrawn,
            Withdrawn,
            Pinned,
            VideoPictureKept,
            OriginalKept,
            OriginalMissing,
            OriginalDoubted,
            BeatAsked,
            BeatKept,
            BeatMissing,
            BeatEnded,
            ClipAsked,
            ClipSaved,
            ClipKept,
            ClipMissing
        }
    );
}
