//! The state machine of one live consult.
//!
//! Takes what happened and the time, gives back what is to be done. Entries of the log get their number here, go out to
//! be stored in one batch at a time, and are told to pages only when they are durable; meanwhile the rules already count
//! with them. Presence and flow never wait for the disk. When storing fails, what was not stored is refused, the log is
//! read again, and who is here and what runs is brought into line with it: the picture and the pointers go on.

use super::effect::{
    Audience, CatchUp, Effect, Input, Newcomer, PictureInput, RunningPicture, SocketKey,
};
use super::flow::Flow;
use super::ledger::Ledger;
use super::people::People;
use super::presence::Presence;
use super::rights::rights;
use super::state::Shown;
use std::collections::HashMap;
use wire::http::ConsultSummary;
use wire::log::{LogEntry, LogEvent, StreamEnd};
use wire::people::Author;
use wire::problem::ProblemCode;
use wire::socket::{FromRelay, MAX_SKETCH_POINTS, Pointer, Settings, Sketch, ToRelay};
use wire::{AnnotationId, ConsultId, FreezeId, RelayTime, Seq, SessionId, StreamId, WIRE_VERSION};

/// A page that misses more entries than this gets the state instead, which is smaller.
const MAX_ENTRIES_BEHIND: u64 = 1_000;
/// Marks in a state that is sent as one message. More of them, and the page reads the log in pages instead.
const MAX_SNAPSHOT_MARKS: usize = 2_000;
/// Entries that may wait for the disk: 60 a second from each of four hands for two seconds.
const MAX_UNSTORED: usize = 512;
/// A page that finds no room should not come back at once.
const FULL_RETRY_MS: u32 = 5_000;

/// What a consult is, beside its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Which.
    pub consult: ConsultId,
    /// Name without identity.
    pub alias: String,
    /// When it was opened.
    pub opened_at: RelayTime,
    /// What pages follow.
    pub settings: Settings,
}

/// The log, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Restored {
    /// For pages.
    pub shown: Shown,
    /// For the rules.
    pub ledger: Ledger,
}

impl Restored {
    /// Takes the next entry in.
    pub fn fold(&mut self, entry: &LogEntry) {
        self.shown.fold(entry);
        self.ledger.fold(entry);
    }
}

/// Something a page asked for was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: ProblemCode,
    pub(super) mark: Option<AnnotationId>,
    pub(super) freeze: Option<FreezeId>,
}

/// One live consult.
#[derive(Debug)]
pub struct Consult {
    about: About,
    /// Durable, as pages see it.
    pub(super) shown: Shown,
    /// What the rules know: durable and on its way.
    pub(super) ledger: Ledger,
    /// The last number given.
    pub(super) last: Seq,
    /// Not handed out yet.
    waiting: Vec<LogEntry>,
    /// Handed out, answer outstanding.
    storing: Vec<LogEntry>,
    /// Storing failed and the log was not read again yet.
    pub(super) broken: bool,
    pub(super) people: People,
    presence: Presence,
    /// Of every stream since the relay came up, in order of coming.
    flows: Vec<(StreamId, Flow)>,
    pub(super) running: HashMap<StreamId, RunningPicture>,
}

impl Consult {
    /// Comes up with the log as it was left: what ran was cut off unless it runs now, people may come back.
    #[must_use]
    pub fn new(
        about: About,
        restored: Restored,
        running: Option<RunningPicture>,
        now: RelayTime,
    ) -> (Self, Vec<Effect>) {
        let mut consult = Self {
            about,
            last: restored.shown.head,
            shown: restored.shown,
            ledger: restored.ledger,
            waiting: Vec::new(),
            storing: Vec::new(),
            broken: false,
            people: People::default(),
            presence: Presence::default(),
            flows: running
                .iter()
                .map(|picture| (picture.stream, Flow::new(picture.stream, now)))
                .collect(),
            running: running
                .into_iter()
                .map(|picture| (picture.stream, picture))
                .collect(),
        };
        consult.reconcile(StreamEnd::RelayRestarted, now);
        let effects = consult.hand_out();
        (consult, effects)
    }

    /// Something happened.
    #[must_use]
    pub fn apply(&mut self, input: Input, now: RelayTime) -> Vec<Effect> {
        let mut effects = match input {
            Input::Joined(socket, who) => self.joined(socket, who, now),
            Input::Gone(socket) => self.gone(socket, now),
            Input::Said(socket, message) => self.said(socket, message, now),
            Input::SessionEnded(session) => self.session_ended(session, now),
            Input::Picture(stream, picture) => self.picture(stream, picture, now),
            Input::Stored => self.stored(),
            Input::StoreFailed => self.store_failed(),
            Input::Tick => Vec::new(),
        };
        effects.extend(self.tick(now));
        effects.extend(self.hand_out());
        effects
    }

