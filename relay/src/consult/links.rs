//! How the picture arrives at everybody's page: what the others are shown of it, and what the log keeps.
//!
//! Sans-IO. Pages say it every two seconds. What came within one interval goes out as one message, the newest word of each page;
//! the log gets a sample when a word or a hint changed, at most one in `CHANGE_US`, and one in `STEADY_US` while the picture runs. So
//! a link that flutters writes no more than twelve entries a minute. Invariant: nobody's link is shown who is not here.

use super::core::{Consult, Done, Refused};
use super::effect::Newcomer;
use std::collections::{HashMap, HashSet};
use wire::link::{LinkHints, LinkLevel, LinkSeen, PersonLink};
use wire::log::LogEvent;
use wire::problem::ProblemCode;
use wire::socket::FromRelay;
use wire::{RelayTime, SessionId};

/// Between two messages to everybody.
const SHOWN_EVERY_US: u64 = 500_000;
/// Between two samples of one page in the log, when something changed.
const CHANGE_US: u64 = 5_000_000;
/// The same, when nothing did.
const STEADY_US: u64 = 30_000_000;

/// What a sample says, without its figures.
type Words = (LinkLevel, LinkHints);

/// The links of those who are here.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// The newest word of each; at most one per person who is here.
    seen: HashMap<SessionId, LinkSeen>,
    /// Whose is to be shown.
    fresh: HashSet<SessionId>,
    shown_at: RelayTime,
    /// What the log has last, and since when; until they left.
    logged: HashMap<SessionId, (Words, RelayTime)>,
}

impl Links {
    /// A page said how its link is. Gives whether the log is to have it.
    pub(super) fn note(&mut self, session: SessionId, seen: LinkSeen, now: RelayTime) -> bool {
        self.seen.insert(session, seen);
        self.fresh.insert(session);
        let words = (seen.level, seen.hints);
        let is_due = match self.logged.get(&session) {
            // Who never had a picture has no link to tell of.
            None => seen.runs(),
            Some((before, at)) => {
                // A clock that was set back must not hold samples up.
                let since = now.0.checked_sub(at.0).unwrap_or(STEADY_US);
                since >= STEADY_US && seen.runs() || since >= CHANGE_US && *before != words
            }
        };
        if is_due {
            self.logged.insert(session, (words, now));
        }
        is_due
    }

    /// A page went; its person may come back.
    pub(super) fn gone(&mut self, session: SessionId) {
        self.seen.remove(&session);
        self.fresh.remove(&session);
    }

    /// Somebody left by the log.
    pub(super) fn left(&mut self, session: SessionId) {
        self.logged.remove(&session);
    }

    /// Everybody's, for somebody who joins.
    pub(super) fn all(&self) -> Option<FromRelay> {
        message(self.seen.iter())
    }

    /// When what is fresh is to be shown.
    pub(super) fn due(&self) -> Option<RelayTime> {
        let due = RelayTime(self.shown_at.0.saturating_add(SHOWN_EVERY_US));
        (!self.fresh.is_empty()).then_some(due)
    }

    /// What is fresh, if it is due.
    pub(super) fn take(&mut self, now: RelayTime) -> Option<FromRelay> {
        if self.shown_at > now {
            self.shown_at = RelayTime(0);
        }
        if self.due().is_none_or(|due| due > now) {
            return None;
        }
        self.shown_at = now;
        let fresh = std::mem::take(&mut self.fresh);
        message(
            self.seen
                .iter()
                .filter(|(session, _)| fresh.contains(session)),
        )
    }
}

fn message<'a>(seen: impl Iterator<Item = (&'a SessionId, &'a LinkSeen)>) -> Option<FromRelay> {
    let mut links: Vec<PersonLink> = seen
        .map(|(session, seen)| PersonLink {
            session: *session,
            seen: *seen,
        })
        .collect();
    links.sort_unstable_by_key(|link| link.session);
    (!links.is_empty()).then_some(FromRelay::Links { links })
}

impl Consult {
    /// A page said how the picture arrives there.
    pub(super) fn link_seen(
        &mut self,
        who: &Newcomer,
        seen: LinkSeen,
        now: RelayTime,
    ) -> Result<Done, Refused> {
        if !seen.is_plausible() {
            return Err(Refused {
                code: ProblemCode::MessageRefused,
                mark: None,
                freeze: None,
                clip: None,
            });
        }
        if self.links.note(who.session, seen, now) {
            // A sample that the log cannot take is made up for by the next one.
            let _ = self.append(who.author(), LogEvent::LinkSample { seen }, now);
        }
        Ok(Done::Taken)
    }
}
