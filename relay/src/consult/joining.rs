//! Coming and going: who is let in, with what, and what others hear of it.
//!
//! Called by the core. Invariant: everything after the head that a page is let in at reaches it through its queue, so a
//! page misses nothing and hears nothing twice.

use super::core::{Consult, Refused, joined_event, refusal};
use super::effect::{Audience, CatchUp, Effect, Newcomer, SocketKey};
use super::rights::rights;
use wire::problem::ProblemCode;
use wire::socket::FromRelay;
use wire::{RelayTime, Seq, SessionId, WIRE_VERSION};

/// A page that misses more entries than this gets the state instead, which is smaller.
const MAX_ENTRIES_BEHIND: u64 = 1_000;
/// Marks in a state that is sent as one message. More of them, and the page reads the log in pages instead.
const MAX_SNAPSHOT_MARKS: usize = 2_000;
/// A page that finds no room should not come back at once.
const FULL_RETRY_MS: u32 = 5_000;

impl Consult {
    pub(super) fn joined(
        &mut self,
        socket: SocketKey,
        who: Newcomer,
        now: RelayTime,
    ) -> Vec<Effect> {
        if !self.people.has_room_for(who.session) {
            return vec![Effect::Close {
                socket,
                code: ProblemCode::TooMany,
                retry_ms: Some(FULL_RETRY_MS),
            }];
        }
        let mut effects = Vec::new();
        if let Some(before) = self.people.came(socket, who.clone()) {
            effects.push(Effect::Close {
                socket: before,
                code: ProblemCode::ConnectedElsewhere,
                retry_ms: None,
            });
        }
        let asked = self.people.doubts(&who);
        effects.extend(asked.into_iter().map(Effect::AskWhetherThere));
        if !self.ledger.joined.contains_key(&who.session) {
            // Without the disk they are here all the same; the log gets to know when it can be written again.
            let _ = self.append(who.author(), joined_event(&who), now);
        }
        effects.push(Effect::Admit {
            socket,
            welcome: Box::new(self.welcome(&who, now)),
            catch_up: self.catch_up(who.after_seq),
        });
        if who.after_seq.is_some_and(|after| after > self.shown.head) {
            effects.push(refusal(
                socket,
                Refused {
                    code: ProblemCode::ResumeAhead,
                    mark: None,
                    freeze: None,
                    clip: None,
                },
            ));
        }
        effects.push(self.who_is_here());
        let now_seen = self
            .flows
            .iter()
            .flat_map(|(_, flow)| flow.now(now))
            .chain(self.presence.pointers())
            .chain(self.voices_now())
            .chain(self.links.all())
            .chain(self.layer_now(who.session))
            .chain(self.beat_so_far());
        effects.extend(now_seen.map(|message| Effect::Say(Audience::One(socket), message)));
        effects
    }

    fn welcome(&self, who: &Newcomer, now: RelayTime) -> FromRelay {
        FromRelay::Welcome {
            version: WIRE_VERSION,
            relay_time: self.dated(now),
            you: who.participant(),
            rights: rights(who.role),
            consult: self.summary(),
            settings: self.about.settings.clone(),
            head: self.shown.head,
        }
    }

    fn catch_up(&self, after: Option<Seq>) -> CatchUp {
        let to = self.shown.head;
        match after {
            Some(after) if after == to => CatchUp::Nothing,
            Some(after) if after < to && to.0 - after.0 <= MAX_ENTRIES_BEHIND => {
                CatchUp::Entries { after, to }
            }
            _ if self.shown.state.marks.len() > MAX_SNAPSHOT_MARKS => CatchUp::Everything { to },
            _ => CatchUp::Snapshot {
                seq: to,
                state: Box::new(self.shown.state.clone()),
            },
        }
    }

    /// A page gets another layer of the picture; it alone is told.
    pub(super) fn layer(&mut self, session: SessionId, low: bool) -> Vec<Effect> {
        if low {
            self.low.insert(session);
        } else {
            self.low.remove(&session);
        }
        let here = self.people.of_session(session);
        let told =
            here.map(|here| Effect::Say(Audience::One(here.socket), FromRelay::Layer { low }));
        told.into_iter().collect()
    }

    /// The layer that somebody who joins gets; the full one need not be said.
    fn layer_now(&self, session: SessionId) -> Option<FromRelay> {
        self.low
            .contains(&session)
            .then_some(FromRelay::Layer { low: true })
    }

    pub(super) fn gone(&mut self, socket: SocketKey, now: RelayTime) -> Vec<Effect> {
        let Some(who) = self.people.went(socket, now) else {
            return Vec::new();
        };
        self.presence.gone(who.session);
        self.links.gone(who.session);
        vec![self.who_is_here()]
    }

    /// A page that was asked whether it is there said something.
    pub(super) fn heard(&mut self, socket: SocketKey) -> Vec<Effect> {
        let was_in_doubt = self.people.heard(socket);
        was_in_doubt
            .then(|| self.who_is_here())
            .into_iter()
            .collect()
    }

    fn who_is_here(&self) -> Effect {
        let participants = self.people.participants();
        Effect::Say(Audience::All, FromRelay::People { participants })
    }

    pub(super) fn session_ended(&mut self, session: SessionId, now: RelayTime) -> Vec<Effect> {
        let open = self.people.of_session(session).map(|here| here.socket);
        let mut effects = open.map_or_else(Vec::new, |socket| self.gone(socket, now));
        effects.extend(open.map(|socket| Effect::Close {
            socket,
            code: ProblemCode::SessionExpired,
            retry_ms: None,
        }));
        self.people.is_not_coming_back(session);
        effects
    }
}
