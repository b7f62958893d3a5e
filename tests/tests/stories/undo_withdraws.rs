//! Undo withdraws the own last mark everywhere; nobody else's, and nothing is deleted from the log.

use anyhow::{Result, ensure};
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::people::Role;

#[test]
fn undo_takes_back_the_own_last_mark_for_everybody() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let people = [
            story.cardiologist().await?,
            story.bedside().await?,
            story.arrives(Role::Trainer).await?,
        ];
        for person in &people {
            person.sees_picture_within(secs(5)).await?;
        }
        let [doctor, bedside, trainer] = &people;
        doctor.takes_pen().await?;
        trainer.takes_pen().await?;
        let first = doctor.draws_stroke(&[(0.3, 0.3), (0.5, 0.3)]).await?.mark;
        let second = doctor.draws_stroke(&[(0.3, 0.5), (0.5, 0.5)]).await?.mark;
        let other = trainer.draws_stroke(&[(0.3, 0.7), (0.5, 0.7)]).await?.mark;
        for person in &people {
            person
                .holds_marks_within(&[first.id, second.id, other.id], secs(2))
                .await?;
        }
        doctor.undoes().await?;
        for person in &people {
            person
                .holds_marks_within(&[first.id, other.id], secs(2))
                .await?;
            person.loses_ink_at_within(0.5, 0.5, secs(2)).await?;
        }
        doctor.undoes().await?;
        bedside.holds_marks_within(&[other.id], secs(2)).await?;
        let events = bedside.log_events().await?;
        let count = |kind: &str| events.iter().filter(|event| event.as_str() == kind).count();
        ensure!(
            count("marked") == 3 && count("withdrawn") == 2,
            "the log says {events:?}"
        );
        Ok(())
    })
}
