//! WHIP, WHEP and voice sessions: who opened each, and its entity tag.
//!
//! The media part knows peers; this table knows whose they are. An entry lives from the answer until the media part says
//! that the session is gone, so it is bounded by the number of peers; one page has at most `MAX_OF_A_PAGE` of each kind and one place
//! at most `MAX_OF_A_PLACE` of all kinds, so that neither a page nor a hundred of them, nor the connection check that runs on each again
//! and again, takes the places of others. Nothing here survives a restart: clients come anew.

use crate::auth::{SecretHash, place};
use crate::http::accept::Caller;
use crate::redact::Redacted;
use crate::sfu::MediaSessionId;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wire::problem::ProblemCode;
use wire::{ConsultId, SessionId};

/// Sessions of one kind that a page's session may have at the same time. It needs one; what a broken network left is told gone after
/// `VIEWER_SILENT`, and the connection check opens one after the other.
pub const MAX_OF_A_PAGE: usize = 8;

/// Sessions that callers of one place may have at the same time: a whole hospital may sit behind one address, and a hundred of its
/// pages with picture and voice are a quarter of the peers that a relay has room for unless it is told otherwise.
pub const MAX_OF_A_PLACE: usize = 256;

/// Sessions that are over and remembered: a page that closes its connection tells the relay by DTLS and by `DELETE`, and the second
/// one comes some milliseconds after the first.
const MAX_ENDED: usize = 256;

/// What somebody does over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// WHIP.
    Publish,
    /// WHEP.
    Watch,
    /// A page's voice.
    Talk,
}

impl Kind {
    /// As in the path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Publish => "whip",
            Self::Watch => "whep",
            Self::Talk => "voice",
        }
    }
}

/// Who may change or end it.
#[derive(Debug, Clone, Copy)]
pub enum Owner {
    /// The page's session.
    Session(SessionId),
    /// The bearer of the ticket that was used for it.
    Bearer(SecretHash),
}

impl Owner {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Session(a), Self::Session(b)) => a == b,
            (Self::Bearer(a), Self::Bearer(b)) => a.is(b),
            _ => false,
        }
    }
}

#[derive(Debug)]
struct Held {
    consult: ConsultId,
    kind: Kind,
    owner: Owner,
    /// Where it was asked for.
    place: Redacted<IpAddr>,
    /// Number of ICE sessions so far.
    ice: u32,
    /// When it was asked for; taken when its connection is up.
    asked_at: Option<Instant>,
}

/// All of them.
#[derive(Debug, Default)]
pub struct MediaSessions {
    held: Mutex<HashMap<MediaSessionId, Held>>,
    /// Those that ended last, the newest behind.
    ended: Mutex<VecDeque<(MediaSessionId, ConsultId, Owner)>>,
}

impl MediaSessions {
    /// Somebody asked for one.
    ///
    /// # Errors
    /// `TooFast` when a page has as many as it may, `TooMany` when all of its place together have.
    pub fn opened(
        &self,
        session: MediaSessionId,
        consult: ConsultId,
        kind: Kind,
        owner: Owner,
        Caller(from): &Caller,
    ) -> Result<(), ProblemCode> {
        let held = Held {
            consult,
            kind,
            owner,
            place: Redacted::new(place(*from.reveal())),
            ice: 1,
            asked_at: Some(Instant::now()),
        };
        let mut all = self.lock();
        if matches!(owner, Owner::Session(_)) {
            let own = all
                .values()
                .filter(|held| held.kind == kind && held.owner.is(&owner));
            if own.count() >= MAX_OF_A_PAGE {
                return Err(ProblemCode::TooFast);
            }
        }
        let of_the_place = all.values().filter(|other| other.place == held.place);
        if of_the_place.count() >= MAX_OF_A_PLACE {
            return Err(ProblemCode::TooMany);
        }
        all.insert(session, held);
        Ok(())
    }

    /// Its entity tag, if `owner` opened it here. A restart of ICE makes a new one (RFC 9725 §4.3.3).
    pub fn tag(
        &self,
        session: MediaSessionId,
        consult: ConsultId,
        owner: &Owner,
    ) -> Option<String> {
        let all = self.lock();
        let held = all
            .get(&session)
            .filter(|held| held.consult == consult && held.owner.is(owner))?;
        Some(tag(session, held.ice))
    }

    /// ICE was restarted. Gives the new entity tag.
    pub fn restarted(&self, session: MediaSessionId) -> Option<String> {
        let mut all = self.lock();
        let held = all.get_mut(&session)?;
        held.ice = held.ice.wrapping_add(1);
        Some(tag(session, held.ice))
    }

    /// Its connection is up. Gives how long a viewer waited for it, the first time.
    pub fn connected(&self, session: MediaSessionId) -> Option<Duration> {
        let mut all = self.lock();
        let held = all
            .get_mut(&session)
            .filter(|held| held.kind == Kind::Watch)?;
        held.asked_at.take().map(|at| at.elapsed())
    }

    /// The page whose voice it is.
    pub fn talker(&self, session: MediaSessionId) -> Option<SessionId> {
        self.page(session, Kind::Talk)
    }

    /// The page that watches over it.
    pub fn watcher(&self, session: MediaSessionId) -> Option<SessionId> {
        self.page(session, Kind::Watch)
    }

    fn page(&self, session: MediaSessionId, kind: Kind) -> Option<SessionId> {
        let all = self.lock();
        let held = all.get(&session).filter(|held| held.kind == kind)?;
        match held.owner {
            Owner::Session(page) => Some(page),
            Owner::Bearer(_) => None,
        }
    }

