//! What goes into a consult's core and what comes out.
//!
//! Owns the types only. Sockets are known by `SocketKey`, a number that is never used twice, so that a late word of a
//! socket that was replaced is nobody's.

use super::beats::BeatInput;
use super::clips::ClipInput;
use super::for_device::MarksInput;
use super::measuring::ScaleInput;
use super::originals::OriginalInput;
use recording::PointerMove;
use uuid::Uuid;
use wire::agent::{FrameStamp, RelayToAgent, SourceState};
use wire::log::{LogEntry, LogEvent, StreamEnd};
use wire::original::VideoPicture;
use wire::people::{Author, Page, Participant, Role};
use wire::problem::ProblemCode;
use wire::socket::{ConsultState, FromRelay, ToRelay};
use wire::voice::VoiceState;
use wire::{ClipId, ConsentId, FreezeId, PersonId, RelayTime, RtpTime, Seq, SessionId, StreamId};

/// One socket of one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketKey(pub u64);

/// Somebody who was let in and said hello.
#[derive(Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// Their connection.
    pub session: SessionId,
    /// Who.
    pub person: PersonId,
    /// Name as shown.
    pub name: String,
    /// One or two characters.
    pub initials: String,
    /// As what.
    pub role: Role,
    /// With which page.
    pub page: Page,
    /// Last entry that the page holds.
    pub after_seq: Option<Seq>,
}

impl std::fmt::Debug for Newcomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Newcomer")
            .field("session", &self.session)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Newcomer {
    /// As others see them.
    #[must_use]
    pub fn participant(&self) -> Participant {
        Participant {
            session: self.session,
            person: self.person,
            name: self.name.clone(),
            initials: self.initials.clone(),
            role: self.role,
            page: self.page,
        }
    }

    /// As the log names them.
    #[must_use]
    pub fn author(&self) -> Author {
        Author::Person {
            session: self.session,
            person: self.person,
            name: self.name.clone(),
            initials: self.initials.clone(),
            role: self.role,
        }
    }
}

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A page said hello.
    Joined(SocketKey, Newcomer),
    /// A socket is gone.
    Gone(SocketKey),
    /// A page that was asked whether it is there is.
    Heard(SocketKey),
    /// A page said something else.
    Said(SocketKey, ToRelay),
    /// A session ended: its page may not come back.
    SessionEnded(SessionId),
    /// Something about the picture.
    Picture(StreamId, PictureInput),
    /// Something about somebody's voice.
    Voice(SessionId, VoiceInput),
    /// Something about the files of recorded voices.
    VoiceFiles(VoiceFilesInput),
    /// Something about a clip that somebody uploads, without a picture.
    Uploaded(Author, ClipInput),
    /// A frozen frame as this person's page painted it is durable.
    VideoPicture(PersonId, FreezeId, VideoPicture),
    /// A page gets the low layer of the picture from now on (true), or the full one.
    Layer(SessionId, bool),
    /// The entries handed out by the last `Append` are durable.
    Stored,
    /// They are not; the log has to be read again.
    StoreFailed,
    /// Time passed.
    Tick,
}

/// Something about somebody's voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoiceInput {
    /// A connection is up.
    Up {
        /// Which.
        line: Uuid,
        /// It brings a voice; otherwise it only listens.
        speaks: bool,
    },
    /// What is heard of it changed.
    Heard {
        /// Which.
        line: Uuid,
        /// What.
        state: VoiceState,
    },
    /// A connection is gone.
    Down {
        /// Which.
        line: Uuid,
    },
}

/// Something about the files of recorded voices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoiceFilesInput {
    /// What is said is durable, or the disk takes nothing.
    Written {
        /// Whether it is.
        on: bool,
    },
    /// What there was is removed, for good.
    Discarded,
}

/// Whose voice is recorded, and with which consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoicesToRecord {
    /// Under which consent.
    pub consent: ConsentId,
    /// Whose: everybody who speaks, is not muted, and whose page shows it. In order.
    pub sessions: Vec<SessionId>,
}

/// A picture that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningPicture {
    /// Which.
    pub stream: StreamId,
    /// Who publishes.
    pub author: Author,
    /// Codec as in SDP.
    pub codec: String,
    /// Whether frame stamps come with it.
    pub stamped: bool,
    /// Added to its RTP times; 0 leaves them alone.
    pub rtp_offset: u32,
}

