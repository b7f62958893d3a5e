//! The one entrance: from the headers of a request to who it is.
//!
//! Owns every check of a cookie, a ticket or a device key. The HTTP side asks here before any action runs and gives the
//! `Entry` on; no action reads a credential by itself. Invariant: what is unknown, of somebody else or for another
//! consult gets the same answer, so that nothing can be found out by asking.

use super::cookie;
use super::systems::{self, System};
use super::{Attempts, Origins, SecretHash};
use crate::redact::Redacted;
use crate::store::{self, Bearer, Redeemed, SessionRow, Store, StoreError};
use axum::http::{HeaderMap, header};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use wire::http::SESSION_HEADER;
use wire::people::Role;
use wire::problem::ProblemCode;
use wire::{ConsultId, DeviceId, PersonId, RelayTime, SessionId};

/// Somebody who was let in.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A person with a session.
    Session(SessionEntry),
    /// The bearer of a ticket that was just used up; the hash lets the same bearer speak for what it opens.
    Ticket {
        /// Who and where.
        identity: Identity,
        /// Of the ticket.
        hash: SecretHash,
    },
    /// The bearer of a ticket that was used up before; good only for what it opened then.
    Returning {
        /// Of the ticket.
        hash: SecretHash,
    },
    /// A device with its key.
    Device(DeviceId),
    /// A hospital system with its token.
    System(System),
    /// Nobody in particular, at a door that is open to all.
    Anyone,
}

/// Who somebody is, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Person or device.
    pub bearer: Bearer,
    /// Name and initials as shown.
    pub name: Redacted<(String, String)>,
    /// Where.
    pub consult: ConsultId,
}

/// A person's session.
#[derive(Debug, Clone)]
pub struct SessionEntry {
    /// Its handle.
    pub session: SessionId,
    /// Who.
    pub person: PersonId,
    /// As what.
    pub role: Role,
    /// Where.
    pub consult: ConsultId,
    /// Name and initials as shown.
    pub name: Redacted<(String, String)>,
    /// Until when.
    pub expires_at: RelayTime,
}

impl SessionEntry {
    /// The same as an identity.
    pub fn identity(&self) -> Identity {
        Identity {
            bearer: Bearer::Person(self.person, self.role),
            name: self.name.clone(),
            consult: self.consult,
        }
    }
}

/// The entrance.
pub struct Entrance {
    store: Store,
    /// Where our pages are reached.
    pub origins: Origins,
    attempts: Mutex<Attempts>,
    /// Hospital systems; empty where none may enter.
    systems: Vec<System>,
}

impl Entrance {
    /// Over a store.
    pub fn new(store: Store, origins: Origins, systems: Vec<System>) -> Self {
        Self {
            store,
            origins,
            attempts: Mutex::default(),
            systems,
        }
    }

    /// A session by the handle in the header or in the query, and its cookie. One whose consult is closed is over.
    ///
    /// # Errors
    /// `NoEntry` or `SessionExpired`.
    pub async fn session(
        &self,
        headers: &HeaderMap,
        named: Option<&str>,
        now: RelayTime,
    ) -> Result<SessionEntry, ProblemCode> {
        let row = self.proven(headers, named).await?;
        if row.closed {
            return Err(ProblemCode::SessionExpired);
        }
        standing(row, now)
    }

    /// The same for somebody who reads what was: a consult that is closed has its readers still.
    ///
    /// # Errors
    /// As `session`.
    pub async fn reader(
        &self,
        headers: &HeaderMap,
        now: RelayTime,
    ) -> Result<SessionEntry, ProblemCode> {
        standing(self.proven(headers, None).await?, now)
    }

    async fn proven(
        &self,
        headers: &HeaderMap,
        named: Option<&str>,
    ) -> Result<SessionRow, ProblemCode> {
        let header = headers
            .get(SESSION_HEADER)
            .and_then(|value| value.to_str().ok());
        let handle: SessionId = header
            .or(named)
            .and_then(|text| text.parse().ok())
            .ok_or(ProblemCode::NoEntry)?;
        let shown = cookie::find(headers, handle)
            .and_then(SecretHash::of)
            .ok_or(ProblemCode::NoEntry)?;
        let row = self
            .store
            .read("look up a session", move |db| store::session(db, handle))
            .await
            .map_err(failed)?;
        // The same work is done for a session that does not exist.
        let kept = row.as_ref().map_or(SecretHash::stored([0; 32]), |row| {
            SecretHash::stored(row.secret)
        });
        match row {
            Some(row) if shown.is(&kept) => Ok(row),
            _ => Err(ProblemCode::NoEntry),
        }
    }

