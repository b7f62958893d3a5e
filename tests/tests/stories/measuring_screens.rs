//! The measuring panel at the sizes people have: accessible, its targets large enough, and a screenshot to look at.

use crate::forms::{devices, takes_form};
use crate::screens::axe_finds_nothing;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use stories::agent::dicom_source;
use stories::binaries::workspace;
use stories::person::Person;
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::people::{Page as WhichPage, Role};

#[test]
fn the_measuring_panel_is_accessible_and_its_targets_are_large() -> Result<()> {
    let clip = workspace().join("sample-dicom/combined_small.dcm");
    let plan = Plan::calm().source(dicom_source(&clip)).limit(secs(150));
    tell(plan, |story| async move {
        let folder = workspace().join("target/screenshots");
        std::fs::create_dir_all(&folder).context("make the folder of screenshots")?;
        for device in devices() {
            let doctor = story
                .enter(Role::Cardiologist, WhichPage::Consult, device.screen)
                .await?;
            doctor.sees_picture_within(secs(8)).await?;
            doctor.freezes().await?;
            doctor.sees_the_original_within(secs(5)).await?;
            doctor.opens_measuring().await?;
            doctor
                .measures("caliper", &[(0.45, 0.2), (0.55, 0.35)])
                .await?;
            doctor.takes_measure("caliper").await?;
            doctor.taps(&[(0.4, 0.3), (0.6, 0.3)]).await?;
            doctor.reads_draft().await?;
            for form in device.forms.iter().filter(|form| form.language == "ja") {
                takes_form(doctor.page(), *form).await?;
                the_panel_is_as_it_should_be(&doctor, &form.name()).await?;
            }
            doctor.releases().await?;
            doctor.goes().await?;
        }
        Ok(())
    })
}

async fn the_panel_is_as_it_should_be(doctor: &Person, name: &str) -> Result<()> {
    let page = doctor.page();
    let file = format!("target/screenshots/measuring-{name}.png");
    page.screenshot(&workspace().join(file)).await?;
    axe_finds_nothing(doctor, "measuring", name).await?;
    let small: Vec<Value> = page.eval(SMALL_TARGETS, 48).await?;
    ensure!(small.is_empty(), "{name}: smaller than 48 px: {small:?}");
    let cut = "() => document.documentElement.scrollWidth - innerWidth";
    let cut: f64 = page.eval(cut, ()).await?;
    ensure!(cut <= 0.0, "{name}: {cut} px are cut off sideways");
    Ok(())
}

/// Buttons and fields of the panel that are smaller than they should be.
const SMALL_TARGETS: &str =
    "(least) => [...document.querySelectorAll('[data-testid=measure-panel] :is(button, input)')]
    .map((it) => ({ words: it.innerText || it.id, box: it.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && (box.width < least - 0.5 || box.height < least - 0.5))
    .map(({ words, box }) => ({ words, width: box.width, height: box.height }))";
