//! What forwarding costs the relay: CPU per packet at 1, 10 and 50 viewers, and the time a packet spends in it.
//!
//! The load comes from `bench-load`, a process of its own: one publisher with 390 packets of 1,100 B a second and native
//! viewers that answer as browsers do. CPU is that of the whole relay process, receiving, decrypting and everything else
//! included, divided by the packets that reached viewers.

use crate::figures::{Figures, Spread};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use stories::binaries::Binaries;
use stories::door::Entered;
use stories::machine::cpu_time;
use stories::process::Program;
use stories::story::{Plan, Story};
use tokio::io::AsyncWriteExt;
use wire::ConsultId;
use wire::http::SESSION_HEADER;
use wire::people::Role;

/// 13 packets of 30 pictures a second are 390, at 1,100 B 3.4 Mbit/s.
const PACKETS_PER_FRAME: u16 = 13;
const PAYLOAD_BYTES: usize = 1_100;
const WARM_UP_MS: u64 = 2_000;
/// Fifty handshakes one after another on a busy machine.
const JOIN_LIMIT: Duration = Duration::from_secs(60);
/// A viewer that lost more than this was not served, and its cost would flatter.
const MOST_LOST_PERCENT: u64 = 1;

/// What a load counted.
#[derive(Debug, Deserialize)]
pub(crate) struct Outcome {
    seconds: f64,
    sent: u64,
    received: u64,
    lost: u64,
    crossing_us: Vec<f64>,
    /// Of the voice beside it, in microseconds.
    pub(crate) voice_us: Vec<f64>,
}

/// Measures `relay_cpu_per_packet_*` and `relay_share_*`.
pub(crate) async fn measure(mut figures: Figures, span: Duration) -> Result<Figures> {
    let keys = [
        (1, "relay_cpu_per_packet_1_us"),
        (10, "relay_cpu_per_packet_10_us"),
        (50, "relay_cpu_per_packet_50_us"),
    ];
    for (viewers, key) in keys {
        // Recording has a figure of its own.
        let plan = Plan::default().relay_flags(&["--recording", "false"]);
        let story = Story::start(plan.no_agent().release()).await?;
        let (outcome, cpu) = load(&story, viewers, None, span)
            .await
            .with_context(|| format!("{viewers} viewers"))?;
        let expected = outcome.sent * viewers;
        ensure!(
            outcome.lost * 100 <= expected * MOST_LOST_PERCENT,
            "viewers lost {} of {expected} packets: the machine is too busy for this figure",
            outcome.lost
        );
        #[expect(clippy::cast_precision_loss, reason = "below 2^52")]
        figures.set(key, cpu.as_secs_f64() * 1e6 / outcome.received as f64);
        let spread = Spread::of(outcome.crossing_us, "crossings")?;
        if viewers == 1 {
            figures.set("relay_share_p50_ms", spread.p(50) / 1_000.0);
            figures.set("relay_share_p99_ms", spread.p(99) / 1_000.0);
        }
        figures.note(format!(
            "{viewers} viewers: {} packets in {:.1} s, {} lost, relay {:.1} % of a core, crossing p50 {:.2} ms p99 {:.2} ms",
            outcome.received,
            outcome.seconds,
            outcome.lost,
            cpu.as_secs_f64() / outcome.seconds * 100.0,
            spread.p(50) / 1_000.0,
            spread.p(99) / 1_000.0,
        ));
    }
    Ok(figures)
}

/// One publisher and its viewers.
pub(crate) struct Load {
    /// Where.
    pub(crate) consult: ConsultId,
    /// The publisher's ticket.
    pub(crate) whip: String,
    /// One for each viewer.
    pub(crate) whep: Vec<String>,
    /// Who speaks and who hears, if anybody does.
    pub(crate) voices: Option<[Entered; 2]>,
    /// Packets of a picture.
    pub(crate) packets_per_frame: u16,
    /// How long is counted.
    pub(crate) span: Duration,
}

/// Starts a load; it counts when all are up.
pub(crate) async fn begin_load(story: &Story, wanted: &Load) -> Result<Program> {
    let (door, consult) = (story.door(), wanted.consult);
    let bearer = |url: String, ticket: &str| json!({ "url": url, "headers": { "authorization": format!("Bearer {ticket}") } });
    let whip = bearer(door.whip(consult), &wanted.whip);
    let watch = |ticket: &String| bearer(door.whep(consult), ticket);
    let whep: Vec<Value> = wanted.whep.iter().map(watch).collect();
    let talk = |who: &Entered| {
        json!({ "url": door.api(&format!("consults/{consult}/voice")), "headers": {
            "origin": door.origin(), "cookie": who.cookie, SESSION_HEADER: who.grant.session,
        } })
    };
    let voices = wanted.voices.as_ref();
    let voices =
        voices.map(|[speaks, hears]| json!({ "speaks": talk(speaks), "hears": talk(hears) }));
    let orders = json!({
        "whip": whip, "whep": whep, "voices": voices, "packets_per_frame": wanted.packets_per_frame, "payload_bytes": PAYLOAD_BYTES,
        "warm_ms": WARM_UP_MS, "measure_ms": u64::try_from(wanted.span.as_millis())?,
    });
    let program = Binaries::release()?.relay.with_file_name("bench-load");
    let mut load = Program::start("load", &program, &[], &[])?;
    load.stdin()
        .context("orders go in by standard input")?
        .write_all(format!("{orders}\n").as_bytes())
        .await?;
    load.wait_for_line("all viewers are up", JOIN_LIMIT, at("up"))
        .await?;
    Ok(load)
}

fn at(key: &'static str) -> impl FnMut(&str) -> Option<Value> {
    move |line: &str| {
        serde_json::from_str::<Value>(line.strip_prefix("» ")?)
            .ok()?
            .get(key)
            .cloned()
    }
}

/// One publisher, its viewers and perhaps two voices for so long: what was counted, and the relay's CPU time.
pub(crate) async fn load(
    story: &Story,
    viewers: u64,
    voices: Option<[Entered; 2]>,
    span: Duration,
) -> Result<(Outcome, Duration)> {
    let (door, consult) = (story.door(), story.consult());
    let physician = door.person(Role::VisitingPhysician).await?;
    let observer = door.person(Role::Cardiologist).await?;
    let whip = door.ticket(physician, consult).await?;
    let mut whep = Vec::new();
    for _ in 0..viewers {
        whep.push(door.ticket(observer, consult).await?);
    }
    let wanted = Load {
        consult,
        whip,
        whep,
        voices,
        packets_per_frame: PACKETS_PER_FRAME,
        span,
    };
    let load = begin_load(story, &wanted).await?;
    let relay = story.relay().await.program().pid();
    load.wait_for_line("counting begins", Duration::from_secs(10), at("begin"))
        .await?;
    let before = cpu_time(relay)?;
    let end = load
        .wait_for_line("counting ends", span + Duration::from_secs(10), at("end"))
        .await?;
    Ok((serde_json::from_value(end)?, cpu_time(relay)? - before))
}