    /// When time alone changes something.
    #[must_use]
    pub fn due(&self) -> Option<RelayTime> {
        let flows = self.flows.iter().map(|(_, flow)| flow.due()).min();
        [self.presence.due(), flows, self.people.next_leave()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether nobody would miss this.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.people.is_empty()
            && self.running.is_empty()
            && self.storing.is_empty()
            && self.waiting.is_empty()
            && !self.broken
    }

    /// As lists show it.
    #[must_use]
    pub fn summary(&self) -> ConsultSummary {
        ConsultSummary {
            consult: self.about.consult,
            alias: self.about.alias.clone(),
            picture: !self.running.is_empty(),
            people: u32::try_from(self.people.all().len()).unwrap_or(u32::MAX),
            opened_at: self.about.opened_at,
        }
    }

    /// Who sits behind a socket.
    #[must_use]
    pub fn session_behind(&self, socket: SocketKey) -> Option<SessionId> {
        self.people.behind(socket).map(|who| who.session)
    }

    /// Time in which pictures stood still although their publisher was there, since this was last asked.
    pub fn stalled_us(&mut self, now: RelayTime) -> u64 {
        self.flows
            .iter_mut()
            .map(|(_, flow)| flow.stalled_us(now))
            .sum()
    }

    /// Puts an entry on its way.
    pub(super) fn append(
        &mut self,
        author: Author,
        event: LogEvent,
        now: RelayTime,
    ) -> Result<(), ProblemCode> {
        if self.broken || self.waiting.len() + self.storing.len() >= MAX_UNSTORED {
            return Err(ProblemCode::StorageFailed);
        }
        self.last = self.last.next();
        let entry = LogEntry {
            seq: self.last,
            at: now,
            author,
            event,
        };
        self.ledger.fold(&entry);
        self.waiting.push(entry);
        Ok(())
    }

    pub(super) fn hand_out(&mut self) -> Vec<Effect> {
        if !self.storing.is_empty() || self.waiting.is_empty() {
            return Vec::new();
        }
        self.storing = std::mem::take(&mut self.waiting);
        vec![Effect::Append(self.storing.clone())]
    }

    fn stored(&mut self) -> Vec<Effect> {
        let entries = std::mem::take(&mut self.storing);
        for entry in &entries {
            self.shown.fold(entry);
        }
        vec![Effect::Say(Audience::All, FromRelay::Entries { entries })]
    }

    fn store_failed(&mut self) -> Vec<Effect> {
        self.broken = true;
        let lost: Vec<LogEntry> = self
            .storing
            .drain(..)
            .chain(self.waiting.drain(..))
            .collect();
        let mut effects: Vec<Effect> = lost
            .iter()
            .filter_map(|entry| self.not_stored(entry))
            .collect();
        effects.push(Effect::ReadAgain);
        effects
    }

    fn not_stored(&self, entry: &LogEntry) -> Option<Effect> {
        let Author::Person { session, .. } = &entry.author else {
            return None;
        };
        let (mark, freeze) = match &entry.event {
            LogEvent::Marked { mark } => (Some(mark.id), None),
            LogEvent::Withdrawn { mark } | LogEvent::Pinned { mark, .. } => (Some(*mark), None),
            LogEvent::Frozen { freeze, .. } | LogEvent::Released { freeze } => {
                (None, Some(*freeze))
            }
            LogEvent::Joined { .. }
            | LogEvent::Left { .. }
            | LogEvent::StreamStarted { .. }
            | LogEvent::StreamStopped { .. } => return None,
        };
        let socket = self.people.of_session(*session)?.socket;
        Some(refusal(
            socket,
            Refused {
                code: ProblemCode::StorageFailed,
                mark,
                freeze,
            },
        ))
    }

    fn joined(&mut self, socket: SocketKey, who: Newcomer, now: RelayTime) -> Vec<Effect> {
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
                },
            ));
        }
        effects.push(Effect::Say(
            Audience::All,
            FromRelay::People {
                participants: self.people.participants(),
            },
        ));
        let now_seen = self
            .flows
            .iter()
            .flat_map(|(_, flow)| flow.now(now))
            .chain(self.presence.pointers());
        effects.extend(now_seen.map(|message| Effect::Say(Audience::One(socket), message)));
        effects
    }

    fn welcome(&self, who: &Newcomer, now: RelayTime) -> FromRelay {
        FromRelay::Welcome {
            version: WIRE_VERSION,
            relay_time: now,
            you: who.participant(),
            rights: rights(who.role),
            consult: self.summary(),
            settings: self.about.settings,
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

    fn gone(&mut self, socket: SocketKey, now: RelayTime) -> Vec<Effect> {
        let Some(who) = self.people.went(socket, now) else {
            return Vec::new();
        };
        self.presence.gone(who.session);
        vec![Effect::Say(
            Audience::All,
            FromRelay::People {
                participants: self.people.participants(),
            },
        )]
    }

    fn session_ended(&mut self, session: SessionId, now: RelayTime) -> Vec<Effect> {
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

    fn said(&mut self, socket: SocketKey, message: ToRelay, now: RelayTime) -> Vec<Effect> {
        // A word of a socket that was replaced or closed meanwhile is nobody's.
        let Some(who) = self.people.behind(socket).cloned() else {
            return Vec::new();
        };
        let done = match message {
            ToRelay::Ping { id } => {
                return vec![Effect::Say(
                    Audience::One(socket),
                    FromRelay::Pong {
                        id,
                        relay_time: now,
                    },
                )];
            }
            ToRelay::Hello { .. } => Err(Refused {
                code: ProblemCode::MessageRefused,
                mark: None,
                freeze: None,
            }),
            ToRelay::Mark { mark } => self.mark(&who, mark, now),
            ToRelay::Withdraw { mark } => self.withdraw(&who, mark, now),
            ToRelay::Pin { mark, pinned } => self.pin(&who, mark, pinned, now),
            ToRelay::Freeze { freeze, anchor } => self.freeze(&who, freeze, anchor, now),
            ToRelay::Release { freeze } => self.release(&who, freeze, now),
            ToRelay::Point { at, rtp_time } => {
                self.presence.point(Pointer {
                    session: who.session,
                    at,
                    rtp_time,
                });
                Ok(())
            }
            ToRelay::Sketch {
                mark,
                anchor,
                pen,
                form,
                from,
                points,
            } => self.sketch(
                &who,
                Sketch {
                    session: who.session,
                    mark,
                    anchor,
                    pen,
                    form,
                    from,
                    points,
                },
            ),
        };
        done.err()
            .map(|refused| refusal(socket, refused))
            .into_iter()
            .collect()
    }

    fn sketch(&mut self, who: &Newcomer, sketch: Sketch) -> Result<(), Refused> {
        let refused = |code| Refused {
            code,
            mark: Some(sketch.mark),
            freeze: None,
        };
        if !rights(who.role).draw {
            return Err(refused(ProblemCode::NotAllowed));
        }
        if sketch.points.len() > MAX_SKETCH_POINTS {
            return Err(refused(ProblemCode::MessageRefused));
        }
        self.presence.sketch(sketch);
        Ok(())
    }

    fn picture(&mut self, stream: StreamId, picture: PictureInput, now: RelayTime) -> Vec<Effect> {
        match &picture {
            PictureInput::Started(picture) => {
                self.running.insert(stream, picture.clone());
                if self.ledger.streams.get(&stream) == Some(&true) {
                    let _ = self.append(
                        picture.author.clone(),
                        LogEvent::StreamStopped {
                            stream,
                            reason: StreamEnd::Replaced,
                        },
                        now,
                    );
                }
                self.log_start(picture.clone(), now);
                if !self.flows.iter().any(|(known, _)| *known == stream) {
                    self.flows.push((stream, Flow::new(stream, now)));
                }
            }
            PictureInput::Stopped(reason) => {
                let Some(running) = self.running.remove(&stream) else {
                    return Vec::new();
                };
                let _ = self.append(
                    running.author,
                    LogEvent::StreamStopped {
                        stream,
                        reason: *reason,
                    },
                    now,
                );
            }
            PictureInput::Arrived { .. } | PictureInput::Stamp { .. } | PictureInput::Source(_) => {
            }
        }
        let flow = self.flows.iter_mut().find(|(known, _)| *known == stream);
        let said = flow.map_or_else(Vec::new, |(_, flow)| flow.apply(picture, now));
        said.into_iter()
            .map(|message| Effect::Say(Audience::All, message))
            .collect()
    }

    fn tick(&mut self, now: RelayTime) -> Vec<Effect> {
        for (session, author) in self.people.left(&self.ledger.joined, now) {
            let _ = self.append(author, LogEvent::Left { session }, now);
        }
        let mut said = self.presence.take(now);
        said.extend(self.flows.iter_mut().flat_map(|(_, flow)| flow.tick(now)));
        said.into_iter()
            .map(|message| Effect::Say(Audience::All, message))
            .collect()
    }
}

pub(super) fn joined_event(who: &Newcomer) -> LogEvent {
    LogEvent::Joined {
        session: who.session,
        person: who.person,
        name: who.name.clone(),
        role: who.role,
        page: who.page,
    }
}

fn refusal(socket: SocketKey, refused: Refused) -> Effect {
    Effect::Say(
        Audience::One(socket),
        FromRelay::Refused {
            code: refused.code,
            mark: refused.mark,
            freeze: refused.freeze,
        },
    )
}
