//! The voice: how long the relay holds it, how old it is at the ear, and what of it is heard at 10 % loss.
//!
//! The relay's share is the time of a packet between the sockets of two native peers, beside a picture of 30 frames a second,
//! like that of the picture. For the ear two pages join with Chromium's own microphone and stamp each encoded frame, so that a
//! packet's way is measured beside the encoder and the decoder; to it come a packet's own 20 ms and what Chromium's jitter
//! buffer holds; its audio devices are not in the figure.

use crate::figures::{Figures, Spread};
use crate::forward::load;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use stories::link::{LinkKind, Losses, PathKind};
use stories::person::Person;
use stories::story::{Plan, Story};
use wire::people::{Page, Role};

const JOINS: &str = include_str!("voice.js");
const WARM_UP: Duration = Duration::from_secs(3);
const LIMIT: Duration = Duration::from_secs(8);
/// One Opus frame of WebRTC.
const PACKET_MS: f64 = 20.0;
/// Each way; a voice crosses two links.
const LOSS: f64 = 0.10;

/// What Chromium played since it joined, in samples and seconds.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Heard {
    samples: f64,
    concealed: f64,
    silent: f64,
    delay: f64,
    emitted: f64,
}

impl Heard {
    fn since(self, before: Self) -> Self {
        Self {
            samples: self.samples - before.samples,
            concealed: self.concealed - before.concealed,
            silent: self.silent - before.silent,
            delay: self.delay - before.delay,
            emitted: self.emitted - before.emitted,
        }
    }

    /// Of what should have been heard, what was made up. DTX is silence on purpose and no loss.
    pub(crate) fn concealed_percent(self) -> f64 {
        100.0 * (self.concealed - self.silent).max(0.0) / (self.samples - self.silent).max(1.0)
    }
}

/// Measures `voice_*`.
pub(crate) async fn measure(mut figures: Figures, span: Duration) -> Result<Figures> {
    let crossing = crossing(span).await?;
    figures.set("voice_relay_share_p95_ms", crossing.p(95) / 1_000.0);
    let plan = Plan::default().source("test:fps=30,size=800x600").release();
    let story = Story::start(plan).await?;
    let (doctor, bedside) = story.both().await?;
    for person in [&doctor, &bedside] {
        person.sees_picture_within(LIMIT).await?;
        joins(&story, person).await?;
    }
    let (took, heard) = listens(&doctor, span).await?;
    let spread = Spread::of(took, "voice frames")?;
    let held = 1_000.0 * heard.delay / heard.emitted.max(1.0);
    figures.set("voice_delay_p50_ms", spread.p(50) + held + PACKET_MS);
    figures.note(format!(
        "voice: {:.0} s beside a picture of 30 frames a second, in the relay p50 {:.2} ms p95 {:.2} ms, page to page p50 {:.2} ms p95 {:.2} ms, jitter buffer {held:.0} ms, {:.2} % made up",
        span.as_secs_f64(),
        crossing.p(50) / 1_000.0,
        crossing.p(95) / 1_000.0,
        spread.p(50),
        spread.p(95),
        heard.concealed_percent()
    ));
    drop((doctor, bedside));
    let weak = Story::start(Plan::default().source("test:fps=15,size=800x208").release()).await?;
    let lossy = LinkKind::both(
        "loss_10",
        PathKind {
            losses: Losses::alone(LOSS),
            ..PathKind::CLEAR
        },
    );
    let link = weak.link(lossy).await?;
    let speaker = weak
        .enter_over(&link, Role::VisitingPhysician, Page::Bedside)
        .await?;
    let listener = weak.cardiologist().await?;
    for person in [&speaker, &listener] {
        joins(&weak, person).await?;
    }
    let (took, heard) = listens(&listener, span).await?;
    ensure!(!took.is_empty(), "nothing was heard over a link that loses");
    figures.set("voice_concealed_loss10_percent", heard.concealed_percent());
    Ok(figures)
}

/// What packets of one voice spend in the relay while it forwards a picture.
async fn crossing(span: Duration) -> Result<Spread> {
    let story = Story::start(Plan::default().no_agent().release()).await?;
    let (door, consult) = (story.door(), story.consult());
    let speaks = door.enter(Role::VisitingPhysician, consult).await?;
    let hears = door.enter(Role::Cardiologist, consult).await?;
    let (outcome, _) = load(&story, 1, Some([speaks, hears]), span).await?;
    Spread::of(outcome.voice_us, "packets of the voice")
}

pub(crate) async fn joins(story: &Story, person: &Person) -> Result<()> {
    let stored = "() => JSON.parse(sessionStorage.getItem('hibiki.session')).session";
    let session: String = person.page().eval(stored, ()).await?;
    let about = json!({ "consult": story.consult(), "session": session, "header": wire::http::SESSION_HEADER });
    let page = person.page();
    let joins = JOINS.trim_end().trim_end_matches(';');
    page.eval::<()>(joins, about)
        .await
        .context("join the voices")
}

/// What arrives in this time, after a warm-up.
pub(crate) async fn listens(person: &Person, span: Duration) -> Result<(Vec<f64>, Heard)> {
    tokio::time::sleep(WARM_UP).await;
    hears(person, span).await
}

/// What arrives in this time.
async fn hears(person: &Person, span: Duration) -> Result<(Vec<f64>, Heard)> {
    let waits = async {
        tokio::time::sleep(span).await;
        Ok(())
    };
    let ((), took, heard) = hears_during(person, waits).await?;
    Ok((took, heard))
}

/// What arrives while something goes on, and what that gives.
pub(crate) async fn hears_during<T>(
    person: &Person,
    goes_on: impl Future<Output = Result<T>>,
) -> Result<(T, Vec<f64>, Heard)> {
    let heard = "() => window.voiceBench.heard()";
    let page = person.page();
    page.eval::<()>("() => window.voiceBench.reset()", ())
        .await?;
    let before: Heard = page.eval(heard, ()).await?;
    let given = goes_on.await?;
    let after: Heard = page.eval(heard, ()).await?;
    let took = page.eval("() => window.voiceBench.took()", ()).await?;
    Ok((given, took, after.since(before)))
}
