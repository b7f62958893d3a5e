//! A pointer over the picture is seen by the others at the same place, with a name, and goes when it leaves.

use anyhow::Result;
use stories::story::{Plan, tell};
use stories::wait::{ms, secs};

#[test]
fn a_pointer_is_seen_at_its_place_and_goes_when_it_leaves() -> Result<()> {
    tell(Plan::default(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        doctor.sees_picture_within(secs(5)).await?;
        bedside.sees_picture_within(secs(5)).await?;
        doctor
            .points_along(&[(0.3, 0.3), (0.4, 0.4), (0.5, 0.5)])
            .await?;
        bedside.sees_ink_at_within(0.5, 0.5, ms(500)).await?;
        doctor.points_along(&[(0.6, 0.6), (0.7, 0.7)]).await?;
        bedside.sees_ink_at_within(0.7, 0.7, ms(500)).await?;
        bedside.loses_ink_at_within(0.5, 0.5, ms(500)).await?;
        doctor.takes_hand_off_the_picture().await?;
        bedside.loses_ink_at_within(0.7, 0.7, secs(4)).await
    })
}
