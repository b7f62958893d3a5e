//! The agent dies: both pages say so within two seconds, marks go on, and the picture comes back with the agent.

use anyhow::{Context as _, Result, ensure};
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::mark::{Anchor, DrawnOn};

#[test]
fn pages_say_within_two_seconds_that_the_picture_stopped_and_recover() -> Result<()> {
    tell(Plan::default(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        for person in [&doctor, &bedside] {
            person.sees_picture_within(secs(5)).await?;
            person.picture_moves().await?;
        }
        if let Some(agent) = story.agent().await.as_mut() {
            agent.kill().await;
        }
        tokio::try_join!(
            doctor.is_told_that_the_picture_stopped_within(secs(2)),
            bedside.is_told_that_the_picture_stopped_within(secs(2)),
        )?;
        for person in [&doctor, &bedside] {
            person.reads_within("映像停止", secs(1)).await?;
            person.reads_within("最後のフレームです", secs(1)).await?;
            person
                .no_longer_reads_within("今の映像です", secs(1))
                .await?;
        }
        // The consult goes on: the last frame stays and can be drawn on, and the mark says what it was drawn on.
        doctor.takes_pen().await?;
        let stroke = doctor.draws_stroke(&[(0.4, 0.4), (0.5, 0.5)]).await?;
        let Anchor::Live { rtp_time, .. } = stroke.mark.anchor;
        let last = stroke.down.frame.context("a frame stayed")?.rtp;
        ensure!(
            stroke.mark.drawn_on == DrawnOn::Stale && last == Some(rtp_time),
            "drawn on {last:?}, which stood still: {:?}",
            stroke.mark
        );
        bedside.sees_mark_within(&stroke.mark, secs(2)).await?;
        if let Some(agent) = story.agent().await.as_mut() {
            agent.start_again()?;
        }
        for person in [&doctor, &bedside] {
            person.picture_moves_again_within(secs(10)).await?;
            person.is_told_that_the_picture_runs_within(secs(2)).await?;
        }
        Ok(())
    })
}
