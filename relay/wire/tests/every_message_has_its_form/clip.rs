//! The channel `clips` both ways, and what a player reads of a clip.

use crate::each;
use crate::samples::{clip, clip_head, clip_times, imported_head};
use wire::clip::{
    ClipCoding, ClipFrame, ClipFromAgent, ClipGap, ClipHead, ClipStage, ClipTable, ClipToAgent,
    ClipVideo,
};

#[test]
fn what_is_said_of_a_clip() {
    let said = each(
        "clip-from-agent",
        vec![
            (
                "offer",
                ClipFromAgent::Offer {
                    head: clip_head(),
                    times: clip_times(),
                },
            ),
            (
                "offer-imported",
                ClipFromAgent::Offer {
                    head: imported_head(),
                    times: Vec::new(),
                },
            ),
        ],
    );
    every_variant!(said, ClipFromAgent { Offer });
    let said = each(
        "clip-to-agent",
        vec![
            (
                "wanted",
                ClipToAgent::Wanted {
                    clip: clip(),
                    offset: 0,
                },
            ),
            (
                "durable",
                ClipToAgent::Durable {
                    clip: clip(),
                    offset: 1_048_576,
                },
            ),
            ("kept", ClipToAgent::Kept { clip: clip() }),
            ("kept-beside", ClipToAgent::KeptBeside { clip: clip() }),
            (
                "refused",
                ClipToAgent::Refused {
                    clip: clip(),
                    reason: ClipGap::RelayStorage,
                },
            ),
        ],
    );
    every_variant!(
        said,
        ClipToAgent {
            Wanted,
            Durable,
            Kept,
            KeptBeside,
            Refused
        }
    );
}

#[test]
fn what_a_player_reads() {
    let frame = |at_us, rtp_time| ClipFrame {
        at_us,
        rtp_time,
        here: true,
    };
    let [first, second, third] = clip_times().try_into().unwrap();
    let table = ClipTable {
        head: clip_head(),
        stage: ClipStage::Arriving,
        frames: vec![
            frame(0, Some(first)),
            frame(33_333, Some(second)),
            ClipFrame {
                here: false,
                ..frame(66_667, Some(third))
            },
        ],
        regions: Vec::new(),
        hand_scale: true,
        video: None,
    };
    let video = ClipTable {
        head: ClipHead {
            coding: ClipCoding::Video,
            ..clip_head()
        },
        stage: ClipStage::Kept,
        video: Some(ClipVideo {
            codec: "avc1.640029".into(),
            description: "AWQAKf/hAAQnZAApAQACKO4=".into(),
            keys: vec![0, 2],
        }),
        ..table.clone()
    };
    let imported = ClipTable {
        head: imported_head(),
        stage: ClipStage::Kept,
        frames: vec![frame(0, None), frame(40_000, None), frame(80_000, None)],
        regions: Vec::new(),
        hand_scale: false,
        video: None,
    };
    each(
        "http",
        vec![
            ("clip-table", table),
            ("clip-table-imported", imported),
            ("clip-table-video", video),
        ],
    );
}
