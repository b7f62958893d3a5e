//! A freeze shows the same frame to everyone; a release lets everyone see the present again.

use anyhow::{Result, ensure};
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::CaptureTime;
use wire::mark::{Anchor, DrawnOn};
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
        for _ in 0..3 {
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
fn a_mark_on_a_freeze_belongs_to_that_frame_and_goes_with_it() -> Result<()> {
    tell(Plan::default(), |story| async move {
        let (doctor, bedside) = (story.cardiologist().await?, story.bedside().await?);
        doctor.sees_picture_within(secs(5)).await?;
        bedside.sees_picture_within(secs(5)).await?;
        doctor.picture_moves().await?;
        let anchor = doctor.freezes().await?;
        bedside.stands_on_frozen_frame_within(secs(2)).await?;
        doctor.takes_pen().await?;
        let stroke = doctor.draws_stroke(&[(0.4, 0.4), (0.6, 0.4)]).await?;
        ensure!(
            stroke.mark.anchor == anchor && stroke.mark.drawn_on == DrawnOn::Freeze,
            "{:?}",
            stroke.mark
        );
        bedside.sees_mark_within(&stroke.mark, secs(2)).await?;
        doctor.releases().await?;
        for person in [&doctor, &bedside] {
            person.loses_ink_at_within(0.6, 0.4, secs(2)).await?;
        }
        Ok(())
    })
}

#[test]
fn the_first_of_two_freezes_holds() -> Result<()> {
    tell(Plan::default(), |story| async move {
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
