//! Tickets that are used, expired, invented or for somebody else: one clear word each, at every door, and the people who
//! are in stay in.

use anyhow::{Result, ensure};
use reqwest::Response;
use stories::browser::Screen;
use stories::door::{Door, problem};
use stories::person::Person;
use stories::story::{Plan, tell};
use stories::wait::secs;
use wire::people::{Page as WhichPage, Role};
use wire::problem::ProblemCode;

const SDP: &str = "v=0\r\n";

#[test]
fn a_link_that_was_used_says_so_and_nobody_else_is_disturbed() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let doctor = story.cardiologist().await?;
        doctor.sees_picture_within(secs(5)).await?;
        let (door, consult) = (story.door(), story.consult());
        let ticket = door
            .ticket(door.person(Role::Trainer).await?, consult)
            .await?;
        ensure!(
            door.offer_ticket(&ticket).await?.status().is_success(),
            "the first use works"
        );
        ensure!(problem(door.offer_ticket(&ticket).await?).await?.code == ProblemCode::TicketUsed);
        let guest = Person::open(
            story.browser(Screen::DESK).await?,
            door,
            consult,
            Role::Trainer,
        )
        .await?;
        guest
            .page()
            .goto(&format!(
                "{}#ticket={ticket}",
                guest.address(WhichPage::Consult)
            ))
            .await?;
        guest
            .reads_within("このリンクはすでに使われています", secs(5))
            .await?;
        let address: String = guest.page().eval("() => location.href", ()).await?;
        ensure!(
            !address.contains(&ticket),
            "the ticket stands in the address bar"
        );
        doctor.picture_moves().await
    })
}

#[test]
fn used_and_invented_tickets_are_refused_at_every_door() -> Result<()> {
    tell(Plan::calm(), |story| async move {
        let (door, consult) = (story.door(), story.consult());
        let used = door
            .ticket(door.person(Role::VisitingPhysician).await?, consult)
            .await?;
        door.offer_ticket(&used).await?;
        for (ticket, code) in [
            (used.as_str(), ProblemCode::TicketUsed),
            ("invented", ProblemCode::TicketUnknown),
        ] {
            for url in [door.whip(consult), door.whep(consult)] {
                let refused = problem(post(door, &url, Some(ticket)).await?).await?;
                ensure!(
                    refused.code == code && refused.status == 401,
                    "{url}: {refused:?}"
                );
            }
        }
        for url in [door.whip(consult), door.whep(consult), door.api("consults")] {
            let answer = if url.ends_with("consults") {
                door.http().get(&url).send().await?
            } else {
                post(door, &url, None).await?
            };
            ensure!(problem(answer).await?.code == ProblemCode::NoEntry, "{url}");
        }
        Ok(())
    })
}

#[test]
fn a_ticket_expires_and_says_so() -> Result<()> {
    // The shortest life that the relay's configuration allows.
    tell(
        Plan::calm()
            .no_agent()
            .relay_flags(&["--ticket-seconds", "1"]),
        |story| async move {
            let (door, consult) = (story.door(), story.consult());
            let ticket = door
                .ticket(door.person(Role::Cardiologist).await?, consult)
                .await?;
            // The time of life itself is what is waited for here.
            tokio::time::sleep(secs(2)).await;
            ensure!(
                problem(door.offer_ticket(&ticket).await?).await?.code
                    == ProblemCode::TicketExpired
            );
            let guest = Person::open(
                story.browser(Screen::DESK).await?,
                door,
                consult,
                Role::Cardiologist,
            )
            .await?;
            guest
                .page()
                .goto(&format!(
                    "{}#ticket={ticket}",
                    guest.address(WhichPage::Consult)
                ))
                .await?;
            guest.reads_within("期限", secs(5)).await
        },
    )
}

#[test]
fn a_role_that_may_not_publish_is_told_so() -> Result<()> {
    tell(Plan::calm().no_agent(), |story| async move {
        let (door, consult) = (story.door(), story.consult());
        let ticket = door
            .ticket(door.person(Role::Observer).await?, consult)
            .await?;
        let refused = problem(post(door, &door.whip(consult), Some(&ticket)).await?).await?;
        ensure!(refused.code == ProblemCode::NotAllowed, "{refused:?}");
        Ok(())
    })
}

async fn post(door: &Door, url: &str, ticket: Option<&str>) -> Result<Response> {
    let mut request = door
        .http()
        .post(url)
        .header("content-type", "application/sdp")
        .body(SDP);
    if let Some(ticket) = ticket {
        request = request.bearer_auth(ticket);
    }
    Ok(request.send().await?)
}
