//! A page that is loaded anew is where it was: same person, picture, marks, freeze. No link is needed again.

use anyhow::{Result, ensure};
use stories::story::{Plan, tell};
use stories::wait::secs;

#[test]
fn a_reload_keeps_person_picture_and_marks() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        doctor.sees_picture_within(secs(5)).await?;
        doctor.takes_pen().await?;
        let stroke = doctor.draws_stroke(&[(0.4, 0.4), (0.6, 0.5)]).await?;
        bedside.sees_mark_within(&stroke.mark, secs(2)).await?;
        let (name, before) = (doctor.name().await?, doctor.marks().await?);
        for person in [&doctor, &bedside] {
            person.reloads().await?;
            person.sees_picture_within(secs(3)).await?;
            person.picture_moves().await?;
            person.sees_mark_within(&stroke.mark, secs(1)).await?;
        }
        ensure!(
            doctor.name().await? == name && doctor.marks().await? == before,
            "somebody else came back"
        );
        doctor.takes_pen().await?;
        let second = doctor.draws_stroke(&[(0.4, 0.6), (0.6, 0.7)]).await?;
        bedside
            .sees_mark_within(&second.mark, secs(2))
            .await
            .map(drop)
    })
}

#[test]
fn a_reload_during_a_freeze_does_not_release_it() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        doctor.sees_picture_within(secs(5)).await?;
        bedside.sees_picture_within(secs(5)).await?;
        bedside.picture_moves().await?;
        doctor.freezes().await?;
        let frozen = bedside.stands_on_frozen_frame_within(secs(2)).await?;
        doctor.reloads().await?;
        doctor.is_told_of_the_freeze_within(secs(2)).await?;
        ensure!(
            bedside.stands_on_frozen_frame_within(secs(1)).await? == frozen,
            "the frozen frame changed"
        );
        Ok(())
    })
}
