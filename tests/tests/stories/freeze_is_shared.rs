//! A freeze shows the same frame to everyone; a release lets everyone see the present again.

use anyhow::{Result, ensure};
use stories::link::{LinkKind, Way};
use stories::person::Person;
use stories::story::{CALM_FPS, Plan, tell};
use stories::wait::{secs, until};
use wire::CaptureTime;
use wire::mark::Anchor;
use wire::people::Role;

/// More than the picture sends in the time that this takes, and far less than an original.
const PART_OF_AN_ORIGINAL_BYTES: u64 = 80_000;

#[test]
fn a_freeze_shows_the_same_frame_to_everyone() -> Result<()> {
    tell(Plan::default(), |story| async move {
        let people = [
            story.cardiologist().await?,
            story.bedside().await?,
            story.arrives(Role::Trainer).await?,
        ];
        for person in &people {
            person.sees_picture_within(secs(5)).await?;
            person.picture_moves().await?;
        }
        let [doctor, bedside, _] = &people;
        for _ in 0..2 {
            let anchor = doctor.freezes().await?;
            let Anchor::Live { rtp_time, .. } = anchor;
            for person in &people {
                let frozen = person.stands_on_frozen_frame_within(secs(2)).await?;
                let near = CaptureTime((person.now().await? * 1_000.0) as u64);
                let apart = frozen.distance_ms(rtp_time, near);
                ensure!(
                    apart.abs() < 1.0,
                    "a {:?} stands on a frame {apart} ms away",
                    person.role
                );
            }
            doctor.releases().await?;
            for person in &people {
                person.picture_moves().await?;
            }
        }
        // The visiting physician may release what somebody else froze.
        doctor.freezes().await?;
        bedside.stands_on_frozen_frame_within(secs(2)).await?;
        bedside.releases().await?;
        doctor.picture_moves().await
    })
}

#[test]
fn a_freeze_brings_the_original_of_that_very_frame_to_everyone_and_to_who_comes_later() -> Result<()>
{
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        for person in [&doctor, &bedside] {
            person.sees_picture_within(secs(5)).await?;
            person.picture_moves().await?;
        }
        let Anchor::Live { rtp_time, .. } = doctor.freezes().await?;
        let late = story.arrives(Role::Observer).await?;
        for person in [&doctor, &bedside, &late] {
            let shown = person.sees_original_within(secs(5)).await?;
            let near = CaptureTime((person.now().await? * 1_000.0) as u64);
            let apart = shown.distance_ms(rtp_time, near);
            ensure!(
                apart.abs() < 1.0,
                "a {:?} sees the original of a frame {apart} ms away",
                person.role
            );
        }
        Ok(())
    })
}

#[test]
fn a_step_takes_everybody_to_the_neighbour_that_was_captured() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        for person in [&doctor, &bedside] {
            person.sees_picture_within(secs(5)).await?;
            person.picture_moves().await?;
        }
        doctor.freezes().await?;
        let first = doctor.sees_original_within(secs(5)).await?;
        for (key, frames) in [(",", 1u16), (",", 2), (".", 1)] {
            doctor.page().press(key).await?;
            for person in [&doctor, &bedside] {
                person
                    .sees_original_of_frame_within(first.n.wrapping_sub(frames), secs(5))
                    .await?;
            }
        }
        Ok(())
    })
}

#[test]
fn a_frame_whose_original_is_gone_or_breaks_off_stays_as_it_came_by_video_and_the_page_says_why()
-> Result<()> {
    // The shortest ring, so that little time makes an original go.
    // Over a link that needs a second or two for an original.
    let plan = Plan::calm()
        .source(format!("test:fps={CALM_FPS},size=800x600"))
        .agent_flags(&["--ring-seconds", "1", "--bit-rate", "400"])
        .agent_over(LinkKind::TWO_MEGABITS);
    tell(plan, |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        doctor.picture_moves().await?;
        doctor.freezes_with_its_word_on_the_way().await?;
        doctor.picture_moves_for(CALM_FPS * 3 / 2, secs(5)).await?;
        doctor.lets_its_freeze_go().await?;
        stands_on_video_and_reads(
            &doctor,
            "gone",
            "原画は送信端末にもうありません。映像からの画像です",
        )
        .await?;
        doctor.releases().await?;
        doctor.picture_moves().await?;
        // The device dies while the original is on its way.
        let link = story.agent_link()?;
        let before = link.counts(Way::Up).bytes;
        doctor.freezes().await?;
        until("a good part of the original", secs(5), || async {
            let sent = link.counts(Way::Up).bytes - before;
            Ok((sent >= PART_OF_AN_ORIGINAL_BYTES).then_some(()))
        })
        .await?;
        if let Some(agent) = story.agent().await.as_mut() {
            agent.kill().await;
        }
        stands_on_video_and_reads(
            &doctor,
            "agentAway",
            "送信端末が応答しません。映像からの画像です",
        )
        .await
    })
}

