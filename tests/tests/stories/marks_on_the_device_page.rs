//! What a cardiologist draws is seen on the page of the physician's own device too, by the rules of the consult's pages.

use anyhow::{Context as _, Result, ensure};
use stories::binaries::workspace;
use stories::browser::{Browser, Context, Page, Screen};
use stories::story::{Plan, Story, tell};
use stories::wait::{ms, secs, until};
use wire::mark::Annotation;

/// From the lift of the pen to the device page, and from the withdrawal.
const SOON: std::time::Duration = secs(1);
/// Bright pixels of the ink.
const INK: &str = "() => { const ink = document.querySelector('[data-testid=marks]');
    if (!ink) return 0;
    const pixels = ink.getContext('2d').getImageData(0, 0, ink.width, ink.height).data;
    let bright = 0; for (let i = 0; i < pixels.length; i += 4) bright += pixels[i] > 200; return bright; }";

/// The page of the agent that publishes in this story.
pub(super) async fn device_page(story: &Story, screen: Screen) -> Result<(Page, Context)> {
    let agent = story.agent().await;
    let agent = agent.as_ref().context("the story has an agent")?;
    let address = agent
        .program()
        .wait_for_line("where its page is", secs(10), |line| {
            Some(line.split_once("Page on this device: ")?.1.to_owned())
        })
        .await?;
    let context = Browser::shared().await?.context(screen).await?;
    let page = context.page().await?;
    page.goto(&address).await?;
    page.visible("[data-scene=live]", secs(10)).await?;
    Ok((page, context))
}

fn ink_of(mark: &Annotation) -> String {
    format!("[data-testid=marks][data-marks~=\"{}\"]", mark.id)
}

#[test]
fn a_stroke_is_on_the_device_page_within_a_second_and_goes_when_it_is_withdrawn() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        let (device, _context) = device_page(&story, Screen::DESK).await?;
        doctor.takes_pen().await?;
        let line = [(0.3, 0.3), (0.5, 0.3), (0.7, 0.5)];
        let stroke = doctor.draws_stroke(&line).await?.mark;
        device.visible(&ink_of(&stroke), SOON).await?;
        until("ink over the preview", ms(500), || async {
            let bright: u32 = device.eval(INK, ()).await?;
            Ok((bright > 200).then_some(()))
        })
        .await?;
        let folder = workspace().join("target/screenshots");
        std::fs::create_dir_all(&folder)?;
        device
            .screenshot(&folder.join("device-marks-live.png"))
            .await?;
        doctor.undoes().await?;
        device.gone(&ink_of(&stroke), SOON).await?;

        // On a frozen frame it belongs there: not over the running picture, and one press away.
        doctor.freezes().await?;
        let still = doctor.draws_stroke(&line).await?.mark;
        device.visible("[data-testid=marks-look]", SOON).await?;
        ensure!(device.count(&ink_of(&still)).await? == 0);
        device.click("[data-testid=marks-look]").await?;
        device.visible("[data-scene=frozen]", SOON).await?;
        device.visible(&ink_of(&still), SOON).await?;
        device
            .screenshot(&folder.join("device-marks-frozen.png"))
            .await?;
        device.has_a_clean_console().await
    })
}
