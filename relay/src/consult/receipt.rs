//! One publisher's channel `clips`: what is offered, what is wanted, which piece comes where.
//!
//! Sans-IO. Owns the order and the bounds of the channel: how many transfers are open, how many offers wait, that pieces of
//! a clip come in order and without gaps. Where bytes go, and whether they are what was offered, is somebody else's. Called
//! by the task of one connection. Invariants: a piece is written only at the end of what is here; nothing beyond the
//! length that was offered; nonsense costs its sender that message and nobody anything else.

use bytes::Bytes;
use std::collections::VecDeque;
use wire::clip::{ClipFromAgent, ClipGap, ClipHead, ClipPiece, ClipToAgent, MAX_CLIP_TEXT_BYTES};
use wire::frames::FrameMap;
use wire::{ClipId, RelayTime, RtpTime};

/// Transfers of one connection that are open at the same time. An agent sends one after the other; a second one lets the
/// next begin while the last is checked.
const MAX_OPEN: usize = 2;
/// Offers that wait for their turn: what a device collected of a consult without a link. About 1 MiB at worst.
const MAX_WAITING: usize = 64;
/// An agent is told where to go on when a piece comes that does not fit, and not again for this long: what it had sent
/// until it heard is on its way, on a weak link for seconds. The channel is ordered and loses nothing, so once is enough
/// unless our own word was lost.
const WANTED_AGAIN_US: u64 = 10_000_000;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// See whether this is welcome, and answer with `begin` or `end`.
    Look(Box<ClipHead>, Vec<RtpTime>),
    /// Put this at the end of what is here.
    Write(ClipId, Bytes),
    /// Say this.
    Say(ClipToAgent),
    /// Its sender broke the rules: give it up, and say why.
    GiveUp(ClipId, ClipGap),
    /// It was nonsense and is counted.
    Nonsense,
}

/// A transfer that is open.
#[derive(Debug)]
struct Transfer {
    clip: ClipId,
    /// Bytes that were offered.
    whole: u64,
    /// Bytes that are here, durable or on their way to the disk; none while it is looked at.
    at: Option<u64>,
    /// When the agent was last told to go on from somewhere else.
    told: Option<RelayTime>,
}

/// The channel.
#[derive(Debug, Default)]
pub struct Receipt {
    open: Vec<Transfer>,
    waiting: VecDeque<(Box<ClipHead>, Vec<RtpTime>)>,
}

impl Receipt {
    /// A text came.
    pub fn text(&mut self, text: &str) -> Vec<Step> {
        let read = (text.len() <= MAX_CLIP_TEXT_BYTES)
            .then(|| serde_json::from_str::<ClipFromAgent>(text).ok())
            .flatten();
        match read {
            Some(ClipFromAgent::Offer { head, times }) => self.offer(Box::new(head), times),
            None => vec![Step::Nonsense],
        }
    }

    fn offer(&mut self, head: Box<ClipHead>, times: Vec<RtpTime>) -> Vec<Step> {
        let clip = head.clip;
        let refused = |reason| Step::Say(ClipToAgent::Refused { clip, reason });
        let timed = head.captured.is_none() || FrameMap::new(&head, &times).is_some();
        if head.check(&times).is_err() || !timed {
            return vec![Step::Nonsense, refused(ClipGap::Refused)];
        }
        if let Some(open) = self.open.iter().find(|open| open.clip == clip) {
            let wanted = open.at.map(|offset| ClipToAgent::Wanted { clip, offset });
            return wanted.map(Step::Say).into_iter().collect();
        }
        if self.waiting.iter().any(|(held, _)| held.clip == clip) {
            return Vec::new();
        }
        if self.open.len() >= MAX_OPEN {
            if self.waiting.len() >= MAX_WAITING {
                return vec![refused(ClipGap::RelayStorage)];
            }
            self.waiting.push_back((head, times));
            return Vec::new();
        }
        vec![self.look(head, times)]
    }

    fn look(&mut self, head: Box<ClipHead>, times: Vec<RtpTime>) -> Step {
        self.open.push(Transfer {
            clip: head.clip,
            whole: head.bytes,
            at: None,
            told: None,
        });
        Step::Look(head, times)
    }

    /// It is welcome, and so much of it is here.
    pub fn begin(&mut self, clip: ClipId, at: u64) -> Vec<Step> {
        let Some(open) = self.open.iter_mut().find(|open| open.clip == clip) else {
            return Vec::new();
        };
        open.at = Some(at);
        open.told = None;
        vec![Step::Say(ClipToAgent::Wanted { clip, offset: at })]
    }

