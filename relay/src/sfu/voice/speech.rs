//! Whether somebody is heard and speaks, from the audio levels that browsers put on their packets (RFC 6464).
//!
//! Owns the thresholds and hold times, so that a name does not flicker between words. A voice that sends nothing at all is
//! told apart from one that is quiet: with DTX a microphone still says so every 400 ms (RFC 7587 §3.1.3), and a tablet
//! that was muted by a phone call or by power saving does not. Sans-IO.

use std::time::{Duration, Instant};

/// What others see of a voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Speech {
    /// Packets come, nobody speaks.
    Quiet,
    /// Somebody speaks.
    Speaking,
    /// No packet comes although the connection is there: a dead microphone or link.
    Unheard,
}

/// Louder than this is speech, in -dBov as on the wire: 0 is the loudest, 127 silence. Rooms are at 60 to 80.
const SPEECH_BELOW: u8 = 50;
/// A speaker stays one through the pauses between words.
const HOLD: Duration = Duration::from_millis(600);
/// A quiet microphone sends every 400 ms; five times as long is none.
const UNHEARD_AFTER: Duration = Duration::from_secs(2);

/// One voice.
#[derive(Debug)]
pub(crate) struct Voice {
    /// When the newest packet came; its coming counts.
    heard: Instant,
    /// When it was last loud enough.
    spoke: Option<Instant>,
    /// What was told last.
    told: Option<Speech>,
}

impl Voice {
    /// Of somebody who just came.
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            heard: now,
            spoke: None,
            told: None,
        }
    }

    /// A packet came with this level, if it said one: the byte of RFC 6464 §3.
    pub(crate) fn packet(&mut self, now: Instant, level: Option<u8>) -> Option<Speech> {
        self.heard = now;
        if level.is_some_and(|level| level & 0x7f < SPEECH_BELOW) {
            self.spoke = Some(now);
        }
        self.look(now)
    }

    /// Looks again because time passed. Gives what is new.
    pub(crate) fn look(&mut self, now: Instant) -> Option<Speech> {
        let since = |at: Instant| now.saturating_duration_since(at);
        let speech = if since(self.heard) > UNHEARD_AFTER {
            Speech::Unheard
        } else if self.spoke.is_some_and(|at| since(at) <= HOLD) {
            Speech::Speaking
        } else {
            Speech::Quiet
        };
        (self.told.replace(speech) != Some(speech)).then_some(speech)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_speaker_stays_one_between_words_and_not_for_ever() {
        let now = Instant::now();
        let mut voice = Voice::new(now);
        assert_eq!(voice.packet(now, Some(127)), Some(Speech::Quiet));
        assert_eq!(
            voice.packet(now + 20 * MS, Some(0x80 | 30)),
            Some(Speech::Speaking)
        );
        assert_eq!(voice.packet(now + 400 * MS, Some(120)), None);
        assert_eq!(voice.packet(now + 700 * MS, Some(120)), Some(Speech::Quiet));
    }

    #[test]
    fn a_microphone_that_sends_nothing_is_told_apart_from_a_quiet_one() {
        let now = Instant::now();
        let mut voice = Voice::new(now);
        voice.packet(now, Some(100));
        for n in 1..20 {
            assert_eq!(voice.packet(now + 400 * n * MS, Some(127)), None, "DTX");
        }
        assert_eq!(voice.look(now + 9_000 * MS), None);
        assert_eq!(voice.look(now + 9_700 * MS), Some(Speech::Unheard));
        assert_eq!(voice.packet(now + 9_800 * MS, None), Some(Speech::Quiet));
    }
}
