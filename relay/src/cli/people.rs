//! People and their links.

use super::Opened;
use super::args::Person;
use super::fault::Fault;
use crate::auth::Grants;
use crate::clock::Clock;
use crate::store::{self, Bearer, PersonRow};
use std::time::Duration;
use wire::people::Role;
use wire::{ConsultId, PersonId};

/// As the relay's own default.
const DEFAULT_TICKET_SECONDS: u32 = 300;

/// Adds somebody or gives them a role.
pub(super) async fn change(opened: &Opened, what: Person) -> Result<(), Fault> {
    let now = Clock::default().now();
    match what {
        Person::Add {
            name,
            initials,
            role,
            consult,
        } => {
            is_open(opened, consult).await?;
            let initials = initials.unwrap_or_else(|| name.chars().take(1).collect());
            let row = PersonRow {
                person: PersonId::random(),
                name,
                initials,
            };
            let person = row.person;
            let work = move |db: &rusqlite::Connection| {
                store::add_person(db, &row, now)
                    .and_then(|()| store::set_role(db, row.person, consult, role.into()))
            };
            opened.store.write("add a person", work).await?;
            println!("{person}");
        }
        Person::Role {
            person,
            role,
            consult,
        } => {
            is_open(opened, consult).await?;
            let known = opened
                .store
                .read("look up a person", move |db| store::person(db, person))
                .await?;
            known.ok_or(Fault::Unknown(
                "there is nobody with this id; add them with: relay person add",
            ))?;
            opened
                .store
                .write("give a role", move |db| {
                    store::set_role(db, person, consult, role.into())
                })
                .await?;
        }
    }
    Ok(())
}

/// Prints a link that lets somebody in, once; into a consult that is closed, to replay it.
pub(super) async fn ticket(
    opened: &Opened,
    person: PersonId,
    consult: ConsultId,
) -> Result<(), Fault> {
    let (held, then) = opened
        .store
        .read("look up a role", move |db| {
            let held = store::role_in(db, person, consult)?;
            Ok((held, store::role_then(db, person, consult)?))
        })
        .await?;
    let role = held.or(then).ok_or(Fault::Unknown(
        "this person has no role in a consult with this id; give one with: relay person role",
    ))?;
    let lasts = opened
        .settings
        .ticket_seconds
        .unwrap_or(DEFAULT_TICKET_SECONDS);
    let grants = Grants {
        ticket_lasts: Duration::from_secs(lasts.into()),
    };
    // A running relay judges the ticket by this time.
    let last = opened
        .store
        .read("look up the clock", store::last_sighting)
        .await?;
    let now = Clock::after(last.as_ref()).steady();
    let made = grants
        .ticket(&opened.store, consult, Bearer::Person(person, role), now)
        .await?;
    let origin = opened.settings.origins.iter().flatten().next().cloned();
    let origin = origin
        .or_else(|| opened.settings.http.map(|http| format!("http://{http}")))
        .unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let (screen, replay) = match (role, then) {
        (_, Some(_)) => ("consults", "/replay"),
        (Role::VisitingPhysician, None) => ("visits", ""),
        _ => ("consults", ""),
    };
    // After the #, so that no server and no proxy on the way sees it.
    println!(
        "{origin}/{screen}/{consult}{replay}#ticket={}",
        made.ticket.into_text()
    );
    eprintln!("It works once, within {lasts} seconds.");
    Ok(())
}

/// A tool says at once when a consult does not exist.
pub(super) async fn is_open(opened: &Opened, consult: ConsultId) -> Result<(), Fault> {
    let row = opened
        .store
        .read("look up a consult", move |db| store::consult(db, consult))
        .await?;
    match row {
        Some(row) if !row.closed => Ok(()),
        _ => Err(Fault::Unknown(
            "there is no open consult with this id; see: relay consult list",
        )),
    }
}