    /// Uses a ticket up; it must be for `consult`, if one is named.
    ///
    /// # Errors
    /// `TicketUnknown`, `TicketExpired`, `TicketUsed`, or `TooFast` after many failures from one place.
    pub async fn redeem(
        &self,
        ticket: &str,
        consult: Option<ConsultId>,
        from: IpAddr,
        now: RelayTime,
    ) -> Result<Entry, ProblemCode> {
        self.may_try(from, now)?;
        let Some(hash) = SecretHash::of(ticket) else {
            return Err(self.failure(ProblemCode::TicketUnknown, from, now));
        };
        let redeemed = self
            .store
            .write("redeem a ticket", move |db| {
                match store::redeem(db, hash.bytes(), consult, now)? {
                    Redeemed::Now(ticket) => {
                        Ok((Redeemed::Now(ticket), store::name_of(db, ticket.bearer)?))
                    }
                    other => Ok((other, None)),
                }
            })
            .await
            .map_err(failed)?;
        match redeemed {
            (Redeemed::Now(ticket), Some(name)) => Ok(Entry::Ticket {
                identity: Identity {
                    bearer: ticket.bearer,
                    name: Redacted::new(name),
                    consult: ticket.consult,
                },
                hash,
            }),
            (Redeemed::Now(_) | Redeemed::Unknown, _) => {
                Err(self.failure(ProblemCode::TicketUnknown, from, now))
            }
            (Redeemed::Expired, _) => Err(self.failure(ProblemCode::TicketExpired, from, now)),
            (Redeemed::Used, _) => Err(self.failure(ProblemCode::TicketUsed, from, now)),
        }
    }

    /// Makes a ticket good again whose use came to nothing.
    pub async fn give_back(&self, hash: SecretHash) {
        if let Err(error) = self
            .store
            .write("give a ticket back", move |db| {
                store::give_back(db, hash.bytes())
            })
            .await
        {
            tracing::warn!(%error, "a ticket stays used although nothing came of it");
        }
    }

    /// A device by its key.
    ///
    /// # Errors
    /// `NoEntry`, or `TooFast` after many failures from one place.
    pub async fn device(
        &self,
        device: Option<DeviceId>,
        headers: &HeaderMap,
        from: IpAddr,
        now: RelayTime,
    ) -> Result<DeviceId, ProblemCode> {
        self.may_try(from, now)?;
        let shown = bearer(headers).and_then(SecretHash::of);
        let (Some(device), Some(shown)) = (device, shown) else {
            return Err(self.failure(ProblemCode::NoEntry, from, now));
        };
        let row = self
            .store
            .read("look up a device", move |db| store::device(db, device))
            .await
            .map_err(failed)?;
        let kept = row.as_ref().map_or(SecretHash::stored([0; 32]), |row| {
            SecretHash::stored(row.key_hash)
        });
        if shown.is(&kept) && row.is_some() {
            Ok(device)
        } else {
            Err(self.failure(ProblemCode::NoEntry, from, now))
        }
    }

    /// A hospital system by its token, if it may what it asks for. Without any word of who it is nothing was tried: programs ask so
    /// first, to learn how to say it.
    ///
    /// # Errors
    /// `NoEntry`, `NotAllowed`, or `TooFast` after many failures from one place.
    pub fn system(
        &self,
        headers: &HeaderMap,
        stores: bool,
        from: IpAddr,
        now: RelayTime,
    ) -> Result<System, ProblemCode> {
        let shown = systems::shown(headers).filter(|_| !self.systems.is_empty());
        let shown = shown.ok_or(ProblemCode::NoEntry)?;
        self.may_try(from, now)?;
        let system = systems::find(&self.systems, &shown);
        let system = system.ok_or_else(|| self.failure(ProblemCode::NoEntry, from, now))?;
        let may = if stores {
            system.rights.store
        } else {
            system.rights.read
        };
        may.then_some(system).ok_or(ProblemCode::NotAllowed)
    }

    fn may_try(&self, from: IpAddr, now: RelayTime) -> Result<(), ProblemCode> {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.may_try(from, now) {
            Ok(())
        } else {
            Err(ProblemCode::TooFast)
        }
    }

    fn failure(&self, code: ProblemCode, from: IpAddr, now: RelayTime) -> ProblemCode {
        self.attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .failed(from, now);
        code
    }
}

/// The bearer of `Authorization` (RFC 6750 §2.1).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn standing(row: SessionRow, now: RelayTime) -> Result<SessionEntry, ProblemCode> {
    if row.ended || row.expires_at <= now {
        return Err(ProblemCode::SessionExpired);
    }
    Ok(SessionEntry {
        session: row.session,
        person: row.person,
        role: row.role,
        consult: row.consult,
        name: Redacted::new((row.name, row.initials)),
        expires_at: row.expires_at,
    })
}

fn failed(error: StoreError) -> ProblemCode {
    tracing::error!(%error, "an entry could not be checked");
    ProblemCode::StorageFailed
}
