//! The link as people see it: how the picture arrives at somebody's page, what holds it up, and what it still allows.
//!
//! A page measures once in `LINK_INTERVAL_MS` and says `linkSeen`; the others are shown it (presence), and the log keeps a thinned
//! sample of it. Owns the words and what can be true; thresholds are the page's, so that what is kept is what was shown.
//! Everything here is about the transmission. Whether the scan itself shows what was asked is for people to say.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How long between two words of one page about its link, in milliseconds.
pub const LINK_INTERVAL_MS: u64 = 2_000;
/// No source gives more frames in a second.
const MOST_FPS: u16 = 480;
/// A picture that is older than a day is none.
const MOST_MS: u32 = 24 * 60 * 60 * 1_000;
/// No link that carries a picture is faster, in kbit/s.
const MOST_KBPS: u32 = 10_000_000;
/// No picture is larger, in pixels of either direction.
const MOST_PIXELS: u32 = 16_384;

/// The picture on somebody's page in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "link.ts")]
#[serde(rename_all = "camelCase")]
pub enum LinkLevel {
    /// It comes in time and runs smoothly.
    Good,
    /// It comes, and late.
    Late,
    /// It comes, with too few frames.
    Choppy,
    /// It stands still.
    Stopped,
    /// There was none yet.
    None,
    /// The page lies behind another one: its person does not see it.
    Hidden,
}

/// What holds the picture up, as far as a page can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "link.ts")]
#[serde(rename_all = "camelCase")]
pub enum LinkCause {
    /// Nothing does.
    Nothing,
    /// The source gives no picture, or few frames.
    Source,
    /// Nothing comes to the relay: the device is off, or its line is gone.
    Absent,
    /// The way from the bedside to the relay.
    Uplink,
    /// The way from the relay to this page.
    Own,
    /// Both ways.
    Both,
}

/// Whether the transmission lets a question be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "link.ts")]
#[serde(rename_all = "camelCase")]
pub enum Adequacy {
    /// Nothing is known against it.
    Adequate,
    /// With care.
    Limited,
    /// Not from this picture.
    NotAdequate,
    /// There is no running picture to tell it of.
    Unknown,
}

/// The hint for each question that the picture is asked most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export_to = "link.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkHints {
    /// Ejection fraction and wall motion.
    pub ef: Adequacy,
    /// Width and collapse of the inferior vena cava.
    pub ivc: Adequacy,
    /// Pericardial and pleural effusion.
    pub effusion: Adequacy,
    /// Colour Doppler of the valves.
    pub colour: Adequacy,
}

/// How the picture arrives at somebody's page.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "link.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkSeen {
    /// In a word.
    pub level: LinkLevel,
    /// What holds it up.
    pub cause: LinkCause,
    /// Frames painted in a second; null until it has run for one.
    pub fps: Option<u16>,
    /// From capture to glass, in milliseconds; null when it cannot be known.
    pub age_ms: Option<u32>,
    /// Bit rate that arrived, kbit/s; null when the browser does not say.
    pub kbps: Option<u32>,
    /// Packets that did not come at the first try, of a hundred.
    pub loss_percent: Option<f32>,
    /// Pixels as they arrive; 0 before the first frame.
    pub width: u32,
    /// The same.
    pub height: u32,
    /// Pauses of the picture since this page said so last.
    pub pauses: u16,
    /// How long it stood still in them, in milliseconds.
    pub paused_ms: u32,
    /// What this allows.
    pub hints: LinkHints,
}

impl LinkSeen {
    /// Whether it can be true at all. A page that says more is not one of ours.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        self.fps.is_none_or(|fps| fps <= MOST_FPS)
            && self.age_ms.is_none_or(|ms| ms <= MOST_MS)
            && self.kbps.is_none_or(|kbps| kbps <= MOST_KBPS)
            && self
                .loss_percent
                .is_none_or(|percent| (0.0..=100.0).contains(&percent))
            && self.width <= MOST_PIXELS
            && self.height <= MOST_PIXELS
            && self.paused_ms <= MOST_MS
    }

    /// Whether frames come, however few or late.
    #[must_use]
    pub const fn runs(&self) -> bool {
        matches!(
            self.level,
            LinkLevel::Good | LinkLevel::Late | LinkLevel::Choppy
        )
    }
}

/// Somebody's link, as others are shown it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "link.ts")]
#[serde(rename_all = "camelCase")]
pub struct PersonLink {
    /// Whose.
    pub session: crate::SessionId,
    /// What their page sees.
    pub seen: LinkSeen,
}

/// What the way from a device to the relay gives, as the device measures it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "link.ts")]
#[serde(rename_all = "camelCase")]
pub struct UplinkState {
    /// For everything together, kbit/s.
    pub target_kbps: u32,
    /// Width and height that are sent against those of the source.
    pub scale_percent: u32,
    /// Frames a second that are sent; null when all that come are.
    pub frame_rate: Option<u32>,
    /// Packets lost of late, of a hundred.
    pub lost_percent: u32,
    /// What every packet waits on its way, in milliseconds.
    pub queue_ms: u32,
    /// From sending to hearing of it, in milliseconds; null until it was measured.
    pub round_trip_ms: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_true_is_not_plausible() {
        let adequate = Adequacy::Adequate;
        let seen = LinkSeen {
            level: LinkLevel::Good,
            cause: LinkCause::Nothing,
            fps: Some(30),
            age_ms: Some(45),
            kbps: Some(2_000),
            loss_percent: Some(100.0),
            width: 800,
            height: 600,
            pauses: 0,
            paused_ms: 0,
            hints: LinkHints {
                ef: adequate,
                ivc: adequate,
                effusion: adequate,
                colour: adequate,
            },
        };
        assert!(seen.is_plausible());
        let wrong = [
            LinkSeen {
                fps: Some(MOST_FPS + 1),
                ..seen
            },
            LinkSeen {
                age_ms: Some(u32::MAX),
                ..seen
            },
            LinkSeen {
                kbps: Some(u32::MAX),
                ..seen
            },
            LinkSeen {
                loss_percent: Some(-0.1),
                ..seen
            },
            LinkSeen {
                loss_percent: Some(f32::INFINITY),
                ..seen
            },
            LinkSeen {
                width: MOST_PIXELS + 1,
                ..seen
            },
            LinkSeen {
                height: u32::MAX,
                ..seen
            },
            LinkSeen {
                paused_ms: u32::MAX,
                ..seen
            },
        ];
        assert!(wrong.iter().all(|seen| !seen.is_plausible()));
    }
}
