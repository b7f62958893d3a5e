//! The voice from the bedside while a still, a clip and a back-fill leave by the same narrow link.
//!
//! Agent and tablet stand behind one link of 2 Mbit/s whose queue holds 300 ms. The cardiologist listens twice in one run: while
//! nothing but the picture goes on, and after a cut, while the hole is filled, an original of a freeze and a saved clip travel.
//! The second is a figure only if all three were on their way meanwhile and arrived. Frames of voice are stamped as in `voice`.

use crate::clip::press;
use crate::figures::{Figures, Spread};
use crate::voice::{Heard, hears, joins, listens};
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;
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
/// How long each of the two is listened to: a hole of `CUT` needs longer to be filled.
const LISTENS: Duration = secs(12);
/// Long enough that the hole is filled while the others travel, short enough that connections stay.
const CUT: Duration = secs(6);
/// Of 800 x 600 at 30 per second: some megabytes.
const CLIP_SECONDS: u64 = 2;
const LIMIT: Duration = secs(20);
/// Everything that was asked for is there by then.
const ARRIVES: Duration = secs(90);

const KEPT: &str = "(clip) => hibikiWitness.messages.some((m) => m.dir === 'in' && m.message.type === 'entries'
    && m.message.entries.some((e) => e.event.type === 'clipKept' && e.event.clip === clip)) || null";

/// Measures `voice_idle_*` and `voice_busy_*`.
pub(crate) async fn measure(mut figures: Figures) -> Result<Figures> {
    let binaries = Binaries::release()?;
    let plan = Plan::default()
        .source("test:fps=30,size=800x600")
        .agent_flags(&["--bit-rate", "1500"])
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
    doctor.picture_moves_again_within(LIMIT).await?;
    let back = story.journaled_until()?;
    ensure!(back > whole, "nothing was captured in the cut");
    let (agent, spool) = (binaries.agent.clone(), story.folder().join("spool"));
    let saving = tokio::task::spawn_blocking(move || press(&agent, &spool, CLIP_SECONDS));
    let travels = async {
        doctor.freezes().await?;
        doctor.sees_original_within(ARRIVES).await
    };
    let before = story.lacks_nothing_until(back, Duration::ZERO).await;
    ensure!(
        before.is_err(),
        "the hole was filled before anybody listened"
    );
    let (heard, original) = tokio::join!(hears(&doctor, LISTENS), travels);
    original.context("the original of the freeze")?;
    let busy = figure(heard?)?;
    let clip = saving.await??.clip;
    doctor
        .page()
        .until::<bool>("the clip to be kept", ARRIVES, KEPT, clip)
        .await?;
    story.lacks_nothing_until(back, ARRIVES).await?;

    figures.set("voice_idle_delay_p95_ms", idle.0);
    figures.set("voice_busy_delay_p95_ms", busy.0);
    figures.set("voice_busy_more_delay_ms", busy.0 - idle.0);
    figures.set("voice_idle_lost_percent", idle.1);
    figures.set("voice_busy_lost_percent", busy.1);
    figures.set("voice_busy_more_lost_percent", busy.1 - idle.1);
    figures.note(format!(
        "voice over a shared uplink of 2 Mbit/s: {} s beside the picture, then {} s beside an original, a clip of {CLIP_SECONDS} s and the back-fill of {} s",
        LISTENS.as_secs(),
        LISTENS.as_secs(),
        CUT.as_secs(),
    ));
    Ok(figures)
}

/// The delay of 19 of 20 frames from encoder to decoder, and the share that was made up.
fn figure((took, heard): (Vec<f64>, Heard)) -> Result<(f64, f64)> {
    let spread = Spread::of(took, "voice frames over a shared uplink")?;
    Ok((spread.p(95), heard.concealed_percent()))
}