/// Something about the picture.
#[derive(Debug, Clone, PartialEq)]
pub enum PictureInput {
    /// It began to arrive.
    Started(RunningPicture),
    /// It ended.
    Stopped(StreamEnd),
    /// What arrived lately.
    Arrived {
        /// Frames that ended.
        frames: u32,
        /// Payload bytes.
        bytes: u64,
        /// In how many microseconds.
        span_us: u64,
    },
    /// The agent stamped a frame.
    Stamp {
        /// Its stamp.
        stamp: FrameStamp,
        /// The same moment by the relay's clock, and how wrong that may be.
        captured_relay: Option<(RelayTime, u32)>,
    },
    /// What the agent says of its source.
    Source(SourceState),
    /// What became of an original.
    Original(OriginalInput),
    /// What became of frames of a beat.
    Beat(BeatInput),
    /// What became of a clip.
    Clip(ClipInput),
    /// Its agent and the marks that it shows by itself.
    Marks(MarksInput),
    /// The depth scale, as its device says.
    Scale(ScaleInput),
    /// What became of its recording.
    Recording(RecordingInput),
}

/// What became of the recording of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingInput {
    /// Nothing arrived between two frames.
    Gap {
        /// The last one before.
        before: RtpTime,
        /// The first one after.
        after: RtpTime,
    },
    /// What was captured between two frames arrives.
    Filling {
        /// The last one before.
        before: RtpTime,
        /// The first one after.
        after: RtpTime,
        /// How much of its time is here.
        percent: u8,
    },
    /// It is recorded, or no more.
    Recorded {
        /// Whether it is.
        on: bool,
    },
    /// From here on there are frames of a weak link, whose better ones are to come.
    Weak {
        /// The first one, or a later one.
        from: RtpTime,
    },
    /// Nothing is missing any more.
    Whole {
        /// Up to here.
        until: RtpTime,
    },
    /// Everything that was captured between two frames is recorded.
    Filled {
        /// The last one before.
        before: RtpTime,
        /// The first one after.
        after: RtpTime,
        /// How many were sent again.
        frames: u32,
        /// Milliseconds that there is a picture of.
        ms: u32,
    },
}

impl RecordingInput {
    /// As the log says it.
    #[must_use]
    pub const fn event(self, stream: StreamId) -> LogEvent {
        match self {
            Self::Gap { before, after } => LogEvent::StreamGap {
                stream,
                before,
                after,
            },
            Self::Filling {
                before,
                after,
                percent,
            } => LogEvent::StreamFilling {
                stream,
                before,
                after,
                percent,
            },
            Self::Recorded { on } => LogEvent::StreamRecorded { stream, on },
            Self::Weak { from } => LogEvent::StreamWeak { stream, from },
            Self::Whole { until } => LogEvent::StreamWhole { stream, until },
            Self::Filled {
                before,
                after,
                frames,
                ms,
            } => LogEvent::StreamFilled {
                stream,
                before,
                after,
                frames,
                ms,
            },
        }
    }
}

/// Who hears something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// One page.
    One(SocketKey),
    /// All pages.
    All,
}

/// How a page that joins gets to the head of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum CatchUp {
    /// It is there.
    Nothing,
    /// It gets what it misses, up to and with `to`.
    Entries {
        /// Last entry that it holds.
        after: Seq,
        /// The head.
        to: Seq,
    },
    /// It gets the state.
    Snapshot {
        /// After this entry.
        seq: Seq,
        /// The state.
        state: Box<ConsultState>,
    },
    /// It gets an empty state and then all entries up to and with `to`, because the state does not fit into a message.
    Everything {
        /// The head.
        to: Seq,
    },
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Make these durable, in order, and answer `Stored` or `StoreFailed`. None other comes before that answer.
    Append(Vec<LogEntry>),
    /// Read the log anew and build the core again from it.
    ReadAgain,
    /// Let a page in: the welcome, then the way to the head, then whatever else is said to it.
    Admit {
        /// Which.
        socket: SocketKey,
        /// First message.
        welcome: Box<FromRelay>,
        /// What follows it.
        catch_up: CatchUp,
    },
    /// Say something.
    Say(Audience, FromRelay),
    /// Say something to the agent that publishes this stream.
    Ask(StreamId, RelayToAgent),
    /// Record these voices from now on, and no other; none at all without a consent.
    RecordVoices(Option<VoicesToRecord>),
    /// Keep these moves of pointers beside them.
    RecordPointers(Vec<PointerMove>),
    /// Remove what was recorded of voices and pointers, for good, and say so.
    DiscardVoices,
    /// The log has a clip for good: the device may let its copy go.
    LetGo(ClipId),
    /// Ask a page whether it is there; `Heard` is the answer.
    AskWhetherThere(SocketKey),
    /// Close a page's socket.
    Close {
        /// Which.
        socket: SocketKey,
        /// Why.
        code: ProblemCode,
        /// When it should come back; none means not by itself.
        retry_ms: Option<u32>,
    },
}

/// Whether a message may be left out when a page is slow: the next one of its kind makes up for it.
#[must_use]
pub const fn is_passing(message: &FromRelay) -> bool {
    matches!(
        message,
        FromRelay::Pointers { .. }
            | FromRelay::Sketches { .. }
            | FromRelay::Links { .. }
            | FromRelay::Stamp { .. }
            | FromRelay::Flow { .. }
            | FromRelay::ClipProgress { .. }
    )
}
