//! Who publishes the picture of which consult.
//!
//! One picture per consult: the same publisher may come again at any time and takes its own place; another one is refused
//! while a picture runs or is being set up. Owns the claims, and for each the name in the log and the ear for its control
//! channel. Called by the WHIP action and by `pictures`. It does no input or output.

use crate::consult::RunningPicture;
use crate::consult::admission::Admission;
use crate::consult::agent::Ear;
use crate::consult::assembly::Assembly;
use crate::sfu::MediaSessionId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use wire::agent::RelayToAgent;
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::{ConsultId, RelayTime, StreamId};

/// Connections of one publisher at the same time: the one that runs and those that try to take its place.
const MAX_CLAIMS: usize = 4;

/// A publisher's connection, from its request on.
#[derive(Debug)]
pub struct Claim {
    /// Its media session.
    pub session: MediaSessionId,
    /// Who: `device:ID` or `person:ID`, as the store names streams.
    pub publisher: String,
    /// As the log names them.
    pub author: Author,
    /// Their stream.
    pub stream: StreamId,
}

#[derive(Debug)]
struct Held {
    claim: Claim,
    ear: Ear,
    /// The original that is arriving.
    assembly: Assembly,
    /// Originals that it was asked for.
    admission: Admission,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// No picture yet.
    Connecting,
    /// This codec arrives, with stamps or without, its RTP times shifted by this much.
    Running {
        codec: String,
        stamped: bool,
        rtp_offset: u32,
    },
    /// Nothing is heard of it; it may come back.
    Silent,
    /// Another connection of the same publisher took its place.
    Replaced,
}

/// All publishers.
#[derive(Debug, Default)]
pub struct Publishers {
    consults: Mutex<HashMap<ConsultId, Vec<Held>>>,
}

impl Publishers {
    /// Claims the picture of a consult. Gives connections that must be closed for it: silent ones of somebody else, and
    /// old ones of the same publisher beyond what may wait.
    ///
    /// # Errors
    /// `PublisherPresent` while somebody else publishes.
    pub fn claim(
        &self,
        consult: ConsultId,
        claim: Claim,
        now: RelayTime,
    ) -> Result<Vec<MediaSessionId>, ProblemCode> {
        let mut consults = self.lock();
        let held = consults.entry(consult).or_default();
        let in_the_way = |other: &Held| {
            other.claim.publisher != claim.publisher
                && matches!(other.state, State::Connecting | State::Running { .. })
        };
        if held.iter().any(in_the_way) {
            return Err(ProblemCode::PublisherPresent);
        }
        let mut to_close: Vec<MediaSessionId> = held
            .iter()
            .filter(|other| other.claim.publisher != claim.publisher)
            .map(|other| other.claim.session)
            .collect();
        let own = held.len() - to_close.len();
        let surplus = own.saturating_sub(MAX_CLAIMS - 1);
        to_close.extend(
            held.iter()
                .filter(|other| other.claim.publisher == claim.publisher)
                .take(surplus)
                .map(|other| other.claim.session),
        );
        held.push(Held {
            ear: Ear::new(consult, claim.stream, now),
            assembly: Assembly::default(),
            admission: Admission::default(),
            claim,
            state: State::Connecting,
        });
        Ok(to_close)
    }

    /// A connection is gone, or never came about.
    pub fn gone(&self, consult: ConsultId, session: MediaSessionId) {
        let mut consults = self.lock();
        if let Some(held) = consults.get_mut(&consult) {
            held.retain(|held| held.claim.session != session);
            if held.is_empty() {
                consults.remove(&consult);
            }
        }
    }

    /// Its picture began to arrive.
    pub(super) fn started(
        &self,
        consult: ConsultId,
        session: MediaSessionId,
        codec: &str,
        stamped: bool,
        rtp_offset: u32,
    ) -> Option<RunningPicture> {
        let mut consults = self.lock();
        let all = consults.get_mut(&consult)?;
        for other in all
            .iter_mut()
            .filter(|held| matches!(held.state, State::Running { .. }))
        {
            other.state = State::Replaced;
        }
        let held = all.iter_mut().find(|held| held.claim.session == session)?;
        held.state = State::Running {
            codec: codec.to_owned(),
            stamped,
            rtp_offset,
        };
        running(held)
    }

    /// Its picture ended. Gives whether it was the one that ran.
    pub(super) fn stopped(&self, consult: ConsultId, session: MediaSessionId) -> bool {
        let mut consults = self.lock();
        let held = consults
            .get_mut(&consult)
            .and_then(|all| all.iter_mut().find(|held| held.claim.session == session));
        let Some(held) = held else { return false };
        let ran = matches!(held.state, State::Running { .. });
        if ran {
            held.state = State::Silent;
        }
        ran
    }

