//! What recording costs the relay, and how soon picture and recording are whole after a cut.
//!
//! The load comes from `bench-load`, one process for each of ten consults, with 270 packets of 1,100 B a second (2.4 Mbit/s)
//! and no viewers. CPU is that of the whole relay process, once with recording and once without; the figure is the
//! difference. The cut is the twelve seconds of the link `lift`, with the agent and its journal.

use crate::figures::Figures;
use crate::forward::{Load, begin_load};
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use stories::binaries::Binaries;
use stories::link::LinkKind;
use stories::machine::cpu_time;
use stories::story::{Plan, Story};
use stories::wait::secs;
use wire::ConsultId;
use wire::people::Role;

/// Streams that are recorded at the same time.
const STREAMS: usize = 10;
/// 9 packets of 30 pictures a second are 270, at 1,100 B 2.4 Mbit/s.
const PACKETS_PER_FRAME: u16 = 9;

/// A picture that is not back by then does not come back.
const PICTURE_BACK: Duration = secs(20);

/// Measures `record_10_streams_core_percent`, `lift_picture_back_ms` and `lift_recording_complete_ms`.
pub(crate) async fn measure(mut figures: Figures, span: Duration) -> Result<Figures> {
    let mut percent = Vec::new();
    for recording in ["false", "true"] {
        let flags = ["--recording", recording];
        let plan = Plan::default().no_agent().release().relay_flags(&flags);
        percent.push(ten_streams(&Story::start(plan).await?, span).await?);
    }
    if let [without, with] = percent.as_slice() {
        figures.set("record_10_streams_core_percent", with - without);
        figures.note(format!(
            "10 streams of 2.4 Mbit/s: relay {with:.1} % of a core with recording, {without:.1} % without"
        ));
    }
    lift(figures).await
}

async fn ten_streams(story: &Story, span: Duration) -> Result<f64> {
    let mut loads = Vec::new();
    for at in 0..STREAMS {
        let consult = open_consult(story, at).await?;
        let door = story.door();
        let physician = door.person(Role::VisitingPhysician).await?;
        let person = physician.to_string();
        let id = consult.to_string();
        let role = ["person", "role", "--person", &person, "--consult", &id];
        tool(
            story,
            &[&role[..], &["--role", "visiting-physician"]].concat(),
        )
        .await?;
        let load = Load {
            consult,
            whip: door.ticket(physician, consult).await?,
            whep: Vec::new(),
            voices: None,
            packets_per_frame: PACKETS_PER_FRAME,
            // The last one to begin is the last to count: all run while it does.
            span: span + Duration::from_secs(60),
        };
        loads.push(begin_load(story, &load).await?);
    }
    let relay = story.relay().await.program().pid();
    let (before, began) = (cpu_time(relay)?, Instant::now());
    tokio::time::sleep(span).await;
    let cpu = cpu_time(relay)? - before;
    Ok(cpu.as_secs_f64() / began.elapsed().as_secs_f64() * 100.0)
}

async fn open_consult(story: &Story, at: usize) -> Result<ConsultId> {
    let id = tool(story, &["consult", "open", "--alias", &format!("{at}")]).await?;
    serde_json::from_value(id.into()).context("the relay says the consult's id")
}

/// One of the relay's tools on the story's data; gives what it says.
async fn tool(story: &Story, words: &[&str]) -> Result<String> {
    let data = story.folder().join("relay").display().to_string();
    let out = tokio::process::Command::new(&Binaries::release()?.relay)
        .args(words)
        .args(["--data", &data])
        .output()
        .await
        .context("run a tool of the relay")?;
    ensure!(
        out.status.success(),
        "{words:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(String::from_utf8(out.stdout)?.trim().to_owned())
}

async fn lift(mut figures: Figures) -> Result<Figures> {
    let source = "test:fps=30,size=800x600";
    let plan = Plan::default()
        .release()
        .source(source)
        .agent_over(LinkKind::LIFT);
    let story = Story::start(plan).await?;
    // The physician's tablet is in the same lift as the agent.
    let bedside = story.bedside_over(story.agent_link()?).await?;
    let doctor = story.cardiologist().await?;
    story.has_recorded(60, secs(15)).await?;
    story.agent_link()?.trouble().await?;
    let (back, last) = (Instant::now(), story.journaled_until()?);
    let on_glass = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3;
    let mut waited = [0.0; 2];
    for (waited, person) in waited.iter_mut().zip([&doctor, &bedside]) {
        person.picture_moves_again_within(PICTURE_BACK).await?;
        let frames = person.frames().await?;
        let first = frames.iter().find(|frame| frame.at >= on_glass);
        *waited = first.context("no frame after the cut")?.at - on_glass;
    }
    let [doctors, bedsides] = waited;
    figures.set("lift_picture_back_ms", doctors.max(bedsides));
    figures.note(format!(
        "picture back after the cut: {doctors:.0} ms at the cardiologist, {bedsides:.0} ms at the bedside in the same lift"
    ));
    let (frames, sent_again) = story.is_recorded_until(last, secs(60)).await?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let took = back.elapsed().as_millis() as f64;
    figures.set("lift_recording_complete_ms", took);
    figures.note(format!(
        "after a cut of 12 s: {sent_again} of {frames} frames were sent again, the recording is the journal byte for byte"
    ));
    Ok(figures)
}
