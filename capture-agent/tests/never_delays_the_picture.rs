//! From source to encoder: the newest frame wins, masked pixels go nowhere, a failing encoder is replaced.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use capture_agent::agent::{Agent, AgentError, AgentSettings};
use capture_agent::barcode;
use capture_agent::encode::{
    AccessUnit, Choice, EncodeError, EncoderFactory, EncoderSettings, FfmpegFactory, VideoEncoder,
};
use capture_agent::mask::Mask;
use capture_agent::picture::Picture;
use capture_agent::sync::Stop;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::decode::Decoder;
use support::relay::Relay;
use support::{settings, ticket, to_relay, until};
use wire::RtpTime;

type Seen = Arc<Mutex<Vec<(Instant, u16, AccessUnit)>>>;

/// x264 under other names, slowed down, failing or holding back as a test wants.
#[derive(Clone)]
struct StandIn {
    takes: Duration,
    works: fn(&str) -> bool,
    fails_at: u32,
    holds_back: bool,
    pictures: Arc<AtomicU32>,
    opened: Arc<Mutex<Vec<String>>>,
    seen: Seen,
}

impl StandIn {
    fn new() -> Self {
        Self {
            takes: Duration::ZERO,
            works: |name| name == "libx264",
            fails_at: u32::MAX,
            holds_back: false,
            pictures: Arc::default(),
            opened: Arc::default(),
            seen: Arc::default(),
        }
    }
}

struct StandInEncoder {
    inner: Box<dyn VideoEncoder>,
    name: String,
    stand_in: StandIn,
}

impl EncoderFactory for StandIn {
    fn open(
        &self,
        name: &str,
        settings: &EncoderSettings,
    ) -> Result<Box<dyn VideoEncoder>, EncodeError> {
        self.opened.lock().unwrap().push(name.to_owned());
        if !(self.works)(name) {
            return Err(EncodeError::Open {
                name: name.to_owned(),
                reason: "no such hardware".to_owned(),
            });
        }
        let inner = FfmpegFactory.open("libx264", settings)?;
        Ok(Box::new(StandInEncoder {
            inner,
            name: name.to_owned(),
            stand_in: self.clone(),
        }))
    }
}

impl VideoEncoder for StandInEncoder {
    fn encode(
        &mut self,
        picture: &Picture,
        rtp_time: RtpTime,
        idr: bool,
        out: &mut Vec<AccessUnit>,
    ) -> Result<(), EncodeError> {
        let count = self.stand_in.pictures.fetch_add(1, Ordering::SeqCst);
        if count == self.stand_in.fails_at {
            return Err(EncodeError::Picture {
                name: self.name.clone(),
                reason: "it broke".to_owned(),
            });
        }
        Stop::default().wait(self.stand_in.takes);
        self.inner.encode(picture, rtp_time, idr, out)?;
        if self.stand_in.holds_back {
            out.clear();
        }
        if let (Some(reading), Some(unit)) = (barcode::read(picture), out.last()) {
            self.stand_in
                .seen
                .lock()
                .unwrap()
                .push((Instant::now(), reading.frame, unit.clone()));
        }
        Ok(())
    }

    fn set_rate(&mut self, bit_rate: capture_agent::encode::BitRate, frame_rate: f64) {
        self.inner.set_rate(bit_rate, frame_rate);
    }

    fn name(&self) -> &str {
        &self.name
    }
}

struct Running {
    relay: Relay,
    stop: Stop,
    task: tokio::task::JoinHandle<(Agent, Result<(), AgentError>)>,
}

