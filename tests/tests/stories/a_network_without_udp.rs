//! Hospitals' networks: where no UDP passes agent and page come by TCP, and where only TLS does a page comes over a TURN server, by
//! themselves and soon; the connection check tells an administrator which ways there are.

use crate::links_with_names::a_mark_reaches_the_bedside;
use crate::screens::AXE_TAGS;
use anyhow::{Result, ensure};
use stories::binaries::workspace;
use stories::link::{LinkKind, Way};
use stories::person::Person;
use stories::story::{Plan, tell};
use stories::turn::Turn;
use stories::wait::secs;

/// What somebody waits who joins.
const SOON_MS: f64 = 2_000.0;

#[test]
fn where_udp_is_blocked_the_picture_comes_by_tcp_within_two_seconds_of_joining_or_over_a_turn_server()
-> Result<()> {
    let folder = tempfile::tempdir()?;
    let turn = Turn::begin(folder.path())?;
    let told = turn.relay_flags(&turn.over_tls());
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    let plan = Plan::calm()
        .relay_flags(&told)
        .agent_over(LinkKind::UDP_BLOCKED);
    tell(plan, |story| async move {
        story.picture_arrives_within(secs(5)).await?;
        let link = story.link(LinkKind::UDP_BLOCKED).await?;
        let doctor = story.cardiologist_over(&link).await?;
        doctor.sees_picture_within(secs(5)).await?;
        let waited = doctor.first_picture_took_ms().await?;
        ensure!(waited <= SOON_MS, "the first picture took {waited} ms");
        doctor.picture_moves_for(20, secs(3)).await?;
        for (who, counts) in [
            ("the agent", story.agent_link()?.counts(Way::Up)),
            ("the page", link.counts(Way::Up)),
        ] {
            ensure!(
                counts.refused > 0 && counts.refused == counts.packets,
                "{who} came another way: {counts:?}"
            );
        }
        a_mark_reaches_the_bedside(&story, &doctor).await?;
        finds(
            &doctor,
            link.origin(),
            &["udp bad", "tcp good", "turn good"],
        )
        .await?;

        let link = story.link(LinkKind::TLS_ONLY).await?;
        let doctor = story.cardiologist_over(&link).await?;
        doctor.sees_picture_within(secs(10)).await?;
        doctor.picture_moves_for(20, secs(3)).await?;
        let counts = link.counts(Way::Up);
        ensure!(
            counts.refused > 0 && counts.refused == counts.packets,
            "the page came another way: {counts:?}"
        );
        Ok(())
    })
}

/// What the connection check finds from a person's browser, in shapes, words and the text to hand on.
async fn finds(person: &Person, origin: &str, expected: &[&str]) -> Result<()> {
    let (page, name) = (person.page(), person.name().await?);
    page.goto(&format!("{origin}/check")).await?;
    page.visible("[data-testid=ways-begin]", secs(5)).await?;
    page.click("[data-testid=ways-begin]").await?;
    page.visible("[data-testid=ways][data-over=true]", secs(40))
        .await?;
    for found in ["secure good", "relay good", "clock good", "socket good"]
        .iter()
        .chain(expected)
    {
        page.visible(&format!("[data-check='{found}']"), secs(1))
            .await?;
    }
    let text: String = page
        .eval(
            "() => document.querySelector('[data-testid=ways-text]').value",
            (),
        )
        .await?;
    ensure!(text.contains("■ 映像と音声 UDP: 不可 127.0.0.1:"), "{text}");
    ensure!(text.contains("● 映像と音声 TCP: 良好 127.0.0.1:"), "{text}");
    ensure!(!text.contains(&name), "{text}");
    let found = page.axe(AXE_TAGS).await?;
    ensure!(
        found.violations.is_empty(),
        "axe found {:#?}",
        found.violations
    );
    let folder = workspace().join("target/screenshots");
    std::fs::create_dir_all(&folder)?;
    page.screenshot(&folder.join("check.png")).await
}