/// The page stands on the frozen frame as the video brought it, calls it nothing more, and says why.
async fn stands_on_video_and_reads(person: &Person, why: &str, words: &str) -> Result<()> {
    let told = "(why) => window.hibiki?.scenery === 'frozen' && window.hibiki?.original === why";
    person
        .page()
        .until::<bool>(why, secs(10), told, why)
        .await?;
    person.reads_within(words, secs(1)).await?;
    let anchor: Anchor = person
        .page()
        .eval("() => hibikiWitness.state.freeze.anchor", ())
        .await?;
    let Anchor::Live { rtp_time, .. } = anchor;
    let shown = person.stands_on_frozen_frame_within(secs(1)).await?;
    let near = CaptureTime((person.now().await? * 1_000.0) as u64);
    let apart = shown.distance_ms(rtp_time, near);
    ensure!(apart.abs() < 1.0, "another frame, {apart} ms away");
    person.no_longer_reads_within("静止・原画", secs(0)).await
}

#[test]
fn the_first_of_two_freezes_holds_and_the_other_is_told() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let people = [
            story.cardiologist().await?,
            story.arrives(Role::Trainer).await?,
        ];
        for person in &people {
            person.sees_picture_within(secs(5)).await?;
            person.picture_moves().await?;
        }
        let [doctor, trainer] = &people;
        // Both words are on their way before either arrives.
        doctor.freezes_with_its_word_on_the_way().await?;
        trainer.picture_moves_for(2, secs(2)).await?;
        trainer.freezes_with_its_word_on_the_way().await?;
        doctor.lets_its_freeze_go().await?;
        trainer.lets_its_freeze_go().await?;
        let told = "先にほかの人が静止しました。全員がそのフレームを見ています";
        trainer.reads_within(told, secs(2)).await?;
        doctor.no_longer_reads_within(told, secs(0)).await?;
        let (one, other) = (
            doctor.stands_on_frozen_frame_within(secs(2)).await?,
            trainer.stands_on_frozen_frame_within(secs(2)).await?,
        );
        ensure!(one == other, "two frames at once: {one:?} and {other:?}");
        Ok(())
    })
}

/// From the second still on this page gets the first one's bytes: a still, but not of that frame.
const ANOTHER_STILL: &str = "() => { const real = window.fetch; let first = null;
    window.fetch = async (input, init) => { const answer = await real(input, init);
        if (!String(input).includes('/blobs/')) return answer;
        first ??= await answer.arrayBuffer();
        return new Response(first.slice(0), { status: 200 }); };
    return true; }";

#[test]
fn a_still_with_other_pixels_is_never_called_the_original_and_is_on_record() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        for person in [&doctor, &bedside] {
            person.sees_picture_within(secs(5)).await?;
            person.picture_moves().await?;
        }
        doctor.page().eval::<bool>(ANOTHER_STILL, ()).await?;
        doctor.freezes().await?;
        doctor.sees_original_within(secs(5)).await?;
        doctor.releases().await?;
        doctor.picture_moves().await?;
        doctor.freezes().await?;
        bedside.sees_original_within(secs(5)).await?;
        doctor.reads_within("原画と一致しない", secs(5)).await?;
        let scenery: Option<String> = doctor
            .page()
            .eval("() => window.hibiki?.scenery ?? null", ())
            .await?;
        ensure!(
            scenery.as_deref() == Some("frozen"),
            "the page says {scenery:?}"
        );
        doctor.stands_on_frozen_frame_within(secs(2)).await?;
        let events = bedside.log_events().await?;
        ensure!(
            events.iter().any(|event| event == "originalDoubted"),
            "not on record: {events:?}"
        );
        Ok(())
    })
}
