//! Making tickets and sessions.
//!
//! Owns how long each lives and what goes into the store for it. Called by the HTTP actions, the demo door and the
//! command line, after they have found out that the asker may have one.

use super::secret::{NoRandomness, Secret};
use crate::store::{self, Bearer, SessionRow, Store, StoreError, TicketRow};
use std::time::Duration;
use thiserror::Error;
use wire::{ConsultId, RelayTime, SessionId};

/// How long a session lasts at most: the longest duty.
const SESSION: Duration = Duration::from_secs(12 * 3_600);

/// A ticket or session could not be made.
#[derive(Debug, Error)]
pub enum GrantError {
    /// No secret.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// Not stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A fresh ticket, for its holder.
#[derive(Debug)]
pub struct MadeTicket {
    /// The secret.
    pub ticket: Secret,
    /// Until when.
    pub expires_at: RelayTime,
}

/// A fresh session, for its holder.
#[derive(Debug)]
pub struct MadeSession {
    /// Its handle.
    pub session: SessionId,
    /// The secret of the cookie.
    pub secret: Secret,
    /// Until when.
    pub expires_at: RelayTime,
    /// How long that is.
    pub lasts: Duration,
}

/// Makes tickets and sessions.
#[derive(Debug, Clone, Copy)]
pub struct Grants {
    /// How long a ticket is good.
    pub ticket_lasts: Duration,
}

impl Grants {
    /// A ticket for `consult`.
    ///
    /// # Errors
    /// `GrantError`.
    pub async fn ticket(
        &self,
        store: &Store,
        consult: ConsultId,
        bearer: Bearer,
        now: RelayTime,
    ) -> Result<MadeTicket, GrantError> {
        let ticket = Secret::make()?;
        let (hash, expires_at) = (ticket.hash(), later(now, self.ticket_lasts));
        let row = TicketRow {
            consult,
            bearer,
            expires_at,
        };
        store
            .write("note a ticket", move |db| {
                store::add_ticket(db, hash.bytes(), &row)
            })
            .await?;
        Ok(MadeTicket { ticket, expires_at })
    }

    /// A session for the person of a redeemed ticket; `row` needs no secret, handle or expiry.
    ///
    /// # Errors
    /// `GrantError`.
    pub async fn session(
        &self,
        store: &Store,
        mut row: SessionRow,
        now: RelayTime,
    ) -> Result<MadeSession, GrantError> {
        let secret = Secret::make()?;
        row.secret = *secret.hash().bytes();
        row.session = SessionId::random();
        row.expires_at = later(now, SESSION);
        let (session, expires_at) = (row.session, row.expires_at);
        store
            .write("note a session", move |db| store::add_session(db, &row))
            .await?;
        Ok(MadeSession {
            session,
            secret,
            expires_at,
            lasts: SESSION,
        })
    }
}

fn later(now: RelayTime, by: Duration) -> RelayTime {
    RelayTime(
        now.0
            .saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Entrance, Entry, Origins, cookie_name};
    use crate::clock::tests::{DAY, Machine, SECOND};
    use crate::store::PersonRow;
    use axum::http::{HeaderMap, header};
    use std::net::{IpAddr, Ipv4Addr};
    use wire::PersonId;
    use wire::http::SESSION_HEADER;
    use wire::people::Role;
    use wire::problem::ProblemCode;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const GRANTS: Grants = Grants {
        ticket_lasts: Duration::from_secs(300),
    };

    /// Somebody in a consult, and who judges them.
    struct World {
        machine: Machine,
        store: Store,
        entrance: Entrance,
        consult: ConsultId,
        person: PersonId,
        _folder: tempfile::TempDir,
    }

    impl World {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&folder.path().join("relay.db")).unwrap();
            let (consult, person) = (ConsultId::random(), PersonId::random());
            let row = PersonRow {
                person,
                name: "架空".into(),
                initials: "架".into(),
            };
            let work = move |db: &_| {
                store::open_consult(db, consult, "訪問 1", RelayTime(1))?;
                store::add_person(db, &row, RelayTime(1))
            };
            store.write("add somebody", work).await.unwrap();
            Self {
                machine: Machine::new(),
                entrance: Entrance::new(store.clone(), Origins::Loopback, Vec::new()),
                store,
                consult,
                person,
                _folder: folder,
            }
        }

        async fn ticket(&self, now: RelayTime) -> String {
            let bearer = Bearer::Person(self.person, Role::Cardiologist);
            let made = GRANTS.ticket(&self.store, self.consult, bearer, now);
            made.await.unwrap().ticket.into_text()
        }

        async fn session(&self, now: RelayTime) -> HeaderMap {
            let row = SessionRow {
                session: SessionId::random(),
                secret: [0; 32],
                person: self.person,
                name: String::new(),
                initials: String::new(),
                consult: self.consult,
                role: Role::Cardiologist,
                expires_at: RelayTime(0),
                ended: false,
                closed: false,
            };
            let made = GRANTS.session(&self.store, row, now).await.unwrap();
            let cookie = format!("{}={}", cookie_name(made.session), made.secret.into_text());
            let mut headers = HeaderMap::new();
            headers.insert(SESSION_HEADER, made.session.to_string().parse().unwrap());
            headers.insert(header::COOKIE, cookie.parse().unwrap());
            headers
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_set_by_a_day_ends_no_session_and_no_ticket_and_prolongs_neither() {
        for step in [DAY, -DAY] {
            let world = World::new().await;
            let clock = world.machine.clock();
            let (headers, ticket, late) = (
                world.session(clock.steady()).await,
                world.ticket(clock.steady()).await,
                world.ticket(clock.steady()).await,
            );
            world.machine.is_set_by(step);
            clock.now();
            world.machine.passes(299 * SECOND);
            let redeemed = world
                .entrance
                .redeem(&ticket, None, HERE, clock.steady())
                .await;
            assert!(matches!(redeemed, Ok(Entry::Ticket { .. })), "{redeemed:?}");
            world.machine.passes(SECOND);
            let redeemed = world
                .entrance
                .redeem(&late, None, HERE, clock.steady())
                .await;
            assert_eq!(redeemed.unwrap_err(), ProblemCode::TicketExpired);

            let swept = clock.steady();
            let work = move |db: &_| {
                store::sweep_sessions(db, swept)?;
                store::sweep_tickets(db, swept)
            };
            world.store.write("sweep", work).await.unwrap();
            let stands = world.entrance.session(&headers, None, clock.steady()).await;
            assert!(stands.is_ok(), "{stands:?}");
            world.machine.passes(12 * 3_600 * SECOND);
            let stands = world.entrance.session(&headers, None, clock.steady()).await;
            assert_eq!(stands.unwrap_err(), ProblemCode::SessionExpired);
        }
    }
}
