//! A trainer makes a case of a consult that is over, looks at every frame, and finds it in the library. Nothing of it tells whose
//! heart it is, and when its time is over or it is withdrawn it opens no more.

use crate::forms::{Form, devices, takes_form};
use crate::screens::{axe_finds_nothing, is_as_it_should_be};
use anyhow::{Result, ensure};
use stories::agent::dicom_source;
use stories::binaries::workspace;
use stories::person::Person;
use stories::story::{Plan, Story, tell};
use stories::wait::secs;
use wire::ClipId;
use wire::people::Role;

const CLIP_COMES: std::time::Duration = secs(20);
const TITLE: &str = "左室の動きが低下した一例";
/// The phantom's banner with name, number and clinic: this part of the height.
const BANNER: f64 = 25.0 / 300.0;
/// Letters are brighter; what is black stays darker, whatever JPEG does to it.
const LETTERS: u8 = 120;
const BLACK: u8 = 16;
/// Beyond this century.
const FAR_US: i64 = 4_000_000_000_000_000;

/// The brightest pixel of a picture's first rows, and of all.
const BRIGHTEST: &str = "async ([picture, share]) => {
    const shown = document.querySelector(picture);
    if (shown instanceof HTMLImageElement) await shown.decode();
    const [width, height] = [shown.naturalWidth || shown.width, shown.naturalHeight || shown.height];
    const canvas = new OffscreenCanvas(width, height).getContext('2d');
    canvas.drawImage(shown, 0, 0);
    const brightest = (rows) => canvas.getImageData(0, 0, width, rows).data.reduce((most, level, at) => (at % 4 === 3 ? most : Math.max(most, level)), 0);
    return [brightest(Math.floor(height * share)), brightest(height)]; }";
const CHOOSE: &str =
    "([field, value]) => { const chosen = document.querySelector(field); chosen.value = value;
    chosen.dispatchEvent(new Event('change', { bubbles: true })); return chosen.value === value; }";
/// Scrolls to a frame of the sheet.
const SCROLL_TO: &str =
    "(cell) => { document.querySelector(cell).scrollIntoView({ block: 'center' });
    return true; }";
/// What stands in a field.
const VALUE: &str = "(field) => document.querySelector(field).value";
/// The day until which the patient agreed.
const UNTIL: &str = "2031-02-03";
/// Scrolls to the clips; the width of a picture and the height of its line.
const CHOICE: &str = "() => {
    const line = document.querySelector('[data-testid=case-sources] label');
    line.scrollIntoView({ block: 'center' });
    return [line.querySelector('img').getBoundingClientRect().width, line.getBoundingClientRect().height]; }";
const TO_FRAME_1: &str =
    "() => { document.querySelector('.case__sheet li:first-child button').click(); return true; }";
const TO_THE_TOP: &str = "() => { scrollTo(0, 0); return true; }";
/// What the relay answers about the case whose page this is.
const ANSWER: &str = "async (path) => {
    const grant = JSON.parse(sessionStorage.getItem('hibiki.session'));
    const which = location.pathname.split('/').pop();
    const answer = await fetch(`/api/v1/cases/${which}${path}`, { headers: { 'hibiki-session': grant.session } });
    return answer.status; }";

#[test]
fn a_trainer_makes_a_case_without_a_name_and_it_opens_no_more_when_its_time_is_over() -> Result<()>
{
    let clip = workspace().join("sample-dicom/plax_small.dcm");
    let plan = Plan::calm().source(dicom_source(&clip)).limit(secs(150));
    tell(plan, |story| async move {
        let doctor = story.cardiologist().await?;
        let clip = saves_a_marked_clip(&doctor).await?;
        doctor.opens_clip(clip).await?;
        let named = "[data-testid=replay-pane] canvas[data-frame]";
        let (banner, _): (u8, u8) = doctor.page().eval(BRIGHTEST, (named, BANNER)).await?;
        ensure!(banner > LETTERS, "the clip has no banner: {banner}");
        let trainer = story.arrives(Role::Trainer).await?;
        story.closes_consult().await?;
        makes_a_case(&story, &trainer).await?;
        looks_at_every_frame(&trainer).await?;
        looks_right(&trainer, "case").await?;
        trainer
            .page()
            .click("[data-testid=case-look]:not([disabled])")
            .await?;
        let typed = trainer.page().text("[data-testid=case-typed]").await?;
        ensure!(
            typed.contains(TITLE) && typed.contains("院内教育"),
            "{typed}"
        );
        trainer
            .page()
            .visible("[data-testid=case-publish][disabled]", secs(2))
            .await?;
        trainer
            .page()
            .click("[data-testid=case-look-typed]")
            .await?;
        trainer
            .page()
            .click("[data-testid=case-publish]:not([disabled])")
            .await?;
        stands(&trainer, "published").await?;
        is_put_into_a_collection(&trainer).await?;
        is_found_and_opens(&story, &trainer).await?;
        opens_no_more(&story, &trainer).await
    })
}

