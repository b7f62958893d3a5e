//! Whether the uplink has room for the low layer beside the picture.
//!
//! Owns the two limits. A picture that has little already needs no smaller one beside it: whatever link it goes on to
//! carries it, and the bits are better spent on it. Sans-IO.

use crate::low_layer::LOW_KBPS;
use bandwidth::BitRate;

/// The layer on the wire.
pub(super) const LOW_TAKES: BitRate = BitRate::from_kbps(LOW_KBPS as u64);
/// The picture and the low layer together begin with at least so much ...
const ENOUGH: BitRate = BitRate::from_kbps(1_300);
/// ... and go on with at least so much.
const STILL_ENOUGH: BitRate = BitRate::from_kbps(950);

/// The layer's share.
#[derive(Debug, Default)]
pub(super) struct LowShare {
    /// The relay asked for it.
    wanted: bool,
    is_on: bool,
}

impl LowShare {
    /// The relay asks for it, or says that nobody needs it.
    pub(super) const fn want(&mut self, wanted: bool) {
        self.wanted = wanted;
    }

    /// Both layers may use so much. Gives whether the low one is on.
    pub(super) fn judge(&mut self, may_use: BitRate) -> bool {
        let least = if self.is_on { STILL_ENOUGH } else { ENOUGH };
        self.is_on = self.wanted && may_use >= least;
        self.is_on
    }

    /// What is left to the picture.
    pub(super) fn left(&self, may_use: BitRate) -> BitRate {
        if self.is_on {
            may_use.less(LOW_TAKES)
        } else {
            may_use
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_its_share_only_where_the_picture_keeps_more() {
        let kbps = BitRate::from_kbps;
        let mut share = LowShare::default();
        assert!(!share.judge(kbps(5_000)), "nobody needs it");
        share.want(true);
        assert!(!share.judge(kbps(1_200)));
        assert_eq!(share.left(kbps(1_200)), kbps(1_200));
        assert!(share.judge(kbps(1_400)));
        assert_eq!(share.left(kbps(1_400)), kbps(1_050));
        assert!(share.judge(kbps(1_000)), "it does not come and go");
        assert!(!share.judge(kbps(900)));
        assert!(!share.judge(kbps(1_200)));
        share.judge(kbps(1_400));
        share.want(false);
        assert!(!share.judge(kbps(1_400)));
    }
}
