//! What a consult is told while weak frames keep coming: an old hole waits for no new ones.

use super::*;
use crate::consult::RecordingInput;
use crate::recording::telling::Telling;

/// A link whose frames are all weaker than the journal's, and what is said of it in which second.
struct Weak {
    journal: FrameTable,
    here: FrameTable,
    healer: Healer,
    telling: Telling,
    /// What the agent said last, and when it is heard.
    word: Option<(BackfillToAgent, Instant)>,
    heard: Vec<(u64, RecordingInput)>,
    now: Instant,
}

const SECOND: u64 = 30;

impl Weak {
    fn new() -> Self {
        let (mut healer, now) = (Healer::new(), Instant::now());
        healer.here(now);
        Self {
            journal: FrameTable::default(),
            here: FrameTable::default(),
            healer,
            telling: Telling::default(),
            word: None,
            heard: Vec::new(),
            now,
        }
    }

    /// So many frames are captured. A second of better frames takes `per_second` to come, what is missing comes at once.
    fn run(&mut self, frames: std::ops::Range<u64>, passes: bool, per_second: Option<Duration>) {
        for at in frames {
            self.now += Duration::from_millis(33);
            self.journal.extend([entry(at)]);
            if passes {
                self.here.extend([weak(at)]);
                let gap = self.telling.arrived(entry(at).at);
                if gap.is_some() {
                    self.healer.hurry(self.now);
                    self.word = None;
                }
                self.heard.extend(gap.map(|news| (at / SECOND, news)));
                self.asks(per_second, entry(at).at);
            }
            let news = self.telling.look(&self.healer, &self.here);
            self.heard
                .extend(news.into_iter().map(|news| (at / SECOND, news)));
        }
    }

    fn asks(&mut self, per_second: Option<Duration>, present: Tick) {
        if let Some(word) = self.healer.next(&self.here, present, self.now) {
            let takes = match &word {
                BackfillToAgent::Send {
                    from,
                    until,
                    hashes,
                    ..
                } if !hashes.is_empty() => {
                    let seconds = (until - from) as f64 / 90_000.0;
                    per_second.map(|per| per.mul_f64(seconds))
                }
                _ => Some(Duration::from_millis(100)),
            };
            self.word = takes.map(|takes| (word, self.now + takes));
        }
        if let Some((word, _)) = self.word.take_if(|(_, at)| *at <= self.now) {
            answer(
                word,
                &self.journal,
                &mut self.here,
                &mut self.healer,
                self.now,
            );
        }
    }

    /// When it was heard, by kind.
    fn when(&self, is: fn(&RecordingInput) -> bool) -> Vec<u64> {
        let those = self.heard.iter().filter(|(_, news)| is(news));
        those.map(|(at, _)| *at).collect()
    }
}

const WHOLE: fn(&RecordingInput) -> bool = |news| matches!(news, RecordingInput::Whole { .. });
const WEAK: fn(&RecordingInput) -> bool = |news| matches!(news, RecordingInput::Weak { .. });

#[test]
fn that_a_hole_is_filled_waits_for_no_weak_frames_behind_it_as_long_as_better_ones_follow() {
    let mut link = Weak::new();
    let follow = Some(Duration::from_millis(500));
    link.run(0..20 * SECOND, true, follow);
    assert_eq!(link.heard, [], "a stream that begins has nothing to say");
    link.run(20 * SECOND..22 * SECOND, false, None);
    link.run(22 * SECOND..120 * SECOND, true, follow);
    assert!(link.when(WEAK).is_empty());
    let whole = link.when(WHOLE);
    assert!(
        matches!(whole[..], [at] if (22..52).contains(&at)),
        "{:?}",
        link.heard
    );
    let Some((_, RecordingInput::Whole { until })) = link.heard.last() else {
        panic!("it is the last that is said: {:?}", link.heard);
    };
    assert!(until.0 >= entry(22 * SECOND).at.rtp_time().0);
}

#[test]
fn weak_frames_that_nothing_follows_are_told_of_until_all_of_them_are_replaced() {
    let mut link = Weak::new();
    link.run(0..60 * SECOND, true, None);
    let weak = link.when(WEAK);
    assert!(
        matches!(weak[..], [at] if (30..40).contains(&at)),
        "{:?}",
        link.heard
    );
    // Half of what is captured passes: the hole of a moment is filled, but what lies behind us grows.
    let slow = Some(Duration::from_secs(2));
    link.run(60 * SECOND..61 * SECOND, false, None);
    link.run(61 * SECOND..90 * SECOND, true, slow);
    assert!(link.when(WHOLE).is_empty());
    link.run(
        90 * SECOND..150 * SECOND,
        true,
        Some(Duration::from_millis(100)),
    );
    assert!(
        matches!(link.when(WHOLE)[..], [at] if (90..120).contains(&at)),
        "{:?}",
        link.heard
    );
    assert_eq!(link.when(WEAK).len(), 1, "each change once");
}
