//! Who is here now, and who was a moment ago.
//!
//! Presence shows at once; the log waits: a reload is no leave and join. Somebody whose last socket went is remembered
//! as away and leaves by the log after `GRACE_US`. One session has one page: a second one takes over. Somebody who comes once
//! more on a page of the same kind, by another ticket, has most often lost the page of before: that one is shown again when it is heard.

use super::effect::{Newcomer, SocketKey};
use std::collections::HashMap;
use wire::people::{Author, Participant};
use wire::{RelayTime, SessionId};

/// Longer than a reload or a lift takes, shorter than people wait before asking where somebody is.
pub const GRACE_US: u64 = 10_000_000;
/// Pages in one consult at the same time: a case conference, not a lecture.
pub const MAX_HERE: usize = 64;

/// Somebody with an open page.
#[derive(Debug, Clone)]
pub struct Here {
    /// Their socket.
    pub socket: SocketKey,
    /// Who.
    pub who: Newcomer,
    /// The same person came once more, and this page was not heard since.
    in_doubt: bool,
}

/// Who is here.
#[derive(Debug, Default)]
pub struct People {
    /// In order of coming; at most `MAX_HERE`.
    here: Vec<Here>,
    /// Whose page went, and when. Bounded by what the log says joined.
    away: HashMap<SessionId, RelayTime>,
}

impl People {
    /// Other pages of this kind that this person has: none of them is shown until it is heard. Gives those that must be asked.
    pub fn doubts(&mut self, who: &Newcomer) -> Vec<SocketKey> {
        let mut asked = Vec::new();
        for held in &mut self.here {
            let other = &held.who;
            let is_alike = (other.person, other.page) == (who.person, who.page);
            if is_alike && other.session != who.session && !held.in_doubt {
                held.in_doubt = true;
                asked.push(held.socket);
            }
        }
        asked
    }

    /// A page was heard. Tells whether it was in doubt.
    pub fn heard(&mut self, socket: SocketKey) -> bool {
        let held = self.here.iter_mut().find(|held| held.socket == socket);
        held.is_some_and(|held| std::mem::take(&mut held.in_doubt))
    }

    /// Somebody came. Gives the socket of the same session that was open before.
    pub fn came(&mut self, socket: SocketKey, who: Newcomer) -> Option<SocketKey> {
        self.away.remove(&who.session);
        if let Some(held) = self
            .here
            .iter_mut()
            .find(|held| held.who.session == who.session)
        {
            let before = held.socket;
            *held = Here {
                socket,
                who,
                in_doubt: false,
            };
            return Some(before);
        }
        self.here.push(Here {
            socket,
            who,
            in_doubt: false,
        });
        None
    }

    /// Whether one more session finds room.
    pub fn has_room_for(&self, session: SessionId) -> bool {
        self.here.len() < MAX_HERE || self.here.iter().any(|held| held.who.session == session)
    }

    /// A socket went. Gives who that was, unless another socket had taken over.
    pub fn went(&mut self, socket: SocketKey, now: RelayTime) -> Option<Newcomer> {
        let place = self.here.iter().position(|held| held.socket == socket)?;
        let who = self.here.remove(place).who;
        self.away.insert(who.session, now);
        Some(who)
    }

    /// Somebody the log knows, who was not seen since the relay came up.
    pub fn missed(&mut self, session: SessionId, now: RelayTime) {
        if self.of_session(session).is_none() {
            self.away.entry(session).or_insert(now);
        }
    }

    /// Somebody whose session ended: no grace.
    pub fn is_not_coming_back(&mut self, session: SessionId) {
        if let Some(since) = self.away.get_mut(&session) {
            *since = RelayTime(0);
        }
    }

    /// Who sits behind a socket.
    pub fn behind(&self, socket: SocketKey) -> Option<&Newcomer> {
        self.here
            .iter()
            .find(|held| held.socket == socket)
            .map(|held| &held.who)
    }

    /// Somebody by their session.
    pub fn of_session(&self, session: SessionId) -> Option<&Here> {
        self.here.iter().find(|held| held.who.session == session)
    }

    /// Whether they are here, or may come back in a moment.
    pub fn knows(&self, session: SessionId) -> bool {
        self.of_session(session).is_some() || self.away.contains_key(&session)
    }

    /// Everybody who is here.
    pub fn all(&self) -> &[Here] {
        &self.here
    }

    /// As pages are told.
    pub fn participants(&self) -> Vec<Participant> {
        let shown = self.here.iter().filter(|held| !held.in_doubt);
        shown.map(|held| held.who.participant()).collect()
    }

    /// Those whose grace is over, with the name that the log knows them by; they are forgotten here.
    pub fn left(
        &mut self,
        joined: &HashMap<SessionId, Author>,
        now: RelayTime,
    ) -> Vec<(SessionId, Author)> {
        let over = |since: &RelayTime| now.0 >= since.0.saturating_add(GRACE_US);
        let mut left: Vec<(SessionId, RelayTime)> = self
            .away
            .iter()
            .filter(|(_, since)| over(since))
            .map(|(s, t)| (*s, *t))
            .collect();
        left.sort_by_key(|(session, since)| (*since, *session));
        self.away.retain(|_, since| !over(since));
        left.into_iter()
            .filter_map(|(session, _)| joined.get(&session).map(|author| (session, author.clone())))
            .collect()
    }

    /// When the next grace is over.
    pub fn next_leave(&self) -> Option<RelayTime> {
        self.away
            .values()
            .min()
            .map(|since| RelayTime(since.0.saturating_add(GRACE_US)))
    }

    /// Whether nobody is here and nobody is waited for.
    pub fn is_empty(&self) -> bool {
        self.here.is_empty() && self.away.is_empty()
    }
}
