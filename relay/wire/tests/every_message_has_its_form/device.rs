//! The device page, both ways.

use crate::each;
use crate::samples::{clip, person, point, stroke, uplink, uuid};
use wire::clip::ClipGap;
use wire::device::{
    DeviceClips, DeviceEntry, DeviceFault, DeviceFile, DeviceFileStage, DeviceFrame, DeviceFreeze,
    DeviceHealth, DeviceJournal, DeviceLink, DeviceMarks, DeviceMaskRequest, DeviceProblem,
    DeviceRing, DeviceSave, DeviceSaveRequest, DeviceScale, DeviceScaleRequest, DeviceSendRequest,
    DeviceSource, DeviceSourceChoice, DeviceSourceRequest, DeviceSources, DeviceState,
    DeviceTrouble, DeviceViewRequest, DeviceWaiting, MaskRectangle, SaveStage,
};
use wire::socket::MarkState;
use wire::visit::{DevicePatient, DeviceScheduled, DeviceVisitRequest, DeviceWorklist};
use wire::{CaptureTime, FrameIndex, RelayTime, RtpTime, StreamId};

fn banner() -> MaskRectangle {
    MaskRectangle {
        x: 0.0,
        y: 0.0,
        width: 1.0,
        height: 0.08,
    }
}

fn patient() -> DevicePatient {
    DevicePatient {
        id: Some("P-1".into()),
        name: Some("Yamada^Tarou".into()),
        name_ideographic: Some("山田^太郎".into()),
        name_phonetic: Some("やまだ^たろう".into()),
        birth_date: Some("1941-02-28".into()),
        sex: Some("M".into()),
        accession_number: Some("A-17".into()),
    }
}

fn state(link: DeviceLink) -> DeviceState {
    let frame = DeviceFrame {
        index: FrameIndex(41),
        rtp_time: RtpTime(7),
        age_ms: 12,
        scale_stated: false,
    };
    DeviceState {
        newest: Some(frame),
        frozen: None,
        source: DeviceSource {
            health: DeviceHealth::Running,
            spec: "test:".into(),
            trouble: None,
            fps: 30.0,
            width: 800,
            height: 600,
        },
        encoder: "libx264".into(),
        kbps: 2000,
        link,
        ring: DeviceRing {
            frames: 540,
            seconds: 18.0,
            bytes: 259_200_000,
            most_seconds: 20.0,
            most_bytes: 268_435_456,
        },
        mask: vec![banner()],
        mask_checked: true,
        remembers: true,
        measuring: true,
        scale: Some(DeviceScale {
            from: point(0.9, 0.1),
            to: point(0.9, 0.6),
            centimetres: 10.0,
            set_at: CaptureTime(1_795_000_000_000_000),
            by: Some("佐藤".into()),
        }),
        view: Some("A4C".into()),
        clips: Some(DeviceClips {
            safe: 1,
            unsent: 2,
            sent: 3,
            bytes: 4,
            exports_waiting: 1,
            left_out: 2,
            refused_arrivals: 1,
            waiting: 1,
        }),
        waiting: vec![DeviceWaiting {
            clip: clip(),
            taken_at: CaptureTime(1_795_000_000_000_000),
            frames: 61,
            exported: true,
        }],
        visit: Some(patient()),
        worklist: true,
        clips_trouble: None,
        exports_trouble: Some("it cannot be read: the card is away".into()),
        door_trouble: Some("192.0.2.7:11112 cannot be opened".into()),
        journal: Some(DeviceJournal {
            bytes: 5,
            seconds: 6,
            missed: 0,
        }),
        journal_trouble: None,
        saves: vec![DeviceSave {
            clip: clip(),
            stage: SaveStage::Missing {
                reason: ClipGap::DeviceStorage,
            },
            ago_s: 2,
        }],
        troubles: vec![
            DeviceTrouble::ExportsWait,
            DeviceTrouble::DicomClosed,
            DeviceTrouble::NoLink,
        ],
        relay_now: Some(RelayTime(1_795_000_000_100_000)),
    }
}

#[test]
fn what_the_agent_tells_its_page() {
    each(
        "device",
        vec![
            (
                "state-live",
                state(DeviceLink::Live {
                    seconds: 61,
                    uplink: Some(uplink()),
                }),
            ),
            (
                "state-waiting",
                state(DeviceLink::Waiting {
                    reason: "no route".into(),
                }),
            ),
        ],
    );
    each(
        "device",
        vec![(
            "sources",
            DeviceSources {
                sources: vec![DeviceSourceChoice {
                    spec: "ffmpeg:/dev/video0".into(),
                    name: "USB Video".into(),
                    configured: false,
                }],
            },
        )],
    );
    let worklist = DeviceWorklist {
        list: 3,
        day: "20261127".into(),
        entries: vec![DeviceScheduled {
            key: "A-17".into(),
            time: "09:30".into(),
            step: "TTE".into(),
            patient: patient(),
        }],
        unreadable: 1,
        more: false,
    };
    each("device", vec![("worklist", worklist)]);
    let chosen = DeviceVisitRequest {
        list: 3,
        key: "A-17".into(),
    };
    each("device", vec![("visit", chosen)]);
    let marks = DeviceMarks {
        revision: 4,
        stream: Some(StreamId::from_uuid(uuid(2))),
        quick_mark_seconds: 8,
        marks: vec![MarkState {
            mark: stroke(),
            author: person(),
            at: RelayTime(1_795_000_000_100_000),
            pinned: false,
            gauge: None,
        }],
    };
    each("device", vec![("marks", marks)]);
    let problem = DeviceProblem {
        code: DeviceFault::FrameGone,
        detail: String::new(),
    };
    each("device", vec![("problem", problem)]);
    let file = DeviceFile {
        clip: clip(),
        new: true,
        stage: DeviceFileStage::Waits,
    };
    each("device", vec![("file", file)]);
}

#[test]
fn what_the_page_asks_of_the_agent() {
    each("device", vec![("entry", DeviceEntry { key: "ab".into() })]);
    each("device", vec![("send", DeviceSendRequest { clip: clip() })]);
    let rtp_time = RtpTime(7);
    each("device", vec![("freeze", DeviceFreeze { rtp_time })]);
    each(
        "device",
        vec![
            ("save-last", DeviceSaveRequest::Last { seconds: 6 }),
            ("save-frozen", DeviceSaveRequest::Frozen),
        ],
    );
    let rectangles = vec![banner()];
    each(
        "device",
        vec![(
            "mask",
            DeviceMaskRequest {
                rectangles,
                checked: true,
            },
        )],
    );
    let source = Some("test:".into());
    each("device", vec![("source", DeviceSourceRequest { source })]);
    let scale = DeviceScaleRequest {
        rtp_time,
        from: point(0.9, 0.1),
        to: point(0.9, 0.6),
        centimetres: 10.0,
    };
    each("device", vec![("scale", scale)]);
    let view = Some("PLAX".into());
    each("device", vec![("view", DeviceViewRequest { view })]);
}
