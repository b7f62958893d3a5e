//! Each screen at the sizes people have, in both languages: accessible, complete, and the picture large enough.
//!
//! Aria snapshots lie beside this file and are compared word by word; `HIBIKI_WRITE_SNAPSHOTS=1` writes them anew for a
//! review of the difference. Screenshots go to `target/screenshots`.

use crate::forms::{Form, LEAST_ROOM, devices, takes_form};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use stories::binaries::workspace;
use stories::person::Person;
use stories::story::{Plan, tell};
use stories::wait::{secs, until};
use wire::people::{Page as WhichPage, Role};

/// WCAG 2.2 A and AA with everything before; colour contrast is among them and on.
pub(super) const AXE_TAGS: &[&str] = &["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/// Share of the window that the picture's area takes where there is room.
const PICTURE_SHARE: f64 = 0.70;

/// The words of this language are looked at by axe at one size: what else it looks at is the same as in Japanese.
const ENGLISH_AT: &str = "desk-en";

/// Six screens of two people, with axe on each.
const SCREENS_LIMIT: Duration = secs(150);
#[test]
fn the_entry_screen_is_accessible_and_complete() -> Result<()> {
    tell(at_rest(), |story| async move {
        story.picture_arrives_within(secs(8)).await?;
        for device in devices() {
            let guest = Person::open(
                story.browser(device.screen).await?,
                story.door(),
                story.consult(),
                Role::Cardiologist,
            )
            .await?;
            guest.page().goto(story.door().origin()).await?;
            guest.page().visible("[data-testid=join]", secs(5)).await?;
            for form in device.forms {
                takes_form(guest.page(), form).await?;
                is_as_it_should_be(&guest, "entry", &form.name()).await?;
            }
        }
        Ok(())
    })
}

#[test]
fn both_live_screens_are_accessible_complete_and_large_enough_also_in_the_loop_before_a_freeze()
-> Result<()> {
    tell(at_rest(), |story| async move {
        for device in devices() {
            // In this order, because people are listed as they came.
            let doctor = story
                .enter(Role::Cardiologist, WhichPage::Consult, device.screen)
                .await?;
            let physician = story
                .enter(Role::VisitingPhysician, WhichPage::Bedside, device.screen)
                .await?;
            tokio::try_join!(is_at_work(&doctor), is_at_work(&physician))?;
            for form in &device.forms {
                both_take(&doctor, &physician, *form).await?;
                both_look_right(&doctor, &physician, *form).await?;
            }
            // Its words are looked at in one language: the layout is the same.
            for form in device.forms.iter().filter(|form| form.language == "ja") {
                both_take(&doctor, &physician, *form).await?;
                both_stand_in_the_loop(&doctor, &physician, &form.name()).await?;
                if form.name() == LEAST_ROOM {
                    each_panel_is_accessible(&doctor, LEAST_ROOM).await?;
                }
            }
            doctor.goes().await?;
            physician.goes().await?;
        }
        Ok(())
    })
}

async fn both_take(doctor: &Person, physician: &Person, form: Form) -> Result<()> {
    let (one, other) = (doctor.page(), physician.page());
    tokio::try_join!(takes_form(one, form), takes_form(other, form)).map(drop)
}

async fn both_look_right(doctor: &Person, physician: &Person, form: Form) -> Result<()> {
    let name = form.name();
    if form.width >= 820 {
        let share: f64 = doctor.page().eval(STAGE_SHARE, ()).await?;
        ensure!(
            share >= PICTURE_SHARE,
            "{name}: the picture has {:.0} % of the window",
            share * 100.0
        );
    }
    let small: Vec<Value> = physician.page().eval(SMALL_TARGETS, 64).await?;
    ensure!(small.is_empty(), "{name}: smaller than 64 px: {small:?}");
    tokio::try_join!(
        is_as_it_should_be(doctor, "consult", &name),
        is_as_it_should_be(physician, "bedside", &name),
    )
    .map(drop)
}

async fn both_stand_in_the_loop(doctor: &Person, physician: &Person, name: &str) -> Result<()> {
    doctor.freezes().await?;
    for person in [doctor, physician] {
        person.sees_original_within(secs(5)).await?;
    }
    doctor.page().click("[data-testid=beat]").await?;
    tokio::try_join!(
        the_loop_stands_as_it_should(doctor, "consult-beat", name),
        the_loop_stands_as_it_should(physician, "bedside-beat", name),
    )?;
    doctor.releases().await
}

async fn the_loop_stands_as_it_should(person: &Person, screen: &str, name: &str) -> Result<()> {
    person.reads_within("すべて原画です", secs(15)).await?;
    person.page().click("[data-testid=beat-play]").await?;
    let stands = "() => window.hibiki.beat.playing === false";
    let page = person.page();
    page.until::<bool>("the loop to stand", secs(3), stands, ())
        .await?;
    is_as_it_should_be(person, screen, name).await
}

/// Hardly any frames: these stories look at what stands still on the pages, and axe needs the processor.
fn at_rest() -> Plan {
    Plan::calm().source("test:fps=5").limit(SCREENS_LIMIT)
}

async fn is_at_work(person: &Person) -> Result<()> {
    person.sees_picture_within(secs(8)).await?;
    person.is_told_that_the_picture_runs_within(secs(3)).await?;
    // Comes after the picture.
    let page = person.page();
    page.visible("[data-testid=voice-join]", secs(3)).await
}

/// Axe finds nothing, nothing is cut off sideways, the aria tree is the reviewed one, and a screenshot is kept.
pub(super) async fn is_as_it_should_be(person: &Person, screen: &str, name: &str) -> Result<()> {
    let page = person.page();
    if name.ends_with("-ja") || name == ENGLISH_AT {
        axe_finds_nothing(person, screen, name).await?;
    }
    let wide: bool = page
        .eval(
            "() => document.documentElement.scrollWidth > innerWidth + 1",
            (),
        )
        .await?;
    ensure!(!wide, "{screen} {name}: the page is wider than the window");
    let folder = workspace().join("target/screenshots");
    std::fs::create_dir_all(&folder)?;
    page.screenshot(&folder.join(format!("{screen}-{name}.png")))
        .await?;
    aria_is_as_reviewed(person, screen, name).await?;
    person.has_a_clean_console().await
}

/// WCAG with the contrast, on what stands on the page now.
pub(super) async fn axe_finds_nothing(person: &Person, screen: &str, name: &str) -> Result<()> {
    let found = person.page().axe(AXE_TAGS).await?;
    ensure!(
        found.violations.is_empty(),
        "{screen} {name}: axe found {:#?}",
        found.violations
    );
    ensure!(
        found.passes.iter().any(|rule| rule == "color-contrast"),
        "{screen} {name}: contrast was not checked"
    );
    Ok(())
}

/// The help, how the picture arrives, the place where words are written, and the list beside the card of a mark.
async fn each_panel_is_accessible(doctor: &Person, name: &str) -> Result<()> {
    let page = doctor.page();
    page.press("?").await?;
    page.visible("[data-testid=help-panel]", secs(2)).await?;
    axe_finds_nothing(doctor, "help", name).await?;
    page.press("?").await?;
    page.click("[data-testid=badge-open]").await?;
    page.visible("[data-testid=hint-ef]", secs(4)).await?;
    axe_finds_nothing(doctor, "link", name).await?;
    page.click("[data-testid=badge-open]").await?;
    page.gone("[data-testid=link-panel]", secs(2)).await?;
    doctor.takes_tool("label").await?;
    doctor.begins_label((0.4, 0.5)).await?;
    axe_finds_nothing(doctor, "label", name).await?;
    page.types("LV").await?;
    page.press("Enter").await?;
    doctor.selects_mark_at((0.4, 0.5)).await?;
    page.click("[data-testid=tool-list]").await?;
    page.visible("[data-testid=list-panel]", secs(2)).await?;
    axe_finds_nothing(doctor, "list", name).await?;
    // The next screens begin as this one did.
    page.click("[data-testid=tool-list]").await?;
    page.gone("[data-testid=list-panel]", secs(2)).await?;
    doctor.withdraws_selected().await
}

/// The tree settles as figures come in one after the other; what must not happen is that it settles differently.
async fn aria_is_as_reviewed(person: &Person, screen: &str, name: &str) -> Result<()> {
    let path: PathBuf = workspace().join(format!("tests/tests/stories/aria/{screen}-{name}.yaml"));
    if std::env::var_os("HIBIKI_WRITE_SNAPSHOTS").is_some() {
        if !["entry", "cases"].contains(&screen) {
            person.reads_within("Mbit/s", secs(5)).await?;
            // Beside the picture at the bedside everybody's link stands as well.
            let people = "() => [...document.querySelectorAll('.people__person')].every((one) => one.querySelector('[data-testid=people-link]'))";
            person
                .page()
                .until::<bool>("all links", secs(5), people, ())
                .await?;
        }
        std::fs::create_dir_all(path.parent().context("a snapshot lies in a folder")?)?;
        return Ok(std::fs::write(
            path,
            without_figures(&person.page().aria().await?),
        )?);
    }
    let reviewed = std::fs::read_to_string(&path)
        .with_context(|| format!("no reviewed snapshot {}", path.display()))?;
    let same = until("the reviewed aria tree", secs(5), || async {
        Ok((without_figures(&person.page().aria().await?) == reviewed).then_some(()))
    });
    if let Err(why) = same.await {
        let now = without_figures(&person.page().aria().await?);
        return Err(why.context(format!(
            "{screen} {name}: reviewed:\n{reviewed}\nnow:\n{now}"
        )));
    }
    Ok(())
}

/// Numbers differ from run to run (ages, rates, times), and so does the word for them on a busy machine: what counts is
/// that they stand there.
pub(super) fn without_figures(tree: &str) -> String {
    let mut text = String::new();
    for line in tree.lines() {
        text += &without_numbers(without_case(without_link(&without_level(line))));
        text.push('\n');
    }
    text
}

fn without_level(line: &str) -> String {
    for (label, numbers) in [
        ("\"映像の状態\": ", "映像の遅れ"),
        ("\"State of the picture\": ", "image age"),
    ] {
        if let (Some(at), Some(end)) = (line.find(label), line.find(numbers)) {
            let before = line.get(..at + label.len()).unwrap_or_default();
            return format!("{before}<level> {}", line.get(end..).unwrap_or_default());
        }
    }
    line.to_owned()
}

/// How the picture arrives at somebody differs from run to run in all that follows.
fn without_link(line: &str) -> &str {
    let said = ["届く映像:", "Picture there:"];
    let end = said
        .iter()
        .find_map(|said| Some(line.find(said)? + said.len()));
    end.and_then(|end| line.get(..end)).unwrap_or(line)
}

/// Each case has an address of its own.
fn without_case(line: &str) -> &str {
    let begins = "/url: /cases/";
    let end = line.find(begins).map(|at| at + begins.len());
    end.and_then(|end| line.get(..end)).unwrap_or(line)
}

fn without_numbers(line: &str) -> String {
    let mut text = String::new();
    let mut in_number = false;
    for c in line.chars() {
        let number = c.is_ascii_digit() || (in_number && (c == '.' || c == ':'));
        if number && !in_number {
            text.push('#');
        }
        if !number {
            text.push(c);
        }
        in_number = number;
    }
    text
}

/// The stage's share of the window.
const STAGE_SHARE: &str =
    "() => { const box = document.querySelector('[data-testid=stage]').getBoundingClientRect();
    return (box.width * box.height) / (innerWidth * innerHeight); }";
/// Buttons of the tool group that are smaller than `least` pixels in either direction.
const SMALL_TARGETS: &str = "(least) => [...document.querySelectorAll('nav button')].map((b) => [b.innerText, b.getBoundingClientRect()])
    .filter(([, r]) => r.width < least || r.height < least).map(([words, r]) => [words, r.width, r.height])";
