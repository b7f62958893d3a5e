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