    /// It is gone.
    pub fn gone(&self, session: MediaSessionId) {
        let Some(held) = self.lock().remove(&session) else {
            return;
        };
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() >= MAX_ENDED {
            ended.pop_front();
        }
        ended.push_back((session, held.consult, held.owner));
    }

    /// Whether `owner` had opened it here, and it is over.
    pub fn has_ended(&self, session: MediaSessionId, consult: ConsultId, owner: &Owner) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended
            .iter()
            .any(|(id, of, opened_by)| (*id, *of) == (session, consult) && opened_by.is(owner))
    }

    /// Those that a page's session opened.
    pub fn of_session(&self, session: SessionId) -> Vec<MediaSessionId> {
        let own = |held: &Held| matches!(held.owner, Owner::Session(owner) if owner == session);
        self.lock()
            .iter()
            .filter(|(_, held)| own(held))
            .map(|(id, _)| *id)
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MediaSessionId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tag(session: MediaSessionId, ice: u32) -> String {
    let short = session.uuid().simple().to_string();
    format!("\"{}-{ice}\"", short.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;
    use uuid::Uuid;

    fn at(from: impl Into<IpAddr>) -> Caller {
        Caller(Redacted::new(from.into()))
    }

    #[test]
    fn only_whoever_opened_a_session_finds_it_and_only_in_its_consult() {
        let (all, id) = (
            MediaSessions::default(),
            MediaSessionId::from_uuid(Uuid::from_u128(1)),
        );
        let (consult, me) = (ConsultId::random(), Owner::Session(SessionId::random()));
        all.opened(id, consult, Kind::Watch, me, &at([192, 0, 2, 1]))
            .unwrap();
        let first = all.tag(id, consult, &me).unwrap();
        assert_eq!(all.tag(id, ConsultId::random(), &me), None);
        assert_eq!(
            all.tag(id, consult, &Owner::Session(SessionId::random())),
            None
        );
        assert_eq!(
            all.tag(id, consult, &Owner::Bearer(SecretHash::of("x").unwrap())),
            None
        );
        assert_ne!(all.restarted(id), Some(first));
        assert!(all.connected(id).is_some() && all.connected(id).is_none());
        let other = Owner::Session(SessionId::random());
        assert!(!all.has_ended(id, consult, &me));
        all.gone(id);
        assert_eq!(all.tag(id, consult, &me), None);
        assert!(all.has_ended(id, consult, &me));
        assert!(
            !all.has_ended(id, consult, &other),
            "for others it never was"
        );
        assert!(!all.has_ended(id, ConsultId::random(), &me));
        for number in 2..2 + MAX_ENDED as u128 {
            let next = MediaSessionId::from_uuid(Uuid::from_u128(number));
            all.opened(next, consult, Kind::Watch, other, &at([192, 0, 2, 1]))
                .unwrap();
            all.gone(next);
        }
        assert!(!all.has_ended(id, consult, &me), "the oldest are forgotten");
    }

    #[test]
    fn a_page_that_asks_again_and_again_takes_no_places_of_others() {
        let all = MediaSessions::default();
        let (consult, me) = (ConsultId::random(), Owner::Session(SessionId::random()));
        let ask = |number: u128, kind, owner| {
            let id = MediaSessionId::from_uuid(Uuid::from_u128(number));
            all.opened(id, consult, kind, owner, &at([192, 0, 2, 1]))
        };
        let asked: Vec<_> = (0..MAX_OF_A_PAGE as u128 + 3)
            .map(|number| ask(number, Kind::Talk, me))
            .collect();
        assert!(asked[..MAX_OF_A_PAGE].iter().all(Result::is_ok));
        assert_eq!(asked[MAX_OF_A_PAGE..], [Err(ProblemCode::TooFast); 3]);
        assert_eq!(ask(100, Kind::Watch, me), Ok(()), "its picture still comes");
        let other = Owner::Session(SessionId::random());
        assert_eq!(ask(101, Kind::Talk, other), Ok(()), "nobody else notices");
        all.gone(MediaSessionId::from_uuid(Uuid::from_u128(0)));
        assert_eq!(ask(102, Kind::Talk, me), Ok(()), "one is over");
    }

    #[test]
    fn callers_of_one_place_take_no_places_of_others() {
        let (all, consult) = (MediaSessions::default(), ConsultId::random());
        let ask = |number: usize, from| {
            let id = MediaSessionId::from_uuid(Uuid::from_u128(number as u128));
            let owner = Owner::Session(SessionId::random());
            all.opened(id, consult, Kind::Talk, owner, &at(from))
        };
        // One customer has a whole /64 (RFC 6177).
        let here = |host| Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 0, 0, 0, host);
        for number in 0..MAX_OF_A_PLACE {
            assert_eq!(ask(number, here(number as u16)), Ok(()));
        }
        assert_eq!(ask(1_000, here(1_000)), Err(ProblemCode::TooMany));
        let elsewhere = Ipv6Addr::new(0x2001, 0xdb8, 0, 8, 0, 0, 0, 1);
        assert_eq!(ask(1_001, elsewhere), Ok(()), "nobody else notices");
        all.gone(MediaSessionId::from_uuid(Uuid::from_u128(0)));
        assert_eq!(ask(1_002, here(0)), Ok(()), "one is over");
    }
}
