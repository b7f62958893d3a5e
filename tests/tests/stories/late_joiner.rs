//! Somebody who comes late gets a picture within a second and every mark.

use anyhow::{Result, ensure};
use stories::story::{Plan, tell};
use stories::wait::secs;

const A_SECOND_MS: f64 = 1_000.0;

#[test]
fn a_late_joiner_gets_a_picture_within_a_second_and_all_marks() -> Result<()> {
    tell(Plan::default(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        doctor.takes_pen().await?;
        let mut drawn = Vec::new();
        for y in [0.3, 0.45, 0.6] {
            drawn.push(doctor.draws_stroke(&[(0.3, y), (0.5, y)]).await?.mark);
        }
        let ids: Vec<_> = drawn.iter().map(|mark| mark.id).collect();
        doctor.holds_marks_within(&ids, secs(2)).await?;
        let late = story.bedside().await?;
        late.sees_picture_within(secs(5)).await?;
        let took = late.first_picture_took_ms().await?;
        ensure!(
            took <= A_SECOND_MS,
            "the picture came {took:.0} ms after the page asked"
        );
        late.holds_marks_within(&ids, secs(1)).await?;
        for mark in &drawn {
            late.sees_mark_within(mark, secs(1)).await?;
        }
        Ok(())
    })
}

#[test]
fn people_who_come_and_go_are_shown_to_the_others() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let bedside = story.bedside().await?;
        let nobody = "循環器医はまだ入っていません";
        bedside.reads_within(nobody, secs(2)).await?;
        let doctor = story.cardiologist().await?;
        bedside.no_longer_reads_within(nobody, secs(2)).await?;
        let name = doctor.name().await?;
        bedside.reads_within(&name, secs(2)).await?;
        doctor.goes().await?;
        bedside.no_longer_reads_within(&name, secs(15)).await
    })
}
