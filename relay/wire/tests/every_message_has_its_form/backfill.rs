//! The channel on which lost frames are sent again, both ways.

use crate::each;
use wire::backfill::{
    BackfillFromAgent, BackfillToAgent, MAX_BACKFILL_TEXT_BYTES, MAX_HELD, MAX_SLICES, Slice,
    held_hashes,
};
use wire::original::Digest;

const BEGIN: u64 = 161_550_000_000_000;

fn slice() -> Slice {
    Slice {
        from: BEGIN,
        until: BEGIN + 5_399_999,
        frames: 1_800,
        digest: Digest::from_bytes([0xab; 32]),
    }
}

#[test]
fn what_is_said_of_a_recording() {
    let said = each(
        "agent-to-relay-backfill",
        vec![
            ("here", BackfillFromAgent::Here {}),
            (
                "compared",
                BackfillFromAgent::Compared {
                    ask: 1,
                    differing: vec![0, 3],
                    kept_until: Some(BEGIN),
                },
            ),
            (
                "sent",
                BackfillFromAgent::Sent {
                    ask: 2,
                    frames: 360,
                    lost: 0,
                    kept_until: None,
                },
            ),
        ],
    );
    every_variant!(
        said,
        BackfillFromAgent {
            Here,
            Compared,
            Sent
        }
    );
    let said = each(
        "relay-to-agent-backfill",
        vec![
            (
                "compare",
                BackfillToAgent::Compare {
                    ask: 1,
                    slices: vec![slice()],
                },
            ),
            (
                "send",
                BackfillToAgent::Send {
                    ask: 2,
                    from: BEGIN,
                    until: BEGIN + 5_399_999,
                    held: vec![0, 3_000, 3_000],
                    hashes: String::new(),
                },
            ),
            (
                "send-better",
                BackfillToAgent::Send {
                    ask: 3,
                    from: BEGIN,
                    until: BEGIN + 899_999,
                    held: vec![0, 3_000],
                    hashes: held_hashes([&[0xab; 16], &[1; 16]]),
                },
            ),
            ("taken", BackfillToAgent::Taken { bytes: 65_536 }),
        ],
    );
    every_variant!(
        said,
        BackfillToAgent {
            Compare,
            Send,
            Taken
        }
    );
}

#[test]
fn the_longest_questions_fit_into_a_message() {
    for word in [
        BackfillToAgent::Compare {
            ask: u32::MAX,
            slices: vec![slice(); MAX_SLICES],
        },
        BackfillToAgent::Send {
            ask: u32::MAX,
            from: BEGIN,
            until: BEGIN,
            held: vec![5_399_999; MAX_HELD],
            hashes: held_hashes(&[[0xab; 16]; MAX_HELD]),
        },
    ] {
        let text = serde_json::to_string(&word).unwrap();
        assert!(text.len() <= MAX_BACKFILL_TEXT_BYTES, "{}", text.len());
    }
}
