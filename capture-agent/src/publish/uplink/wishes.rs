//! What a target means for the picture: orders to the encode thread, words on the board.
//!
//! Owns the ladder of the picture that comes now; another size begins another ladder. Bits are ordered as they change,
//! resolution and frames when the ladder says so. It measures nothing.

use crate::encode::{BitRate as Coded, Room};
use crate::orders::Orders;
use crate::status::{Share, StatusBoard};
use bandwidth::{BitRate, Encoding, Ladder, Picture, Scale, Stats};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bits that differ by less than this share are not ordered anew.
const WORTH_AN_ORDER: f64 = 0.02;
/// The board is for people.
const TOLD_EVERY: Duration = Duration::from_millis(500);
/// After a silence the estimate is young for so long: some probes.
const SETTLES_AFTER: Duration = Duration::from_secs(2);
/// Assumed of a source that tells no rate.
const USUAL_FRAME_RATE: f64 = 30.0;
/// Rates that differ by less than this share are one source's.
const SAME_RATE: f64 = 0.2;

/// Enough for every picture.
const UNJUDGED: BitRate = BitRate::from_kbps(u64::MAX);

/// What is wished of the encode thread.
pub(super) struct Wishes {
    orders: Arc<Orders>,
    board: StatusBoard,
    /// The picture that comes, and its ladder.
    ladder: Option<(Picture, Ladder)>,
    /// Before this moment the ladder judges nothing.
    unsettled_until: Option<Instant>,
    ordered: Option<Room>,
    told: Option<Instant>,
}

impl Wishes {
    pub(super) const fn new(orders: Arc<Orders>, board: StatusBoard) -> Self {
        Self {
            orders,
            board,
            ladder: None,
            unsettled_until: None,
            ordered: None,
            told: None,
        }
    }

    /// The picture may use so much now, and of its bits this share.
    pub(super) fn follow(&mut self, now: Instant, may_use: BitRate, share: f64, stats: &Stats) {
        let mut room = self.room(now, may_use);
        if share < 1.0 {
            // Bits only: another resolution would cost a keyframe, and this passes.
            let bits = room.bit_rate.min(self.board.allowed());
            room.bit_rate = coded(BitRate::from_bps(bits.bps().into()).scaled(share));
        }
        if self.ordered.is_none_or(|before| differs(before, room)) {
            if self
                .ordered
                .is_some_and(|before| before.scale != room.scale)
            {
                tracing::info!(
                    scale = room.scale.factor(),
                    target_kbps = stats.target.kbps(),
                    "the link asks for another resolution"
                );
            }
            self.ordered = Some(room);
            self.orders.make_room(Some(room));
        }
        let is_due = |at| now.saturating_duration_since(at) >= TOLD_EVERY;
        if self.told.is_none_or(is_due) {
            self.told = Some(now);
            tracing::debug!(?stats, picture_kbps = room.bit_rate.kbps(), "uplink");
            self.board
                .update(|status| status.uplink = Some(told(room, stats)));
        }
    }

    /// Nothing is heard: another resolution now would be seen when the link is back, for nothing.
    pub(super) fn unsettle(&mut self, now: Instant) {
        self.unsettled_until = Some(now + SETTLES_AFTER);
    }

    /// Nothing is sent any more.
    pub(super) fn end(&self) {
        self.board.update(|status| status.uplink = None);
    }

    fn room(&mut self, now: Instant, may_use: BitRate) -> Room {
        let Some(picture) = self.picture() else {
            return Room {
                bit_rate: coded(may_use),
                scale: Scale::Full,
                frame_rate: None,
            };
        };
        let (full, mut ladder) = match self.ladder.take() {
            Some((known, ladder)) if is_same(&known, &picture) => (known, ladder),
            // A new link is not judged before its probes: the first picture begins whole.
            None => (picture, Ladder::new(picture, UNJUDGED)),
            Some(_) => (picture, Ladder::new(picture, may_use)),
        };
        let encoding = if self.unsettled_until.is_some_and(|until| now < until) {
            Encoding {
                bit_rate: may_use,
                ..ladder.encoding()
            }
        } else {
            ladder.on_target(now, may_use)
        };
        self.ladder = Some((full, ladder));
        Room {
            bit_rate: coded(encoding.bit_rate),
            scale: encoding.scale,
            frame_rate: (encoding.frame_rate < full.frame_rate).then_some(encoding.frame_rate),
        }
    }

    /// What the source gives; none before its first picture.
    fn picture(&self) -> Option<Picture> {
        let (_, width, height) = self.board.now_source();
        let told = f64::from(self.board.told_rate());
        let frame_rate = if told >= 1.0 { told } else { USUAL_FRAME_RATE };
        (width > 0 && height > 0).then_some(Picture {
            width,
            height,
            frame_rate,
        })
    }
}

fn is_same(known: &Picture, now: &Picture) -> bool {
    (known.width, known.height) == (now.width, now.height)
        && (now.frame_rate / known.frame_rate - 1.0).abs() < SAME_RATE
}

fn differs(before: Room, now: Room) -> bool {
    let (old, new) = (
        f64::from(before.bit_rate.bps()),
        f64::from(now.bit_rate.bps()),
    );
    (before.scale, before.frame_rate) != (now.scale, now.frame_rate)
        || (new / old - 1.0).abs() > WORTH_AN_ORDER
}

/// In the encoder's units, within what it can do.
fn coded(rate: BitRate) -> Coded {
    let kbps = rate
        .kbps()
        .clamp(Coded::LOWEST_KBPS.into(), Coded::HIGHEST_KBPS.into());
    u32::try_from(kbps)
        .ok()
        .and_then(Coded::from_kbps)
        .unwrap_or(Coded::LOWEST)
}

fn told(room: Room, stats: &Stats) -> Share {
    let millis = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "shares are 0 to 1"
    )]
    let percent = |share: f64| (share * 100.0).round() as u32;
    Share {
        target_kbps: u32::try_from(stats.target.kbps()).unwrap_or(u32::MAX),
        scale_percent: percent(room.scale.factor()),
        frame_rate: room.frame_rate,
        lost_percent: percent(stats.loss_share),
        queue_ms: millis(stats.queueing_delay),
        round_trip_ms: stats.round_trip.map(millis),
    }
}