fn run(settings: AgentSettings, stand_in: &StandIn) -> Running {
    let relay = Relay::start();
    let settings = AgentSettings {
        relay: Some(to_relay(&relay.address, ticket())),
        ..settings
    };
    let mut agent = Agent::start_with(settings, Arc::new(stand_in.clone())).unwrap();
    let stop = agent.stop.clone();
    let task = tokio::spawn(async move {
        let outcome = agent.run().await;
        (agent, outcome)
    });
    Running { relay, stop, task }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_slow_encoder_the_newest_frame_wins_and_the_rest_is_counted() {
    let stand_in = StandIn {
        takes: Duration::from_millis(60),
        ..StandIn::new()
    };
    let running = run(settings("test:fps=100,size=800x64"), &stand_in);
    until("20 pictures were coded", Duration::from_secs(10), || {
        stand_in.seen.lock().unwrap().len() >= 20
    })
    .await;
    running.stop.set();
    let (agent, _) = running.task.await.unwrap();
    let seen = stand_in.seen.lock().unwrap();
    for pair in seen.windows(2) {
        let (left_out, took) = (pair[1].1 - pair[0].1, pair[1].0 - pair[0].0);
        let due = took.as_secs_f64() * 100.0;
        assert!(
            (f64::from(left_out) - due).abs() <= 3.0,
            "{left_out} frames on after {took:?}"
        );
    }
    let skipped = agent.board.now().frames_skipped;
    assert!(skipped >= 60, "{skipped} were counted as replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn masked_pixels_reach_neither_ring_nor_encoder_nor_the_decoded_picture() {
    let stand_in = StandIn::new();
    let mask = Mask::new(vec!["0,0.5,1,0.25".parse().unwrap()]);
    let running = run(
        AgentSettings {
            mask,
            ..settings("test:fps=30,size=800x600,form=rgb")
        },
        &stand_in,
    );
    until("10 pictures were coded", Duration::from_secs(10), || {
        stand_in.seen.lock().unwrap().len() >= 10
    })
    .await;
    running.stop.set();
    let (agent, _) = running.task.await.unwrap();
    let mut decoder = Decoder::new();
    let mut kept = 0;
    for (_, _, unit) in stand_in
        .seen
        .lock()
        .unwrap()
        .iter()
        .filter(|(_, _, unit)| unit.rtp_time != RtpTime::default())
    {
        let decoded = decoder.decode(unit).unwrap();
        let band = &decoded.gray.rows()[312 * 800..440 * 800];
        assert!(
            band.iter().all(|level| *level <= 4),
            "something shows through the mask after decoding"
        );
        assert!(
            decoded.gray.rows()[100 * 800..300 * 800]
                .iter()
                .any(|level| *level > 60),
            "the rest is there"
        );
        if let Some(original) = agent.original(unit.rtp_time) {
            let rows = original.picture.rows();
            assert!(rows[300 * 2400..450 * 2400].iter().all(|byte| *byte == 0));
            kept += 1;
        }
    }
    assert!(kept >= 10, "the ring held {kept} of the coded frames");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_fails_is_opened_anew_and_goes_on_with_a_keyframe() {
    // The probe codes nine pictures.
    let stand_in = StandIn {
        fails_at: 9 + 5,
        ..StandIn::new()
    };
    let running = run(settings("test:fps=60,size=800x64"), &stand_in);
    until("it failed and goes on", Duration::from_secs(10), || {
        stand_in.seen.lock().unwrap().len() >= 10
    })
    .await;
    let seen = stand_in.seen.lock().unwrap().clone();
    assert!(seen[5].2.keyframe, "the first picture of the new encoder");
    drop(running);
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_takes_libx264_when_it_is_quick_and_hardware_when_it_is_missing() {
    let stand_in = StandIn::new();
    let mut wanted = settings("test:fps=30,size=800x64");
    wanted.encode.choice = Choice::Auto;
    let agent = Agent::start_with(wanted.clone(), Arc::new(stand_in.clone())).unwrap();
    until("it chose", Duration::from_secs(5), || {
        agent.board.now().encoder == "libx264"
    })
    .await;
    assert!(
        stand_in
            .opened
            .lock()
            .unwrap()
            .iter()
            .all(|name| name == "libx264"),
        "nothing else was even tried"
    );
    drop(agent);
    let stand_in = StandIn {
        works: |name| name == "h264_vaapi",
        ..StandIn::new()
    };
    let agent = Agent::start_with(wanted, Arc::new(stand_in.clone())).unwrap();
    until("it fell back", Duration::from_secs(5), || {
        agent.board.now().encoder == "h264_vaapi"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_holds_pictures_back_is_not_used() {
    let stand_in = StandIn {
        holds_back: true,
        ..StandIn::new()
    };
    let mut agent = Agent::start_with(settings("test:"), Arc::new(stand_in)).unwrap();
    let error = agent.run().await.unwrap_err();
    assert!(
        matches!(error, AgentError::Encoder(EncodeError::HoldsBack(_))),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hardware_encoders_that_are_not_here_are_refused_with_a_reason() {
    for name in [
        "h264_nvenc",
        "h264_qsv",
        "h264_vaapi",
        "h264_mf",
        "libopenh264",
    ] {
        let mut wanted = settings("test:");
        wanted.encode.choice = name.parse().unwrap();
        let error = Agent::start(wanted)
            .unwrap()
            .run()
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_joiner_gets_the_last_picture_when_the_source_is_slow() {
    let running = run(settings("test:fps=1,size=800x64"), &StandIn::new());
    let mut last = running.relay.frame().await;
    for _ in 0..4 {
        running.relay.ask_for_keyframe().await;
        let next = running.relay.frame().await;
        let time = |frame: &[support::relay::Received]| RtpTime(frame[0].packet.header.timestamp);
        let later = time(&next).since(time(&last));
        assert!(later >= 1, "receivers drop a second frame of the same time");
        if later < 10 {
            let waited = next[0].at - last[0].at;
            assert!(
                waited < Duration::from_millis(800),
                "repeated after {waited:?}"
            );
            return;
        }
        last = next;
    }
    panic!("the last picture was never repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_size_goes_on_with_a_keyframe_of_the_new_size() {
    let folder = tempfile::tempdir().unwrap();
    for (name, side) in [("a.dcm", "19_"), ("b.dcm", "02_")] {
        let Some(samples) = support::test_data("dicom") else {
            return;
        };
        let found = std::fs::read_dir(samples)
            .unwrap()
            .flatten()
            .find(|entry| entry.file_name().to_string_lossy().starts_with(side));
        std::fs::copy(found.unwrap().path(), folder.path().join(name)).unwrap();
    }
    let wanted = AgentSettings {
        overlay_barcode: true,
        ..settings(&format!("dicom:{}", folder.path().display()))
    };
    let stand_in = StandIn::new();
    let running = run(wanted, &stand_in);
    let width = |agent: &StandIn| {
        agent
            .seen
            .lock()
            .unwrap()
            .last()
            .map(|(_, _, unit)| unit.clone())
    };
    let mut decoder = Decoder::new();
    let mut sizes = std::collections::BTreeSet::new();
    let mut done = 0;
    until("both sizes were decoded", Duration::from_secs(20), || {
        let _ = width(&stand_in);
        let seen = stand_in.seen.lock().unwrap();
        for (_, _, unit) in seen
            .iter()
            .skip(done)
            .filter(|(_, _, unit)| unit.rtp_time != RtpTime::default())
        {
            if let Some(decoded) = decoder.decode(unit) {
                sizes.insert((decoded.gray.width(), decoded.gray.height()));
            }
        }
        done = seen.len();
        sizes.len() == 2
    })
    .await;
    assert_eq!(
        sizes.into_iter().collect::<Vec<_>>(),
        [(320, 240), (640, 480)]
    );
    drop(running);
}
