//! The measuring panel at the sizes people have: accessible, its targets large enough, and a screenshot to look at.

use crate::screens::{AXE_TAGS, every_screen};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use stories::agent::dicom_source;
use stories::binaries::workspace;
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
        for (name, screen) in every_screen().filter(|(name, _)| name.ends_with("-ja")) {
            let doctor = story
                .enter(Role::Cardiologist, WhichPage::Consult, screen)
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
            let path = folder.join(format!("measuring-{name}.png"));
            doctor.page().screenshot(&path).await?;
            let found = doctor.page().axe(AXE_TAGS).await?;
            ensure!(
                found.violations.is_empty(),
                "{name}: {:?}",
                found.violations
            );
            let small: Vec<Value> = doctor.page().eval(SMALL_TARGETS, 48).await?;
            ensure!(small.is_empty(), "{name}: smaller than 48 px: {small:?}");
            let cut: f64 = doctor
                .page()
                .eval(
                    "() => document.documentElement.scrollWidth - innerWidth",
                    (),
                )
                .await?;
            ensure!(cut <= 0.0, "{name}: {cut} px are cut off sideways");
            doctor.releases().await?;
            doctor.goes().await?;
        }
        Ok(())
    })
}

/// Buttons and fields of the panel that are smaller than they should be.
const SMALL_TARGETS: &str =
    "(least) => [...document.querySelectorAll('[data-testid=measure-panel] :is(button, input)')]
    .map((it) => ({ words: it.innerText || it.id, box: it.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && (box.width < least - 0.5 || box.height < least - 0.5))
    .map(({ words, box }) => ({ words, width: box.width, height: box.height }))";