    /// Nothing more of it is taken: it is kept, or refused. The next offer has its turn.
    pub fn end(&mut self, clip: ClipId) -> Vec<Step> {
        self.open.retain(|open| open.clip != clip);
        match self.waiting.pop_front() {
            Some((head, times)) if self.open.len() < MAX_OPEN => vec![self.look(head, times)],
            Some(next) => {
                self.waiting.push_front(next);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// A binary message came.
    pub fn piece(&mut self, message: &Bytes, now: RelayTime) -> Vec<Step> {
        let Some(piece) = ClipPiece::parse(message) else {
            return vec![Step::Nonsense];
        };
        let clip = piece.clip;
        let open = self.open.iter_mut().find(|open| open.clip == clip);
        let Some((open, at)) = open.and_then(|open| open.at.map(|at| (open, at))) else {
            return vec![Step::Nonsense];
        };
        if piece.offset != at {
            return open.tell(at, now).into_iter().collect();
        }
        let bytes = message.slice_ref(piece.bytes);
        let end = at.saturating_add(bytes.len() as u64);
        if end > open.whole {
            return vec![Step::Nonsense, Step::GiveUp(clip, ClipGap::Altered)];
        }
        open.at = Some(end);
        open.told = None;
        vec![Step::Write(clip, bytes)]
    }

    /// Messages were dropped because the disk did not keep up: transfers go on where their bytes end.
    pub fn gap(&mut self, now: RelayTime) -> Vec<Step> {
        let open = self.open.iter_mut();
        open.filter_map(|open| open.tell(open.at?, now)).collect()
    }
}

impl Transfer {
    fn tell(&mut self, at: u64, now: RelayTime) -> Option<Step> {
        let just_told = |told: RelayTime| now.0.saturating_sub(told.0) < WANTED_AGAIN_US;
        if self.told.is_some_and(just_told) {
            return None;
        }
        self.told = Some(now);
        let clip = self.clip;
        Some(Step::Say(ClipToAgent::Wanted { clip, offset: at }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use wire::CaptureTime;
    use wire::clip::{ClipCoding, ClipOrigin};
    use wire::original::Digest;

    const NOW: RelayTime = RelayTime(5_000_000);

    fn head(bytes: u64) -> ClipHead {
        ClipHead {
            clip: ClipId::random(),
            instance: "2.25.7".into(),
            bytes,
            digest: Digest::from_bytes([7; 32]),
            frames: 1,
            width: 8,
            height: 8,
            coding: ClipCoding::Other,
            origin: ClipOrigin::Imported,
            taken_at: CaptureTime(1),
            span_us: 0,
            view: None,
            marker: None,
            captured: None,
        }
    }

    fn offered(receipt: &mut Receipt, head: &ClipHead) -> Vec<Step> {
        let offer = ClipFromAgent::Offer {
            head: head.clone(),
            times: Vec::new(),
        };
        receipt.text(&serde_json::to_string(&offer).unwrap())
    }

    fn piece(clip: ClipId, offset: u64, bytes: &[u8]) -> Bytes {
        [&ClipPiece::head(clip, offset)[..], bytes].concat().into()
    }

    fn wanted(clip: ClipId, offset: u64) -> Vec<Step> {
        vec![Step::Say(ClipToAgent::Wanted { clip, offset })]
    }

    /// Offered, welcome, and empty here.
    fn begun(receipt: &mut Receipt, bytes: u64) -> ClipId {
        let head = head(bytes);
        assert!(matches!(offered(receipt, &head)[..], [Step::Look(..)]));
        assert_eq!(receipt.begin(head.clip, 0), wanted(head.clip, 0));
        head.clip
    }

    #[test]
    fn a_piece_elsewhere_is_answered_with_the_right_place_once() {
        let mut receipt = Receipt::default();
        let clip = begun(&mut receipt, 10);
        let at_three = piece(clip, 3, b"abc");
        assert_eq!(receipt.piece(&at_three, NOW), wanted(clip, 0));
        assert_eq!(receipt.piece(&at_three, NOW), [], "it was just told");
        let written = receipt.piece(&piece(clip, 0, b"abc"), NOW);
        assert_eq!(written, [Step::Write(clip, Bytes::from_static(b"abc"))]);
        assert!(matches!(
            receipt.piece(&at_three, NOW)[..],
            [Step::Write(..)]
        ));
        assert_eq!(receipt.gap(NOW), wanted(clip, 6));
        assert_eq!(receipt.gap(NOW), []);
        let later = RelayTime(NOW.0 + WANTED_AGAIN_US);
        assert_eq!(receipt.gap(later), wanted(clip, 6));
    }

    #[test]
    fn more_than_was_offered_ends_the_transfer() {
        let mut receipt = Receipt::default();
        let clip = begun(&mut receipt, 4);
        let steps = receipt.piece(&piece(clip, 0, b"abcde"), NOW);
        assert_eq!(
            steps,
            [Step::Nonsense, Step::GiveUp(clip, ClipGap::Altered)]
        );
    }

    #[test]
    fn offers_have_their_turn_and_too_many_are_refused() {
        let mut receipt = Receipt::default();
        let first: Vec<ClipId> = (0..MAX_OPEN).map(|_| begun(&mut receipt, 4)).collect();
        let next = head(4);
        assert_eq!(offered(&mut receipt, &next), []);
        assert_eq!(
            offered(&mut receipt, &next),
            [],
            "said twice, it waits once"
        );
        for _ in 1..MAX_WAITING {
            assert_eq!(offered(&mut receipt, &head(4)), []);
        }
        let surplus = head(4);
        let (clip, reason) = (surplus.clip, ClipGap::RelayStorage);
        let refused = Step::Say(ClipToAgent::Refused { clip, reason });
        assert_eq!(offered(&mut receipt, &surplus), [refused]);
        match &receipt.end(first[0])[..] {
            [Step::Look(head, _)] => assert_eq!(head.clip, next.clip),
            other => panic!("{other:?}"),
        }
        assert_eq!(offered(&mut receipt, &surplus), [], "there is room again");
    }

    #[test]
    fn nonsense_is_counted_and_what_cannot_be_true_is_refused() {
        let mut receipt = Receipt::default();
        let long = " ".repeat(MAX_CLIP_TEXT_BYTES + 1);
        for text in ["", "{}", "[", &long] {
            assert_eq!(receipt.text(text), [Step::Nonsense]);
        }
        assert_eq!(
            receipt.piece(&Bytes::from_static(b"x"), NOW),
            [Step::Nonsense]
        );
        let unknown = piece(ClipId::random(), 0, b"x");
        assert_eq!(receipt.piece(&unknown, NOW), [Step::Nonsense]);
        let empty = head(0);
        let (clip, reason) = (empty.clip, ClipGap::Refused);
        let refused = Step::Say(ClipToAgent::Refused { clip, reason });
        assert_eq!(offered(&mut receipt, &empty), [Step::Nonsense, refused]);
        let clip = begun(&mut receipt, 4);
        assert_eq!(
            offered(&mut receipt, &ClipHead { clip, ..head(4) }),
            wanted(clip, 0)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: proptest::test_runner::RngSeed::Fixed(0xc11b),
            ..ProptestConfig::default()
        })]

        /// Whatever is lost on the way, what is written is the clip from its start, without a gap or a repeat.
        #[test]
        fn what_is_written_is_the_clip(
            clip_bytes in prop::collection::vec(any::<u8>(), 1..500),
            cut in 1usize..60,
            lost in prop::collection::vec(any::<bool>(), 1..40),
        ) {
            let mut receipt = Receipt::default();
            let clip = begun(&mut receipt, clip_bytes.len() as u64);
            let (mut written, mut at, mut now, mut turn) = (Vec::new(), 0, NOW, 0);
            while written.len() < clip_bytes.len() {
                now = RelayTime(now.0 + WANTED_AGAIN_US);
                let end = (at + cut).min(clip_bytes.len());
                // Pieces are lost in a pattern, but not for ever.
                let is_lost = lost[turn % lost.len()] && turn < 200;
                turn += 1;
                let sent = &clip_bytes[at..end];
                let steps = if is_lost || sent.is_empty() {
                    receipt.gap(now)
                } else {
                    receipt.piece(&piece(clip, at as u64, sent), now)
                };
                at = end;
                for step in steps {
                    match step {
                        Step::Write(_, bytes) => written.extend_from_slice(&bytes),
                        Step::Say(ClipToAgent::Wanted { offset, .. }) => at = usize::try_from(offset).unwrap(),
                        other => prop_assert!(false, "{:?}", other),
                    }
                }
            }
            prop_assert_eq!(written, clip_bytes);
        }
    }
}
