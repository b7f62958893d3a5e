//! On a weak link an original arrives soon, and the picture goes on with fewer bits meanwhile; a page behind a weaker one gets
//! the same frames smaller, and nobody else does.

use crate::links_with_names::a_mark_reaches_the_bedside;
use anyhow::{Result, ensure};
use serde::Deserialize;
use stories::link::LinkKind;
use stories::person::SeenFrame;
use stories::story::{Plan, tell};
use stories::wait::{secs, until};
use wire::CaptureTime;

/// Bit rates that the agent told while this page looks, and how many frames it painted meanwhile.
#[derive(Debug, Deserialize)]
struct Seen {
    lowest: u32,
    painted: u32,
}

const WATCH: &str = "() => { const w = hibikiWitness; const seen = { lowest: Infinity, newest: 0, from: w.counts.painted, painted: 0 }; window.rates = seen;
    const look = () => { const kbps = w.state['in:flow']?.message.source?.targetKbps;
        if (kbps) { seen.newest = kbps; seen.lowest = Math.min(seen.lowest, kbps); } seen.painted = w.counts.painted - seen.from; setTimeout(look, 50); };
    look(); return true; }";

#[test]
fn an_original_arrives_over_two_megabits_while_the_picture_goes_on_and_gets_its_bits_back()
-> Result<()> {
    let plan = Plan::default()
        .source("test:fps=30,size=800x600")
        .agent_flags(&["--bit-rate", "1500"])
        .agent_over(LinkKind::TWO_MEGABITS);
    tell(plan, |story| async move {
        let (doctor, bedside) = story.both().await?;
        for person in [&doctor, &bedside] {
            person.sees_picture_within(secs(10)).await?;
            person.picture_moves_for(30, secs(20)).await?;
        }
        doctor.page().eval::<bool>(WATCH, ()).await?;
        doctor.freezes().await?;
        // The bench measures 1.2 s on release programs; here it must not be a matter of many seconds.
        for person in [&doctor, &bedside] {
            person.sees_original_within(secs(5)).await?;
        }
        let back = "() => window.rates.lowest < 1500 && window.rates.newest === 1500 ? window.rates : null";
        let seen: Seen = doctor
            .page()
            .until("the picture to have its bits again", secs(20), back, ())
            .await?;
        ensure!(
            seen.lowest < 750 && seen.painted > 10,
            "the picture made no room, or stood still: {seen:?}"
        );
        doctor.releases().await?;
        // What such a link gives swings: the picture may have become smaller meanwhile, and becomes whole by itself.
        let is_whole = |frame: &SeenFrame| (frame.width, frame.height) == (800, 600);
        let whole_again = || async {
            let frames = doctor.picture_moves_for(5, secs(3)).await?;
            Ok(frames.iter().all(is_whole).then_some(()))
        };
        until("a whole picture", secs(30), whole_again).await?;
        doctor.picture_moves().await?;

        // The other doctor's link takes less than the picture: the same frames, smaller, and nobody else notices.
        let link = story.link(LinkKind::LTE_RURAL).await?;
        let weak = story.cardiologist_over(&link).await?;
        weak.reads_within("回線に合わせて縮小", secs(20)).await?;
        weak.picture_moves_again_within(secs(5)).await?;
        let is_small = |frame: &SeenFrame| (frame.width, frame.height) == (400, 300);
        // On a new connection nobody knows the link yet: one try of the whole picture may come in between.
        let settled = || async {
            let frames = weak.picture_moves_for(45, secs(3)).await?;
            Ok(frames.iter().all(is_small).then_some(frames))
        };
        let frames = until("a small picture that stays", secs(15), settled).await?;
        a_mark_reaches_the_bedside(&story, &weak).await?;
        let named = frames.iter().filter_map(|frame| {
            let near = CaptureTime((frame.at * 1_000.0) as u64);
            Some(frame.barcode()?.distance_ms(frame.rtp?, near))
        });
        let named: Vec<f64> = named.collect();
        ensure!(
            named.len() >= 20 && named.iter().all(|apart| apart.abs() < 1.0),
            "these are other frames than their RTP times say: {named:?}"
        );
        let whole = doctor.picture_moves_for(30, secs(3)).await?;
        ensure!(!whole.iter().any(is_small), "{whole:?}");
        doctor
            .no_longer_reads_within("回線に合わせて縮小", secs(0))
            .await
    })
}