/// With a caliper and a line on one frame, and the view that it shows.
async fn saves_a_marked_clip(doctor: &Person) -> Result<ClipId> {
    doctor.picture_moves_for(15, secs(8)).await?;
    doctor.freezes().await?;
    doctor.sees_the_original_within(secs(5)).await?;
    doctor.opens_measuring().await?;
    let caliper = doctor
        .measures("caliper", &[(0.45, 0.3), (0.55, 0.5)])
        .await?;
    doctor.reads_value_within(&caliper, secs(3)).await?;
    doctor.takes_pen().await?;
    doctor.draws_stroke(&[(0.4, 0.4), (0.6, 0.4)]).await?;
    doctor.releases().await?;
    doctor.looks_at_clips().await?;
    chooses(doctor, "[data-testid=save-view]", "PLAX").await?;
    doctor.saves_clip().await?;
    let clip = doctor.finds_clip_within(CLIP_COMES).await?;
    doctor.clip_is_kept_within(clip, CLIP_COMES).await?;
    Ok(clip)
}

async fn makes_a_case(story: &Story, trainer: &Person) -> Result<()> {
    let page = trainer.page();
    page.goto(story.door().origin()).await?;
    page.click("[data-testid=cases]").await?;
    trainer
        .reads_within("当てはまる症例はありません", secs(5))
        .await?;
    page.click("[data-testid=case-new]").await?;
    for (field, words) in [
        ("title", TITLE),
        ("findings", "EF 低下、MR"),
        ("licence", "院内教育"),
    ] {
        let field = format!("[data-testid=case-form] input[name={field}]");
        page.fill(&field, words).await?;
    }
    let field = |name: &str| format!("[data-testid=case-form] select[name={name}]");
    chooses(trainer, &field("difficulty"), "2").await?;
    chooses(trainer, &field("consent"), "teachingAndExport").await?;
    leaves_no_clip_out(trainer).await?;
    page.click("[data-testid=case-make]").await?;
    stands(trainer, "draft").await
}

/// A case of nothing cannot be made; what is chosen shows its picture.
async fn leaves_no_clip_out(trainer: &Person) -> Result<()> {
    let page = trainer.page();
    let chosen = "[data-testid=case-sources] li input";
    let until = "[data-testid=case-form] input[name=until]";
    page.fill(until, UNTIL).await?;
    page.visible("[data-testid=case-sources] img", secs(5))
        .await?;
    let sources = page.text("[data-testid=case-sources]").await?;
    ensure!(sources.contains("PLAX"), "{sources}");
    looks_right(trainer, "case-form").await?;
    shows_its_clips(trainer).await?;
    page.click(chosen).await?;
    trainer.reads_within("クリップを 1 本以上", secs(2)).await?;
    page.visible("[data-testid=case-make][disabled]", secs(2))
        .await?;
    page.click(chosen).await?;
    page.visible("[data-testid=case-make]:not([disabled])", secs(2))
        .await?;
    let typed: String = page.eval(VALUE, until).await?;
    ensure!(
        typed == UNTIL,
        "the patient agreed until {UNTIL}, not {typed}"
    );
    Ok(())
}

