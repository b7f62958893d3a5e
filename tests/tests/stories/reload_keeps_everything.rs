//! A page that is loaded anew is where it was: same person, language, picture, marks, pins, freeze. No link is needed again.

use anyhow::{Context as _, Result, ensure};
use stories::person::Person;
use stories::story::{Plan, tell};
use stories::wait::secs;

/// How long a quick mark stays over the running picture here; enough to pin one meanwhile.
const QUICK_SECONDS: &str = "2";
/// The same, with what a tick of the page and a busy machine add.
const QUICK_MS: std::ops::Range<f64> = 1_900.0..3_000.0;

#[test]
fn a_reload_keeps_person_language_picture_and_marks_and_a_pinned_mark_stays_when_a_quick_one_fades()
-> Result<()> {
    let plan = Plan::calm().relay_flags(&["--quick-mark-seconds", QUICK_SECONDS]);
    tell(plan, |story| async move {
        let (doctor, bedside) = story.both().await?;
        doctor.sees_picture_within(secs(5)).await?;
        bedside.sees_picture_within(secs(5)).await?;
        doctor.takes_pen().await?;
        let taken_back = doctor.draws_stroke(&[(0.2, 0.2), (0.3, 0.2)]).await?.mark;
        doctor.holds_marks_within(&[taken_back.id], secs(2)).await?;
        doctor.undoes().await?;
        doctor.takes_tool("arrow").await?;
        let arrow = doctor.draws_stroke(&[(0.4, 0.6), (0.6, 0.7)]).await?.mark;
        bedside.sees_mark_within(&arrow, secs(2)).await?;
        doctor.selects_mark_at((0.5, 0.65)).await?;
        doctor.pins_selected().await?;
        doctor.takes_pen().await?;
        let quick = doctor.draws_stroke(&[(0.4, 0.4), (0.6, 0.5)]).await?.mark;
        let painted = bedside.sees_mark_within(&quick, secs(2)).await?;
        speaks_english(&doctor).await?;
        bedside.loses_ink_at_within(0.6, 0.5, secs(5)).await?;
        let stayed = bedside.now().await? - painted.context("it came as news")?;
        ensure!(
            QUICK_MS.contains(&stayed),
            "a quick mark of {QUICK_SECONDS} s stayed {stayed:.0} ms"
        );

        let (name, before) = (doctor.name().await?, doctor.marks().await?);
        ensure!(before == [arrow.id, quick.id], "the page holds {before:?}");
        for person in [&doctor, &bedside] {
            person.reloads().await?;
            person.sees_picture_within(secs(3)).await?;
            person.picture_moves().await?;
            person.sees_mark_within(&arrow, secs(1)).await?;
            ensure!(
                !person.has_ink_at(0.6, 0.5).await? && !person.has_ink_at(0.3, 0.2).await?,
                "a {:?} sees again what had faded or was taken back",
                person.role
            );
        }
        ensure!(
            doctor.name().await? == name && doctor.marks().await? == before,
            "somebody else came back"
        );
        let spoken = (language(&doctor).await?, language(&bedside).await?);
        ensure!(
            (spoken.0.as_str(), spoken.1.as_str()) == ("en", "ja"),
            "the pages speak {spoken:?}"
        );
        doctor.takes_pen().await?;
        let second = doctor.draws_stroke(&[(0.2, 0.8), (0.3, 0.8)]).await?;
        bedside.sees_mark_within(&second.mark, secs(2)).await?;
        // A pin ends when its mark is withdrawn.
        doctor.selects_mark_at((0.5, 0.65)).await?;
        doctor.withdraws_selected().await?;
        bedside.loses_ink_at_within(0.6, 0.7, secs(2)).await
    })
}

async fn speaks_english(person: &Person) -> Result<()> {
    let page = person.page();
    page.click("header button[lang=en]").await?;
    // The words come when somebody wants to read them.
    let spoken = "(wanted) => document.documentElement.lang === wanted";
    page.until::<bool>("the page in English", secs(2), spoken, "en")
        .await
        .map(drop)
}

async fn language(person: &Person) -> Result<String> {
    let spoken = "() => document.documentElement.lang";
    person.page().eval(spoken, ()).await
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
