//! The relay dies without a word and comes back: agent and pages return by themselves and no acknowledged mark is lost.

use anyhow::{Result, ensure};
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::people::{Page as WhichPage, Role};

#[test]
fn everybody_comes_back_by_themselves_and_neither_a_stored_nor_an_unsent_mark_is_lost() -> Result<()>
{
    tell(Plan::calm(), |story| async move {
        let (doctor, bedside) = story.both().await?;
        doctor.sees_picture_within(secs(5)).await?;
        bedside.sees_picture_within(secs(5)).await?;
        doctor.takes_pen().await?;
        let mut ids = Vec::new();
        for n in 0..6 {
            let y = 0.2 + 0.1 * f64::from(n);
            ids.push(doctor.draws_stroke(&[(0.3, y), (0.5, y)]).await?.mark.id);
        }
        doctor.holds_marks_within(&ids, secs(2)).await?;

        story.relay().await.kill().await;
        for person in [&doctor, &bedside] {
            person
                .is_told_that_the_relay_is_away_within(secs(6))
                .await?;
        }
        // Drawn while nobody listens: kept by the page, also on its disk, and sent later.
        bedside.takes_pen().await?;
        for (person, x) in [(&doctor, 0.6), (&bedside, 0.75)] {
            ids.push(
                person
                    .draws_unsent_stroke(&[(x, 0.3), (x + 0.1, 0.4)])
                    .await?,
            );
        }
        // One page waits; the other is loaded anew, in vain at first, and has nothing but its disk.
        doctor.reloads_in_vain().await?;
        story.relay().await.start_again().await?;
        doctor.comes_back(WhichPage::Consult).await?;

        for person in [&doctor, &bedside] {
            person.is_connected_within(secs(10)).await?;
            person.picture_moves_again_within(secs(15)).await?;
        }
        for person in [&doctor, &bedside] {
            person.holds_marks_within(&ids, secs(5)).await?;
        }
        // A page that comes fresh reads the same from the store.
        let late = story.arrives(Role::Trainer).await?;
        late.holds_marks_within(&ids, secs(3)).await
    })
}

#[test]
fn a_relay_that_is_asked_to_stop_says_goodbye_and_ends() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        let status = story.relay().await.program_mut().stop(secs(10)).await?;
        ensure!(status.success(), "the relay ended with {status}");
        doctor.was_told_on_the_socket("shuttingDown").await
    })
}
