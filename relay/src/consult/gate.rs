//! What a page may say, and how fast: before a message reaches the consult.
//!
//! Sans-IO. Owns reading JSON, the rates, and the strikes: three malformed messages in ten seconds end
//! the socket. A message of a type that this relay does not know is refused and counted but is no strike: a newer page
//! may say more. Invariant: nothing malformed and no flood gets past, whatever the bytes.

use super::bucket::Bucket;
use serde::Deserialize;
use wire::problem::ProblemCode;
use wire::socket::{FromRelay, MAX_MESSAGE_BYTES, ToRelay};
use wire::{AnnotationId, ClipId, FreezeId, RelayTime};

/// Marks, withdrawals and pins of one page in a second: no hand is faster.
const MARKS_PER_S: u32 = 60;
/// A page that comes back sends what it kept for itself meanwhile.
const MARKS_BURST: u32 = 120;
/// Pointer moves and pieces of a half-drawn mark in a second: one of each every 33 ms, and some jitter.
const PRESENCE_PER_S: u32 = 66;
/// As above, at once.
const PRESENCE_BURST: u32 = 66;
/// A page says how its link is once in two seconds; one that comes back says so at once.
const LINKS_PER_S: u32 = 1;
/// As above, at once.
const LINKS_BURST: u32 = 4;
/// Freezes, steps and releases of one page in a second; nobody presses a key faster.
const FREEZES_PER_S: u32 = 10;
/// Clips and stills that one page asks for in a second; what was not heard is asked for again, not pressed again.
const SAVES_PER_S: u32 = 4;
/// All messages and control frames of one page in a second; more is no page of ours.
const ALL_PER_S: u32 = 240;
/// Messages beyond that before the socket is ended.
const MAX_EXCESS: u32 = 2_000;
/// How often a page is told that it is too fast.
const TOLD_US: u64 = 1_000_000;
/// Malformed messages that end the socket…
const MAX_STRIKES: usize = 3;
/// …within this time.
const STRIKES_US: u64 = 10_000_000;

/// What to do with a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Give it to the consult.
    Pass(Box<ToRelay>),
    /// Say this to the page.
    Refuse(FromRelay),
    /// Nothing: presence that came too fast, or a page that was told a moment ago.
    Drop(ProblemCode),
    /// End the socket.
    End(ProblemCode),
}

/// The gate of one socket.
#[derive(Debug)]
pub struct Gate {
    all: Bucket,
    marks: Bucket,
    presence: Bucket,
    freezes: Bucket,
    saves: Bucket,
    links: Bucket,
    excess: u32,
    told_at: Option<RelayTime>,
    /// When the last malformed messages came; at most `MAX_STRIKES`.
    strikes: Vec<RelayTime>,
}

impl Gate {
    /// Of a socket that just opened.
    #[must_use]
    pub fn new(now: RelayTime) -> Self {
        Self {
            all: Bucket::new(ALL_PER_S, 2 * ALL_PER_S, now),
            marks: Bucket::new(MARKS_PER_S, MARKS_BURST, now),
            presence: Bucket::new(PRESENCE_PER_S, PRESENCE_BURST, now),
            freezes: Bucket::new(FREEZES_PER_S, 2 * FREEZES_PER_S, now),
            saves: Bucket::new(SAVES_PER_S, 4 * SAVES_PER_S, now),
            links: Bucket::new(LINKS_PER_S, LINKS_BURST, now),
            excess: 0,
            told_at: None,
            strikes: Vec::new(),
        }
    }

    /// A text message came.
    pub fn text(&mut self, text: &str, now: RelayTime) -> Verdict {
        if text.len() > MAX_MESSAGE_BYTES {
            return Verdict::End(ProblemCode::TooLarge);
        }
        if !self.all.take(now) {
            return self.too_fast((None, None, None), now);
        }
        match serde_json::from_str::<ToRelay>(text) {
            Ok(message) => self.pace(message, now),
            Err(_) => self.malformed(text, now),
        }
    }

    /// A ping, a pong or something else that is no message came. Says whether the socket must end.
    pub fn control_frame(&mut self, now: RelayTime) -> Option<ProblemCode> {
        if self.all.take(now) {
            return None;
        }
        self.excess += 1;
        (self.excess > MAX_EXCESS).then_some(ProblemCode::TooFast)
    }

    /// A binary message came; there is none in this protocol.
    pub fn binary(&mut self, now: RelayTime) -> Verdict {
        self.strike(refused(ProblemCode::MessageRefused, None), now)
    }

