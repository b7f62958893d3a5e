//! A freeze shows the same frame to everyone; a release lets everyone see the present again.

use anyhow::{Result, ensure};
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::CaptureTime;
use wire::mark::Anchor;
use wire::people::Role;

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
fn without_an_agent_that_answers_the_page_says_that_it_is_the_video() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        doctor.picture_moves().await?;
        if let Some(agent) = story.agent().await.as_mut() {
            agent.kill().await;
        }
        doctor.freezes().await?;
        doctor
            .page()
            .until::<bool>(
                "a word that the device does not answer",
                secs(10),
                "() => window.hibiki?.scenery === 'frozen' && window.hibiki?.original === 'agentAway'",
                (),
            )
            .await
            .map(drop)
    })
}

#[test]
fn the_first_of_two_freezes_holds() -> Result<()> {
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
        tokio::try_join!(doctor.page().press("f"), trainer.page().press("f"))?;
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
