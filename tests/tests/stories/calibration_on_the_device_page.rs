//! The physician marks the depth scale on the device itself: the consult measures with it, and what is saved carries it.

use crate::marks_on_the_device_page::device_page;
use crate::screens::AXE_TAGS;
use anyhow::{Result, ensure};
use serde_json::json;
use stories::binaries::workspace;
use stories::browser::{Page, Screen};
use stories::story::{Plan, tell};
use stories::wait::{ms, secs};

/// A phone in the hand, which has the least room.
const PHONE: Screen = Screen {
    width: 390,
    height: 844,
    locale: "ja-JP",
    touch: true,
};
/// Where the preview is on the screen.
const BOX: &str = "() => { document.querySelector('[data-testid=preview-box]').scrollIntoView({ block: 'center' });
    const r = document.querySelector('[data-testid=preview-box]').getBoundingClientRect();
    return [r.x, r.y, r.width, r.height]; }";
/// Sides of what is pressed while calibrating.
const TARGETS: &str =
    "() => [...document.querySelectorAll('.scaleend, .scaleform button')].flatMap((one) => {
    const r = one.getBoundingClientRect(); return [r.width, r.height]; })";

async fn taps(page: &Page, places: &[(f64, f64)]) -> Result<()> {
    let [x, y, width, height]: [f64; 4] = page.eval(BOX, ()).await?;
    for (across, down) in places {
        let at =
            |kind: &str| json!({ "type": kind, "x": x + width * across, "y": y + height * down });
        let steps = [at("move"), at("down"), at("up")];
        page.pointer("pen", &steps, ms(10)).await?;
    }
    Ok(())
}

#[test]
fn two_taps_on_the_device_calibrate_the_consult_and_what_is_saved() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let doctor = story.cardiologist().await?;
        let (device, _context) = device_page(&story, PHONE).await?;
        doctor.sees_picture_within(secs(5)).await?;
        device.click("[data-testid=scale-part]").await?;

        // What is marked in the consult stands on the device, and is over for everyone when the device takes it back.
        doctor.freezes().await?;
        doctor.sees_the_original_within(secs(5)).await?;
        doctor.opens_measuring().await?;
        doctor.calibrates([(0.9, 0.25), (0.9, 0.75)], "8").await?;
        let name = doctor.name().await?;
        let stands =
            "(name) => document.querySelector('[data-testid=scale-now]')?.innerText.includes(name)";
        device
            .until::<bool>("the scale of the consult", secs(3), stands, &name)
            .await?;
        device.click("[data-testid=scale-withdraw]").await?;
        doctor.reads_scale_within("px 未校正", secs(3)).await?;

        device.click("[data-testid=freeze]").await?;
        device.visible("[data-scene=frozen]", secs(5)).await?;
        device.visible("[data-testid=scale-stage]", secs(2)).await?;
        taps(&device, &[(0.8, 0.25), (0.8, 0.75)]).await?;
        device.fill("[data-testid=scale-cm]", "10").await?;
        let sides: Vec<f64> = device.eval(TARGETS, ()).await?;
        ensure!(sides.iter().all(|side| *side >= 44.0), "{sides:?}");
        let found = device.axe(AXE_TAGS).await?;
        ensure!(found.violations.is_empty(), "{:#?}", found.violations);
        let folder = workspace().join("target/screenshots");
        std::fs::create_dir_all(&folder)?;
        device.screenshot(&folder.join("device-scale.png")).await?;
        device.click("[data-testid=scale-done]").await?;
        device.visible("[data-testid=scale-now]", secs(2)).await?;

        // The cardiologist still stands on a frame from before: somewhere since then the depth may have been changed.
        doctor
            .reads_within("校正し直す前のフレームです", secs(3))
            .await?;
        doctor.releases().await?;
        doctor.picture_moves().await?;
        doctor.freezes().await?;
        doctor.sees_the_original_within(secs(5)).await?;
        doctor.opens_measuring().await?;
        // Half the height is 10 cm there too, and the page says who marked it.
        doctor.reads_scale_within("校正:", secs(3)).await?;
        let mark = doctor
            .measures("caliper", &[(0.3, 0.25), (0.3, 0.75)])
            .await?;
        let value = doctor.reads_value_within(&mark, secs(3)).await?;
        let centimetres: f64 = value.trim_end_matches(" cm").parse()?;
        ensure!((centimetres - 10.0).abs() < 0.3, "{value}");

        // What is saved now carries the scale, and the player says that no machine stated it.
        device.click("[data-testid=save]").await?;
        let clip = doctor.finds_clip_within(secs(20)).await?;
        doctor.clip_is_kept_within(clip, secs(20)).await?;
        let table = doctor.frame_table(clip).await?;
        ensure!(table.hand_scale && table.regions.len() == 1, "{table:?}");
        doctor.opens_clip(clip).await?;
        doctor
            .page()
            .visible("[data-testid=replay-hand-scale]", secs(5))
            .await
    })
}
