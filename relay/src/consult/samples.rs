//! People, marks and a small driver for the unit tests of this folder.

use super::core::{About, Consult, Restored};
use super::effect::{Audience, Effect, Input, Newcomer, PictureInput, RunningPicture, SocketKey};
use uuid::Uuid;
use wire::log::LogEntry;
use wire::mark::{Anchor, Annotation, DrawnOn, Pen, Point, Shape};
use wire::people::{Author, Page, Role};
use wire::problem::ProblemCode;
use wire::socket::{FromRelay, Settings, ToRelay};
use wire::{
    AnnotationId, ConsultId, DeviceId, Fraction, FreezeId, PersonId, RelayTime, RtpTime, SessionId,
    StreamId,
};

pub(crate) const STREAM: StreamId = StreamId::from_uuid(Uuid::from_u128(0x57));
pub(crate) const SECOND: u64 = 1_000_000;

fn person(number: u128, name: &str, role: Role) -> Newcomer {
    Newcomer {
        session: SessionId::from_uuid(Uuid::from_u128(number)),
        person: PersonId::from_uuid(Uuid::from_u128(number + 100)),
        name: name.to_owned(),
        initials: name.chars().take(1).collect(),
        role,
        page: Page::Consult,
        after_seq: None,
    }
}

pub(crate) fn physician() -> Newcomer {
    person(1, "田中", Role::VisitingPhysician)
}

pub(crate) fn cardiologist() -> Newcomer {
    person(2, "佐藤", Role::Cardiologist)
}

pub(crate) fn trainer() -> Newcomer {
    person(3, "鈴木", Role::Trainer)
}

pub(crate) fn trainee() -> Newcomer {
    person(4, "高橋", Role::Trainee)
}

pub(crate) fn anchor() -> Anchor {
    Anchor::Live {
        stream: STREAM,
        rtp_time: RtpTime(90_000),
    }
}

pub(crate) fn stroke(points: usize) -> Annotation {
    let at =
        |n: usize| Fraction::new(f64::from(u32::try_from(n % 1_000).unwrap()) / 1_000.0).unwrap();
    Annotation {
        id: AnnotationId::random(),
        anchor: anchor(),
        shape: Shape::Stroke {
            points: (0..points)
                .map(|n| Point {
                    x: at(n),
                    y: at(n * 7),
                })
                .collect(),
        },
        pen: Pen::Green,
        drawn_on: DrawnOn::Running,
        replaces: None,
    }
}

pub(crate) fn picture() -> RunningPicture {
    let author = Author::Device {
        device: DeviceId::from_uuid(Uuid::from_u128(9)),
        name: "往診バッグ 1".to_owned(),
    };
    RunningPicture {
        stream: STREAM,
        author,
        codec: "H264".to_owned(),
        stamped: true,
        rtp_offset: 0,
    }
}

fn about() -> About {
    About {
        consult: ConsultId::from_uuid(Uuid::from_u128(0xC0)),
        alias: "訪問 1".to_owned(),
        opened_at: RelayTime(1),
        settings: Settings {
            quick_mark_seconds: 6,
            measuring: true,
            phone: None,
            voice_recording: true,
        },
    }
}

/// A consult with a disk that stores at once, or fails on command.
pub(crate) struct Meeting {
    pub(crate) core: Consult,
    pub(crate) now: RelayTime,
    pub(crate) disk: Vec<LogEntry>,
    pub(crate) disk_works: bool,
    /// A slow disk: what it was given waits here until it is told to go on.
    pub(crate) disk_holds: Option<Vec<LogEntry>>,
    /// What each socket was told.
    pub(crate) told: Vec<(Audience, FromRelay)>,
    /// What was neither said nor stored: admissions and closings.
    pub(crate) done: Vec<Effect>,
}

impl Meeting {
    pub(crate) fn new() -> Self {
        Self::over(Vec::new(), None)
    }

    /// With a picture and these people on sockets 0, 1, 2…
    pub(crate) fn of(people: &[Newcomer]) -> Self {
        let mut meeting = Self::new();
        meeting.apply(Input::Picture(STREAM, PictureInput::Started(picture())));
        for (number, who) in (0..).zip(people) {
            meeting.apply(Input::Joined(SocketKey(number), who.clone()));
        }
        meeting.told.clear();
        meeting.done.clear();
        meeting
    }

    /// Comes up over a log.
    pub(crate) fn over(disk: Vec<LogEntry>, running: Option<RunningPicture>) -> Self {
        let now = RelayTime(1_000 * SECOND);
        let (core, effects) = Consult::new(about(), restored(&disk), running, now, 0);
        let mut meeting = Self {
            core,
            now,
            disk,
            disk_works: true,
            disk_holds: None,
            told: Vec::new(),
            done: Vec::new(),
        };
        meeting.perform(effects);
        meeting
    }

    pub(crate) fn apply(&mut self, input: Input) {
        let effects = self.core.apply(input, self.now);
        self.perform(effects);
    }

    pub(crate) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match (effect, &mut self.disk_holds) {
                (Effect::Append(entries), Some(held)) => held.extend(entries),
                (Effect::Append(entries), None) if self.disk_works => {
                    self.disk.extend(entries);
                    self.apply(Input::Stored);
                }
                (Effect::Append(_), None) => self.apply(Input::StoreFailed),
                (Effect::Say(to, message), _) => self.told.push((to, message)),
                (other, _) => self.done.push(other),
            }
        }
    }

    /// The slow disk has what it was given, and is quick from now on.
    pub(crate) fn disk_goes_on(&mut self) {
        self.disk
            .extend(self.disk_holds.take().into_iter().flatten());
        self.apply(Input::Stored);
    }

    pub(crate) fn says(&mut self, socket: u64, message: ToRelay) {
        self.apply(Input::Said(SocketKey(socket), message));
    }

    pub(crate) fn marks(&mut self, socket: u64, mark: &Annotation) {
        self.says(socket, ToRelay::Mark { mark: mark.clone() });
    }

    pub(crate) fn freezes(&mut self, socket: u64) -> FreezeId {
        let freeze = FreezeId::random();
        self.says(
            socket,
            ToRelay::Freeze {
                freeze,
                anchor: anchor(),
            },
        );
        freeze
    }

    pub(crate) fn passes(&mut self, time_us: u64) {
        self.now = RelayTime(self.now.0 + time_us);
        self.apply(Input::Tick);
    }

    /// Somebody sets the relay's clock: from now on the log and the pages have another time.
    pub(crate) fn clock_is_set_by(&mut self, step_us: i64) {
        self.core.wall_is_ahead(step_us);
    }

    /// Codes that were refused, in order.
    pub(crate) fn refused(&self) -> Vec<ProblemCode> {
        let code = |(_, message): &(Audience, FromRelay)| match message {
            FromRelay::Refused { code, .. } => Some(*code),
            _ => None,
        };
        self.told.iter().filter_map(code).collect()
    }

    /// Marks of which somebody was told that the log has what they said, in order.
    pub(crate) fn known(&self) -> Vec<AnnotationId> {
        let mark = |(_, message): &(Audience, FromRelay)| match message {
            FromRelay::Known { mark } => Some(*mark),
            _ => None,
        };
        self.told.iter().filter_map(mark).collect()
    }
}

/// The log, read.
pub(crate) fn restored(log: &[LogEntry]) -> Restored {
    let mut restored = Restored::default();
    for entry in log {
        restored.fold(entry);
    }
    restored
}
