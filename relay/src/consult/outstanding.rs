//! Which clips of a consult a device may still hold, as far as its log says.
//!
//! Pure: takes the log's entries in order. Whether a clip is kept, its row says, which the caller knows; so what came after the consult was
//! closed, of which the log knows nothing (decision 0049), is not outstanding.

use std::collections::BTreeMap;
use wire::ClipId;
use wire::clip::ClipGap;
use wire::log::LogEvent;

/// What the log says so far.
#[derive(Debug, Default)]
pub struct Outstanding {
    /// Whether each clip may still come.
    clips: BTreeMap<ClipId, bool>,
}

impl Outstanding {
    /// One more entry.
    pub fn note(&mut self, event: &LogEvent) {
        let (clip, may_come) = match event {
            LogEvent::ClipAsked { clip, .. } => (*clip, true),
            LogEvent::ClipSaved { head } => (head.clip, true),
            LogEvent::ClipKept { clip } => (*clip, false),
            LogEvent::ClipMissing { clip, reason } => (*clip, is_held(*reason)),
            _ => return,
        };
        self.clips.insert(clip, may_come);
    }

    /// Those that may still come, with what began to arrive; without what is kept.
    #[must_use]
    pub fn left(mut self, rows: &[(ClipId, bool)]) -> Vec<ClipId> {
        for (clip, kept) in rows {
            self.clips.insert(*clip, !kept);
        }
        let left = self.clips.into_iter().filter(|(_, may_come)| *may_come);
        left.map(|(clip, _)| clip).collect()
    }
}

/// Whether the device may have one that does not come for this reason.
const fn is_held(reason: ClipGap) -> bool {
    match reason {
        ClipGap::AgentAway | ClipGap::RelayStorage | ClipGap::Altered => true,
        ClipGap::Gone
        | ClipGap::NoAgent
        | ClipGap::DeviceStorage
        | ClipGap::TooMany
        | ClipGap::NotWritten
        | ClipGap::VisitUnread
        | ClipGap::Stale
        | ClipGap::Conflict
        | ClipGap::Refused => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::clip::SaveWhat;

    #[test]
    fn what_was_asked_for_and_is_neither_kept_nor_given_up_may_still_come() {
        let [asked, away, gone, kept, arriving, late] = [(); 6].map(|()| ClipId::random());
        let mut log = Outstanding::default();
        for clip in [asked, away, gone, kept] {
            let what = SaveWhat::Last { seconds: 6 };
            log.note(&LogEvent::ClipAsked { clip, what });
        }
        let missing = |clip, reason| LogEvent::ClipMissing { clip, reason };
        log.note(&missing(away, ClipGap::AgentAway));
        log.note(&missing(gone, ClipGap::Gone));
        log.note(&LogEvent::ClipKept { clip: kept });
        let mut left = vec![asked, away, arriving];
        left.sort_unstable();
        let rows = [(kept, true), (arriving, false), (late, true)];
        assert_eq!(log.left(&rows), left);
        let mut log = Outstanding::default();
        log.note(&missing(away, ClipGap::AgentAway));
        assert_eq!(log.left(&[(away, true)]), [], "it came after all");
    }
}