/// On each form a clip can be told from another one: its picture is large enough, and so is what is pressed.
async fn shows_its_clips(trainer: &Person) -> Result<()> {
    let page = trainer.page();
    for form in forms() {
        takes_form(page, form).await?;
        let (picture, target): (f64, f64) = page.eval(CHOICE, ()).await?;
        ensure!(
            picture >= 80.0 && target >= 44.0,
            "{}: a picture of {picture} px, a line of {target} px",
            form.name()
        );
        let file = format!("target/screenshots/case-choice-{}.png", form.name());
        page.screenshot(&workspace().join(file)).await?;
    }
    Ok(())
}

/// The tick cannot be given before every frame was there to see.
async fn looks_at_every_frame(trainer: &Person) -> Result<()> {
    let page = trainer.page();
    let words = page.text("[data-testid=case-words]").await?;
    ensure!(
        words.contains("CASE-") && !words.contains("PHANTOM") && !words.contains("FAKE"),
        "{words}"
    );
    page.visible("[data-testid=case-look][disabled]", secs(2))
        .await?;
    sees_no_name(trainer).await?;
    // What was drawn and measured stands on its frame, and nowhere else.
    page.visible("[data-testid=case-numbers]", secs(5)).await?;
    let numbers = page.text("[data-testid=case-numbers]").await?;
    ensure!(
        numbers.contains("長さ") && numbers.contains("cm"),
        "{numbers}"
    );
    ensure!(
        page.count("[data-testid=case-lines]").await? == 0,
        "frame 1 has no marks"
    );
    page.click("[data-testid=case-numbers] button").await?;
    page.visible("[data-testid=case-lines]", secs(2)).await?;
    let lines = page.count("[data-testid=case-lines] polyline").await?;
    ensure!(
        lines == 4,
        "a caliper and a stroke, each with its dark edge, are {lines} lines"
    );
    reads_how_the_consult_went(trainer).await?;
    // The sheet shows them too; and who only scrolled to its end has not seen what lies between.
    for (cell, picture) in [("[data-marked=true]", "polyline"), (":last-child", "img")] {
        let cell = format!(".case__sheet li{cell}");
        page.eval::<bool>(SCROLL_TO, &cell).await?;
        page.visible(&format!("{cell} {picture}"), secs(5)).await?;
    }
    page.visible("[data-testid=case-look][disabled]", secs(2))
        .await?;
    page.click("[data-testid=case-play]").await?;
    page.visible("[data-testid=case-look]:not([disabled])", secs(20))
        .await?;
    page.click("[data-testid=case-play]").await
}

/// Who did what when, without a name; what happened on a frame leads to it.
async fn reads_how_the_consult_went(trainer: &Person) -> Result<()> {
    let page = trainer.page();
    page.visible("[data-testid=case-log]", secs(5)).await?;
    let log = page.text("[data-testid=case-log]").await?;
    for said in [
        "循環器医",
        "静止した",
        "キャリパーを入れた",
        "線を入れた",
        "静止を解いた",
        "保存した",
    ] {
        ensure!(log.contains(said), "{said} is not in {log}");
    }
    ensure!(!log.contains("佐藤"), "{log}");
    page.eval::<bool>(TO_FRAME_1, ()).await?;
    page.gone("[data-testid=case-lines]", secs(2)).await?;
    page.click("[data-testid=case-log-frame]").await?;
    page.visible("[data-testid=case-lines]", secs(2)).await
}

async fn sees_no_name(trainer: &Person) -> Result<()> {
    let picture = "[data-testid=case-picture]";
    trainer.page().visible(picture, secs(5)).await?;
    let (banner, all): (u8, u8) = trainer.page().eval(BRIGHTEST, (picture, BANNER)).await?;
    ensure!(
        banner < BLACK && all > LETTERS,
        "its banner has a pixel of {banner}, the heart one of {all}"
    );
    Ok(())
}

