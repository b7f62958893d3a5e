//! The voice from the bedside while a still, a clip and a back-fill leave by the same narrow link.
//!
//! Agent and tablet stand behind one link of 2 Mbit/s whose queue holds 300 ms. The cardiologist listens twice in one run: while
//! nothing but the picture goes on, and, after a cut, from the moment that the hole is being filled, a freeze asks for its
//! original and a clip is saved until the last of the three has arrived. Frames of voice are stamped as in `voice`. The picture is
//! a phantom's: the noise of the test pattern makes clips that no such link carries in a bench's time.

use crate::clip::press;
use crate::figures::{Figures, Spread};
use crate::phantom::phantom;
use crate::voice::{Heard, hears_during, joins, listens};
use anyhow::{Context as _, Result, ensure};
use std::time::{Duration, Instant};
use stories::binaries::Binaries;
use stories::link::LinkKind;
use stories::story::{Plan, Story};
use stories::wait::secs;

/// As `two_megabits`; pages and requests share it too.
const UPLINK: LinkKind = LinkKind {
    name: "shared_two_megabits",
    shares: true,
    ..LinkKind::TWO_MEGABITS
};
/// How long it is listened to while only the picture goes on.
const LISTENS: Duration = secs(12);
/// Long enough that the hole is filled while the others travel, short enough that connections stay.
const CUT: Duration = secs(6);
/// Of 800 x 600 at 30 per second: two megabytes.
const CLIP_SECONDS: u64 = 1;
const LIMIT: Duration = secs(20);
/// Frames after which the picture is back.
const MOVES: u32 = 5;
/// Everything that was asked for is there by then.
const ARRIVES: Duration = secs(120);
/// Of the agent's picture, in kbit/s: enough of the link is left that a clip arrives in a bench's time.
const BIT_RATE: [&str; 2] = ["--bit-rate", "600"];

const KEPT: &str = "(clip) => hibikiWitness.messages.some((m) => m.dir === 'in' && m.message.type === 'entries'
    && m.message.entries.some((e) => e.event.type === 'clipKept' && e.event.clip === clip)) || null";

/// Measures `voice_idle_*` and `voice_busy_*`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let binaries = Binaries::release()?;
    let (_folder, source) = phantom()?;
    let plan = Plan::default()
        .source(&source)
        .agent_flags(&BIT_RATE)
        .agent_over(UPLINK)
        .release()
        .limit(secs(300));
    let story = Story::start(plan).await?;
    let link = story.agent_link()?;
    let bedside = story.bedside_over(link).await?;
    let doctor = story.cardiologist().await?;
    for person in [&bedside, &doctor] {
        person.sees_picture_within(LIMIT).await?;
        joins(&story, person).await?;
    }
    let idle = figure(listens(&doctor, LISTENS).await?)?;

    let whole = story.journaled_until()?;
    link.cut();
    tokio::time::sleep(CUT).await;
    link.restore();
    doctor.picture_moves_for(MOVES, LIMIT).await?;
    let back = story.journaled_until()?;
    ensure!(back > whole, "nothing was captured in the cut");
    let (agent, spool) = (binaries.agent.clone(), story.folder().join("spool"));
    let before = story.lacks_nothing_until(back, Duration::ZERO).await;
    ensure!(
        before.is_err(),
        "the hole was filled before anybody listened"
    );
    let began = Instant::now();
    let saved = async {
        let said =
            tokio::task::spawn_blocking(move || press(&agent, &spool, CLIP_SECONDS)).await??;
        let page = doctor.page();
        page.until::<bool>("the clip to be kept", ARRIVES, KEPT, said.clip)
            .await?;
        anyhow::Ok(began.elapsed())
    };
    let frozen = async {
        doctor.freezes().await?;
        let original = doctor.sees_the_original_within(ARRIVES).await;
        original.context("the original of the freeze")?;
        anyhow::Ok(began.elapsed())
    };
    let filled = async {
        story.lacks_nothing_until(back, ARRIVES).await?;
        anyhow::Ok(began.elapsed())
    };
    let travel = async { tokio::try_join!(frozen, filled, saved) };
    let ((original, hole, clip), took, heard) = hears_during(&doctor, travel).await?;
    let busy = figure((took, heard))?;

    figures.set("voice_idle_delay_p95_ms", idle.0);
    figures.set("voice_busy_delay_p95_ms", busy.0);
    figures.set("voice_busy_more_delay_ms", busy.0 - idle.0);
    figures.set("voice_idle_lost_percent", idle.1);
    figures.set("voice_busy_lost_percent", busy.1);
    figures.set("voice_busy_more_lost_percent", busy.1 - idle.1);
    figures.note(format!(
        "voice over a shared uplink of 2 Mbit/s: {} s beside the picture, then from the press until an original ({:.1} s), the back-fill of {} s ({:.1} s) and a clip of {CLIP_SECONDS} s ({:.1} s) had arrived",
        LISTENS.as_secs(),
        original.as_secs_f64(),
        CUT.as_secs(),
        hole.as_secs_f64(),
        clip.as_secs_f64(),
    ));
    Ok(figures)
}

/// The delay of 19 of 20 frames from encoder to decoder, and the share that was made up.
fn figure((took, heard): (Vec<f64>, Heard)) -> Result<(f64, f64)> {
    let spread = Spread::of(took, "voice frames over a shared uplink")?;
    Ok((spread.p(95), heard.concealed_percent()))
}
