//! Who may do what: trainee and observer point only, on the page and on the wire.

use anyhow::{Result, ensure};
use serde_json::json;
use stories::story::{Plan, tell};
use stories::stranger::Stranger;
use stories::wait::{ms, secs};
use wire::people::Role;

#[test]
fn an_observer_sees_and_points_but_cannot_draw_or_freeze() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (observer, bedside) = (story.arrives(Role::Observer).await?, story.bedside().await?);
        observer.sees_picture_within(secs(5)).await?;
        bedside.sees_picture_within(secs(5)).await?;
        observer.points_along(&[(0.4, 0.4), (0.5, 0.5)]).await?;
        bedside.sees_ink_at_within(0.5, 0.5, ms(1_000)).await?;
        ensure!(
            !observer.can_take_pen().await?,
            "an observer is offered a pen"
        );
        ensure!(
            !observer.can_freeze().await?,
            "an observer is offered the freeze"
        );
        observer
            .moves_pen(&[(0.3, 0.7), (0.4, 0.7), (0.5, 0.7)], "mouse")
            .await?;
        bedside.holds_marks_within(&[], ms(300)).await
    })
}

#[test]
fn an_observer_who_goes_round_the_page_is_refused_by_the_relay() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let bedside = story.bedside().await?;
        bedside.sees_picture_within(secs(5)).await?;
        let stream = bedside.stream().await?;
        for role in [Role::Observer, Role::Trainee] {
            let mut stranger = Stranger::enters(&story, role).await?;
            let mark = stranger.a_mark(stream, 3);
            stranger
                .says(&json!({ "type": "mark", "mark": mark }))
                .await?;
            ensure!(stranger.is_refused_within(secs(2)).await? == "notAllowed");
            let anchor = &mark["anchor"];
            stranger
                .says(
                    &json!({ "type": "freeze", "freeze": uuid::Uuid::new_v4(), "anchor": anchor }),
                )
                .await?;
            ensure!(stranger.is_refused_within(secs(2)).await? == "notAllowed");
        }
        bedside.holds_marks_within(&[], ms(300)).await?;
        bedside.picture_moves().await
    })
}