/// On a phone, an iPad and a desk nothing is cut off sideways, and axe finds nothing.
async fn looks_right(trainer: &Person, screen: &str) -> Result<()> {
    let page = trainer.page();
    let folder = workspace().join("target/screenshots");
    std::fs::create_dir_all(&folder)?;
    for form in forms() {
        let name = form.name();
        takes_form(page, form).await?;
        let wide = "() => document.documentElement.scrollWidth - innerWidth";
        let wide: f64 = page.eval(wide, ()).await?;
        ensure!(
            wide <= 1.0,
            "{screen} {name}: {wide} px are cut off sideways"
        );
        page.eval::<bool>(TO_THE_TOP, ()).await?;
        page.screenshot(&folder.join(format!("{screen}-{name}.png")))
            .await?;
        axe_finds_nothing(trainer, screen, &name).await?;
    }
    Ok(())
}

fn forms() -> impl Iterator<Item = Form> {
    let all = devices().into_iter().flat_map(|device| device.forms);
    all.filter(|form| form.language == "ja" && !form.name().contains("lying"))
}

async fn is_put_into_a_collection(trainer: &Person) -> Result<()> {
    let page = trainer.page();
    page.fill("[data-testid=case-collection-name]", "秋の勉強会")
        .await?;
    page.click("[data-testid=case-collection-looked]").await?;
    page.click("[data-testid=case-collect]").await?;
    let inside = "[data-testid=case-collections] li";
    page.visible(inside, secs(3)).await?;
    let inside = page.text(inside).await?;
    ensure!(inside.contains("秋の勉強会"), "{inside}");
    Ok(())
}

async fn is_found_and_opens(story: &Story, trainer: &Person) -> Result<()> {
    let page = trainer.page();
    page.goto(&format!("{}/cases", story.door().origin()))
        .await?;
    let found = "[data-testid=case-open]";
    page.visible(found, secs(5)).await?;
    for form in forms() {
        takes_form(page, form).await?;
        is_as_it_should_be(trainer, "cases", &form.name()).await?;
    }
    for (search, other, own) in [
        ("view", "A4C", "PLAX"),
        ("difficulty", "1", "2"),
        ("collection", "", "秋の勉強会"),
    ] {
        let field = format!("[data-testid=case-search-{search}]");
        if !other.is_empty() {
            chooses(trainer, &field, other).await?;
            page.gone(found, secs(3)).await?;
        }
        chooses(trainer, &field, own).await?;
        page.visible(found, secs(3)).await?;
    }
    page.fill("[data-testid=case-search-finding]", "AS").await?;
    page.gone(found, secs(3)).await?;
    page.fill("[data-testid=case-search-finding]", "EF").await?;
    page.visible(found, secs(3)).await?;
    page.click(found).await?;
    stands(trainer, "published").await?;
    trainer.reads_within(TITLE, secs(2)).await?;
    sees_no_name(trainer).await?;
    trainer.has_a_clean_console().await
}

async fn opens_no_more(story: &Story, trainer: &Person) -> Result<()> {
    let page = trainer.page();
    let shown = async || page.eval::<u16>(ANSWER, "/clips/1/frames/0").await;
    ensure!((shown().await?, page.eval::<u16>(ANSWER, "/export").await?) == (200, 200));
    story.cases_end_at(1)?;
    ensure!((shown().await?, page.eval::<u16>(ANSWER, "/export").await?) == (404, 404));
    page.reload().await?;
    trainer.reads_within("もう開けません", secs(5)).await?;
    story.cases_end_at(FAR_US)?;
    page.reload().await?;
    stands(trainer, "published").await?;
    page.click("[data-testid=case-withdraw]").await?;
    page.click("[data-testid=case-withdraw-sure]").await?;
    trainer
        .reads_within("症例を取り消しました", secs(5))
        .await?;
    ensure!(shown().await? == 404, "what is withdrawn is shown");
    let log = page.eval::<u16>(ANSWER, "/clips/1/log").await?;
    ensure!(log == 404, "what was said of it is shown");
    page.reload().await?;
    trainer.reads_within("もう開けません", secs(5)).await
}

async fn stands(trainer: &Person, state: &str) -> Result<()> {
    let case = format!("[data-testid=case][data-state={state}]");
    trainer.page().visible(&case, CLIP_COMES).await
}

async fn chooses(person: &Person, field: &str, value: &str) -> Result<()> {
    let chosen: bool = person.page().eval(CHOOSE, (field, value)).await?;
    ensure!(chosen, "{field} has no {value}");
    Ok(())
}
