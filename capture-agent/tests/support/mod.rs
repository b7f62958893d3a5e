//! What several behaviour tests need: a relay stand-in and ways to wait.
//!
//! The stand-in is a plain WHIP server with a receiving WebRTC peer, written without any code of the agent, so that it
//! sees what is really on the wire. The real relay is tested by the stories in the `tests` crate.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "tests fail by panicking, and each one uses a part of this"
)]

pub mod decode;
pub mod readers;
pub mod receiver;
pub mod relay;

guarded::serve_in_tests!();

use capture_agent::agent::{AgentSettings, DevicePageSettings};
use capture_agent::encode::{BitRate, Choice, EncodeOptions, Preset};
use capture_agent::mask::Mask;
use capture_agent::publish::{Entry, RelaySettings, Ticket};
use capture_agent::ring::RingBounds;
use std::io::Write as _;
use std::time::{Duration, Instant};
use wire::ConsultId;

/// Settings of an agent on this source, publishing nowhere.
pub fn settings(source: &str) -> AgentSettings {
    let bit_rate = BitRate::from_kbps(2000).unwrap();
    let encode = EncodeOptions {
        choice: Choice::Named("libx264".into()),
        preset: Preset::Superfast,
        bit_rate,
        buffer_frames: 3.0,
    };
    AgentSettings {
        source: source.parse().unwrap(),
        mask: Mask::default(),
        overlay_barcode: false,
        ring: RingBounds::DEFAULT,
        encode,
        saving: None,
        journal: None,
        dicom_door: None,
        worklist: None,
        relay: None,
        fail_fast: false,
        device_page: DevicePageSettings::OFF,
    }
}

/// The way to a stand-in relay.
pub fn to_relay(address: &str, entry: Entry) -> RelaySettings {
    RelaySettings {
        relay: address.parse().unwrap(),
        consult: ConsultId::random(),
        entry,
        bind: None,
        authorities: vec![],
    }
}

/// A ticket that the stand-in accepts.
pub fn ticket() -> Entry {
    Entry::Ticket(Ticket::new("ticket-1").unwrap())
}

/// Waits until `is_so` holds, at most `bound`.
pub async fn until(what: &str, bound: Duration, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + bound;
    while !is_so() {
        assert!(Instant::now() < end, "not within {bound:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A folder of the shared test data; none, said past the harness, where there are none and none are required.
pub fn test_data(folder: &str) -> Option<std::path::PathBuf> {
    let workspace = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap();
    let root = std::env::var_os("HIBIKI_TEST_DATA")
        .map_or_else(|| workspace.join("../shared/test-data"), Into::into);
    let found = root.join(folder);
    if found.is_dir() {
        return Some(found);
    }
    assert!(
        std::env::var_os("HIBIKI_REQUIRE_TEST_DATA").is_none_or(|value| value != "1"),
        "no test data at {}, and here no test may be skipped",
        found.display()
    );
    let mut past_the_harness = std::io::stderr();
    writeln!(
        past_the_harness,
        "SKIPPED: no test data at {}; set HIBIKI_TEST_DATA to the folder that holds {folder}/",
        found.display()
    )
    .unwrap();
    None
}
