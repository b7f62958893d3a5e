//! Agents, pages and other makers' publishers come over links with names from the field, and nothing goes round those.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use stories::browser::Screen;
use stories::link::{LinkKind, Way};
use stories::person::Person;
use stories::story::{Plan, Story, tell};
use stories::stranger::Stranger;
use stories::wait::{ms, never, secs};
use wire::people::Role;

/// The least that a frame travels over both links: 5 ms of Wi-Fi to the relay and 25 ms of LTE from it.
const LEAST_AGE_MS: f64 = 30.0;

#[test]
fn a_picture_takes_as_long_as_its_links_stands_in_a_cut_and_survives_a_new_address() -> Result<()> {
    let plan = Plan::calm().agent_over(LinkKind::HOSPITAL_WIFI);
    tell(plan, |story| async move {
        let link = story.link(LinkKind::LTE_GOOD).await?;
        let doctor = story.cardiologist_over(&link).await?;
        doctor.sees_picture_within(secs(8)).await?;
        let frames = doctor.picture_moves_for(20, secs(5)).await?;
        let youngest = frames.iter().filter_map(|frame| frame.age_ms);
        let youngest = youngest.reduce(f64::min).context("barcodes")?;
        ensure!(
            youngest >= LEAST_AGE_MS,
            "a frame of {youngest} ms came another way"
        );

        a_mark_reaches_the_bedside(&story, &doctor).await?;

        link.cut();
        // What was on its way before is painted.
        let newest = doctor.newest_frame().await?.n;
        never("a new frame in a cut", ms(400), || async {
            let n = doctor.newest_frame().await?.n;
            let ahead = n.zip(newest).map(|(n, newest)| n.wrapping_sub(newest));
            Ok(ahead.filter(|ahead| *ahead > 2))
        })
        .await?;
        link.restore();
        doctor.picture_moves_again_within(secs(3)).await?;

        let before = link.addresses();
        link.change_address()?;
        doctor.picture_moves_again_within(secs(5)).await?;
        ensure!(link.addresses().iter().all(|now| !before.contains(now)));
        link.set(LinkKind::LOSS_5);
        doctor.reads_within("損失", secs(4)).await?;
        doctor.page().click("[data-testid=badge-open]").await?;
        let own = "この端末の回線が弱くなっています。往診側の回線に問題は見えません。";
        doctor.reads_within(own, secs(8)).await?;
        let up = story.agent_link()?.counts(Way::Up);
        ensure!(up.packets > 50 && up.lost_in_queue == 0, "{up:?}");
        Ok(())
    })
}

#[test]
fn chromiums_own_publisher_comes_over_a_link_and_is_watched() -> Result<()> {
    tell(Plan::calm().no_agent(), |story| async move {
        let link = story.link(LinkKind::LTE_GOOD).await?;
        let context = story.browser(Screen::DESK).await?;
        let page = context.page().await?;
        let door = story.door_over(&link)?;
        page.goto(&format!("{}/healthz", door.origin())).await?;
        page.eval::<Value>(STANDARD_PEER, ()).await?;
        let order = json!({ "url": door.whip(story.consult()), "ticket": ticket(&story).await?, "codec": "video/H264" });
        let publish = "(order) => standardPeer.publish(order)";
        let answer: Value = page.eval(publish, order).await?;
        ensure!(answer["status"] == 201, "the relay answered {answer}");
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(8)).await?;
        doctor.picture_moves_for(20, secs(5)).await?;
        let up = link.counts(Way::Up);
        ensure!(up.packets > 20, "its media went another way: {up:?}");
        Ok(())
    })
}

/// What a consult is for: a stroke on the moving picture arrives at the bedside, whatever link the page is behind.
pub(super) async fn a_mark_reaches_the_bedside(story: &Story, doctor: &Person) -> Result<()> {
    let mut bedside = Stranger::enters(story, Role::VisitingPhysician).await?;
    doctor.takes_pen().await?;
    let stroke = doctor.draws_stroke(&[(0.4, 0.4), (0.5, 0.5)]).await?;
    let mark = serde_json::to_value(stroke.mark.id)?;
    bedside
        .hears_within(secs(5), |message| {
            let mut entries = message["entries"].as_array().into_iter().flatten();
            entries.any(|entry| entry["event"]["mark"]["id"] == mark)
        })
        .await
        .context("the mark at the bedside")
        .map(drop)
}

async fn ticket(story: &Story) -> Result<String> {
    let physician = story.door().person(Role::VisitingPhysician).await?;
    story.door().ticket(physician, story.consult()).await
}

/// The standard client, evaluated into an empty page.
const STANDARD_PEER: &str = concat!(
    "() => { ",
    include_str!("../../browser/standard.js"),
    " return true; }"
);