    fn pace(&mut self, message: ToRelay, now: RelayTime) -> Verdict {
        let (taken, about) = match &message {
            ToRelay::Point { .. } | ToRelay::Sketch { .. } | ToRelay::MuteVoice { .. } => {
                if !self.presence.take(now) {
                    return Verdict::Drop(ProblemCode::TooFast);
                }
                (true, (None, None, None))
            }
            ToRelay::LinkSeen { .. } => {
                if !self.links.take(now) {
                    return Verdict::Drop(ProblemCode::TooFast);
                }
                (true, (None, None, None))
            }
            ToRelay::Mark { mark } => (self.marks.take(now), (Some(mark.id), None, None)),
            ToRelay::Withdraw { mark } | ToRelay::Pin { mark, .. } => {
                (self.marks.take(now), (Some(*mark), None, None))
            }
            ToRelay::Freeze { freeze, .. }
            | ToRelay::Release { freeze }
            | ToRelay::Step { freeze, .. }
            | ToRelay::Calibrate { freeze, .. }
            | ToRelay::Beat { freeze, .. }
            | ToRelay::DoubtOriginal { freeze, .. } => {
                (self.freezes.take(now), (None, Some(*freeze), None))
            }
            ToRelay::WithdrawCalibration { .. }
            | ToRelay::ConsentToVoice { .. }
            | ToRelay::DiscardVoice {} => (self.freezes.take(now), (None, None, None)),
            // Whoever wants no more to be recorded is never too fast.
            ToRelay::WithdrawVoiceConsent { .. } => (true, (None, None, None)),
            ToRelay::SaveClip { clip, .. } => (self.saves.take(now), (None, None, Some(*clip))),
            ToRelay::Hello { .. } | ToRelay::Ping { .. } => (true, (None, None, None)),
        };
        if taken {
            Verdict::Pass(Box::new(message))
        } else {
            self.too_fast(about, now)
        }
    }

    /// A mark that is refused for speed is named, so that its page sends it again; the rest is told once a second.
    fn too_fast(
        &mut self,
        (mark, freeze, clip): (Option<AnnotationId>, Option<FreezeId>, Option<ClipId>),
        now: RelayTime,
    ) -> Verdict {
        self.excess += 1;
        if self.excess > MAX_EXCESS {
            return Verdict::End(ProblemCode::TooFast);
        }
        let named = mark.is_some() || freeze.is_some() || clip.is_some();
        if !named
            && self
                .told_at
                .is_some_and(|told| now.0.saturating_sub(told.0) < TOLD_US)
        {
            return Verdict::Drop(ProblemCode::TooFast);
        }
        self.told_at = Some(now);
        Verdict::Refuse(FromRelay::Refused {
            code: ProblemCode::TooFast,
            mark,
            freeze,
            clip,
        })
    }

    fn malformed(&mut self, text: &str, now: RelayTime) -> Verdict {
        let outline = serde_json::from_str::<Outline>(text).unwrap_or_default();
        match outline.kind.as_deref() {
            Some("mark") => self.strike(
                refused(
                    ProblemCode::MarkRefused,
                    outline.mark.and_then(MarkOutline::id),
                ),
                now,
            ),
            Some(
                "hello"
                | "ping"
                | "withdraw"
                | "pin"
                | "freeze"
                | "release"
                | "step"
                | "doubtOriginal"
                | "beat"
                | "calibrate"
                | "withdrawCalibration"
                | "saveClip"
                | "muteVoice"
                | "linkSeen"
                | "point"
                | "sketch",
            )
            | None => self.strike(refused(ProblemCode::MessageRefused, None), now),
            Some(_) => Verdict::Refuse(refused(ProblemCode::MessageRefused, None)),
        }
    }

    fn strike(&mut self, refused: FromRelay, now: RelayTime) -> Verdict {
        self.strikes
            .retain(|at| now.0.saturating_sub(at.0) < STRIKES_US);
        self.strikes.push(now);
        if self.strikes.len() >= MAX_STRIKES {
            Verdict::End(ProblemCode::MessageRefused)
        } else {
            Verdict::Refuse(refused)
        }
    }
}

/// As much of a message as can be read when the rest is wrong.
#[derive(Debug, Default, Deserialize)]
struct Outline {
    #[serde(rename = "type")]
    kind: Option<String>,
    mark: Option<MarkOutline>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum MarkOutline {
    Whole { id: AnnotationId },
    Other(serde::de::IgnoredAny),
}

impl MarkOutline {
    fn id(self) -> Option<AnnotationId> {
        match self {
            Self::Whole { id } => Some(id),
            Self::Other(_) => None,
        }
    }
}

fn refused(code: ProblemCode, mark: Option<AnnotationId>) -> FromRelay {
    FromRelay::Refused {
        code,
        mark,
        freeze: None,
        clip: None,
    }
}
