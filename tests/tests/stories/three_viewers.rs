//! Several people watch at once, each with a live picture, and everybody sees everybody's marks and how the picture arrives
//! at the others. All of it passes over IPv6 where the machine has it: the relay listens nowhere else.

use anyhow::Result;
use stories::relay::Family;
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::people::Role;

#[test]
fn three_people_watch_one_picture_and_share_marks() -> Result<()> {
    let plan = Plan::calm().over(Family::v6_if_browsers_have_it());
    tell(plan, |story| async move {
        let people = [
            story.bedside().await?,
            story.cardiologist().await?,
            story.arrives(Role::Trainer).await?,
        ];
        for person in &people {
            person.sees_picture_within(secs(5)).await?;
            person.picture_moves().await?;
        }
        let [bedside, doctor, trainer] = &people;
        for (author, y) in [(doctor, 0.3), (trainer, 0.6)] {
            author.takes_pen().await?;
            let stroke = author.draws_stroke(&[(0.4, y), (0.6, y)]).await?;
            for person in [bedside, doctor, trainer] {
                person.sees_mark_within(&stroke.mark, secs(2)).await?;
            }
        }
        for person in [doctor, trainer] {
            person.page().click("[data-testid=tool-list]").await?;
        }
        // Beside the large buttons of the bedside a good link is one word; its figures stand in the panel.
        for (person, good) in [(bedside, "良好"), (doctor, "コマ"), (trainer, "コマ")] {
            let shown = "good => [...document.querySelectorAll('[data-testid=people-link]')]
                .filter(({ innerText }) => [good, 'コマ', '停止'].some(word => innerText.includes(word))).length >= 3";
            let page = person.page();
            page.until::<bool>("everybody's link", secs(6), shown, good)
                .await?;
        }
        for person in &people {
            person.has_a_clean_console().await?;
        }
        Ok(())
    })
}