    /// Listens to what its control channel says, or takes a piece of an original; none when the connection is unknown.
    pub(super) fn listen<T>(
        &self,
        consult: ConsultId,
        session: MediaSessionId,
        listen: impl FnOnce(&mut Ear, &mut Assembly, &mut Admission) -> T,
    ) -> Option<T> {
        let mut consults = self.lock();
        let held = consults
            .get_mut(&consult)?
            .iter_mut()
            .find(|held| held.claim.session == session)?;
        Some(listen(
            &mut held.ear,
            &mut held.assembly,
            &mut held.admission,
        ))
    }

    /// The picture that runs in a consult.
    pub(super) fn running(&self, consult: ConsultId) -> Option<RunningPicture> {
        self.lock().get(&consult)?.iter().find_map(running)
    }

    /// The publisher of a stream is about to be asked something: what it may send follows from that. Gives the connection
    /// through which its picture comes.
    pub(super) fn ask(
        &self,
        consult: ConsultId,
        stream: StreamId,
        word: &RelayToAgent,
    ) -> Option<MediaSessionId> {
        let mut consults = self.lock();
        let runs = |held: &&mut Held| {
            held.claim.stream == stream && matches!(held.state, State::Running { .. })
        };
        let held = consults.get_mut(&consult)?.iter_mut().find(runs)?;
        held.admission.asked(word);
        Some(held.claim.session)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConsultId, Vec<Held>>> {
        self.consults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn running(held: &Held) -> Option<RunningPicture> {
    let State::Running {
        codec,
        stamped,
        rtp_offset,
    } = &held.state
    else {
        return None;
    };
    Some(RunningPicture {
        stream: held.claim.stream,
        author: held.claim.author.clone(),
        codec: codec.clone(),
        stamped: *stamped,
        rtp_offset: *rtp_offset,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn claim(publisher: &str, session: u128) -> Claim {
        Claim {
            session: MediaSessionId::from_uuid(Uuid::from_u128(session)),
            publisher: publisher.to_owned(),
            author: Author::Relay,
            stream: StreamId::from_uuid(Uuid::from_u128(7)),
        }
    }

    fn id(session: u128) -> MediaSessionId {
        MediaSessionId::from_uuid(Uuid::from_u128(session))
    }

    #[test]
    fn one_picture_per_consult_and_the_same_publisher_takes_its_own_place() {
        let (all, consult, now) = (Publishers::default(), ConsultId::random(), RelayTime(0));
        assert_eq!(all.claim(consult, claim("device:a", 1), now), Ok(vec![]));
        assert_eq!(
            all.claim(consult, claim("device:b", 2), now),
            Err(ProblemCode::PublisherPresent)
        );
        all.started(consult, id(1), "H264", true, 0).unwrap();
        assert_eq!(
            all.claim(consult, claim("device:b", 2), now),
            Err(ProblemCode::PublisherPresent)
        );
        assert_eq!(all.claim(consult, claim("device:a", 3), now), Ok(vec![]));
        all.started(consult, id(3), "H264", true, 0).unwrap();
        assert!(
            !all.stopped(consult, id(1)),
            "the old connection's end is no end of the picture"
        );
        assert!(all.running(consult).is_some() && all.stopped(consult, id(3)));
        assert_eq!(
            all.claim(ConsultId::random(), claim("device:b", 4), now),
            Ok(vec![]),
            "another consult is free"
        );
    }

    #[test]
    fn a_timeline_that_the_relay_shifts_is_told_with_the_picture() {
        let (all, consult) = (Publishers::default(), ConsultId::random());
        all.claim(consult, claim("person:a", 1), RelayTime(0))
            .unwrap();
        let started = all.started(consult, id(1), "VP8", false, 7_000).unwrap();
        assert_eq!(started.rtp_offset, 7_000);
        assert_eq!(all.running(consult), Some(started));
    }

    #[test]
    fn a_publisher_that_fell_silent_makes_way() {
        let (all, consult, now) = (Publishers::default(), ConsultId::random(), RelayTime(0));
        all.claim(consult, claim("device:a", 1), now).unwrap();
        all.started(consult, id(1), "H264", true, 0).unwrap();
        assert!(all.stopped(consult, id(1)));
        assert_eq!(
            all.claim(consult, claim("person:b", 2), now),
            Ok(vec![id(1)])
        );
        all.gone(consult, id(1));
        all.gone(consult, id(2));
        assert!(all.lock().is_empty());
    }

    #[test]
    fn a_publisher_that_never_connects_does_not_pile_up() {
        let (all, consult, now) = (Publishers::default(), ConsultId::random(), RelayTime(0));
        for n in 0..100 {
            for old in all.claim(consult, claim("device:a", n), now).unwrap() {
                all.gone(consult, old);
            }
        }
        assert!(all.lock()[&consult].len() <= MAX_CLAIMS);
    }
}
