//! Which originals a publisher may send: those that it was asked for, each once.
//!
//! Sans-IO. Owns what one publisher was asked for and did not send yet. An enrolled agent that sends anything else gets
//! nothing onto the disk. What comes late still counts, so nothing here depends on time. Called where an original's head
//! arrives and where an agent is asked.

use std::collections::VecDeque;
use wire::RtpTime;
use wire::agent::RelayToAgent;
use wire::original::{BEAT_SPAN_MS, MAX_BEAT_FRAMES, OriginalHead};
use wire::units::RTP_CLOCK_HZ;

/// Single originals that may be outstanding; the oldest question is forgotten first. An agent keeps no more than that.
const MAX_SINGLE: usize = 16;
/// Length of a beat on the RTP clock.
const BEAT_TICKS: i64 = BEAT_SPAN_MS as i64 * RTP_CLOCK_HZ as i64 / 1_000;

/// What one publisher was asked for.
#[derive(Debug, Default)]
pub struct Admission {
    /// Frames by name, and which neighbour of it is wanted.
    single: VecDeque<(RtpTime, i8)>,
    beat: Option<AdmittedBeat>,
}

#[derive(Debug)]
struct AdmittedBeat {
    ends_at: RtpTime,
    /// Frames that may still come.
    left: usize,
}

impl Admission {
    /// The publisher is being asked.
    pub fn asked(&mut self, word: &RelayToAgent) {
        match *word {
            RelayToAgent::SendOriginal { rtp_time, step } => {
                self.single.retain(|held| *held != (rtp_time, step));
                if self.single.len() >= MAX_SINGLE {
                    self.single.pop_front();
                }
                self.single.push_back((rtp_time, step));
            }
            RelayToAgent::SendBeat { rtp_time } => {
                self.beat = Some(AdmittedBeat {
                    ends_at: rtp_time,
                    left: MAX_BEAT_FRAMES,
                });
            }
            // What it has begun to send may still come: not wanted any more is not forbidden for one frame.
            RelayToAgent::StopBeat { rtp_time } => {
                if let Some(beat) = self.beat.as_mut().filter(|beat| beat.ends_at == rtp_time) {
                    beat.left = beat.left.min(1);
                }
            }
            RelayToAgent::Welcome { .. }
            | RelayToAgent::Pong { .. }
            | RelayToAgent::OriginalKept { .. }
            | RelayToAgent::SaveClip { .. }
            | RelayToAgent::Marks { .. }
            | RelayToAgent::LowLayer { .. } => {}
        }
    }

    /// Whether this may come; then it may not come again.
    pub fn takes(&mut self, head: &OriginalHead) -> bool {
        if head.beat.is_some() {
            return self
                .beat
                .as_mut()
                .is_some_and(|beat| beat.takes(head.rtp_time, head.asked));
        }
        let wanted = |(asked, step): &(RtpTime, i8)| {
            let off = head.rtp_time.since(head.asked);
            *asked == head.asked && off.signum() == i32::from(step.signum())
        };
        let at = self.single.iter().position(wanted);
        at.and_then(|at| self.single.remove(at)).is_some()
    }
}

impl AdmittedBeat {
    fn takes(&mut self, rtp_time: RtpTime, asked: RtpTime) -> bool {
        let before = i64::from(self.ends_at.since(rtp_time));
        let wanted = asked == self.ends_at && (0..=BEAT_TICKS).contains(&before) && self.left > 0;
        if wanted {
            self.left -= 1;
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::original::{BeatPlace, Digest, FrameFacts, Original, PixelForm};

    fn head(rtp_time: u32, asked: u32, beat: bool) -> OriginalHead {
        let digest = Digest::from_bytes([1; 32]);
        OriginalHead {
            rtp_time: RtpTime(rtp_time),
            asked: RtpTime(asked),
            original: Original {
                width: 4,
                height: 2,
                form: PixelForm::Gray8,
                pixels: digest,
                blob: digest,
                bytes: 9,
            },
            beat: beat.then_some(BeatPlace { of: 3, last: false }),
            facts: FrameFacts::default(),
        }
    }

    fn single(rtp_time: u32, step: i8) -> RelayToAgent {
        RelayToAgent::SendOriginal {
            rtp_time: RtpTime(rtp_time),
            step,
        }
    }

    #[test]
    fn an_original_is_taken_once_and_only_if_it_was_asked_for() {
        let mut admission = Admission::default();
        assert!(!admission.takes(&head(7, 7, false)), "nobody asked");
        admission.asked(&single(7, 0));
        assert!(!admission.takes(&head(8, 8, false)), "another frame");
        assert!(!admission.takes(&head(8, 7, false)), "a neighbour");
        assert!(admission.takes(&head(7, 7, false)));
        assert!(!admission.takes(&head(7, 7, false)), "twice");
        admission.asked(&single(7, -1));
        assert!(!admission.takes(&head(9, 7, false)), "the other way");
        assert!(admission.takes(&head(5, 7, false)));
    }

    #[test]
    fn questions_without_an_answer_are_forgotten_from_the_oldest() {
        let mut admission = Admission::default();
        for n in 0..=16 {
            admission.asked(&single(n, 0));
        }
        assert!(!admission.takes(&head(0, 0, false)));
        assert!(admission.takes(&head(1, 1, false)) && admission.takes(&head(16, 16, false)));
    }

    #[test]
    fn a_beat_is_the_three_seconds_before_its_frame_and_no_more() {
        let mut admission = Admission::default();
        let end = 1_000; // The clock wraps in the middle of it.
        let at = |ticks: u32| RtpTime(u32::wrapping_sub(end, ticks)).0;
        assert!(!admission.takes(&head(end, end, true)), "nobody asked");
        admission.asked(&RelayToAgent::SendBeat {
            rtp_time: RtpTime(end),
        });
        assert!(!admission.takes(&head(at(270_001), end, true)), "too old");
        assert!(admission.takes(&head(at(270_000), end, true)));
        assert!(admission.takes(&head(at(3_000), end, true)));
        assert!(!admission.takes(&head(end + 1, end, true)), "after it");
        assert!(!admission.takes(&head(end, end, false)), "as a single one");
        assert!(admission.takes(&head(end, end, true)));
    }

    #[test]
    fn a_beat_has_so_many_frames_and_one_more_after_it_was_stopped() {
        let mut admission = Admission::default();
        let end = RtpTime(900_000);
        admission.asked(&RelayToAgent::SendBeat { rtp_time: end });
        let from = end.0 - 1_000;
        let taken = (0..1_000)
            .filter(|n| admission.takes(&head(from + n, end.0, true)))
            .count();
        assert_eq!(taken, MAX_BEAT_FRAMES);
        admission.asked(&RelayToAgent::SendBeat { rtp_time: end });
        admission.asked(&RelayToAgent::StopBeat { rtp_time: end });
        assert!(admission.takes(&head(end.0 - 9, end.0, true)));
        assert!(!admission.takes(&head(end.0 - 8, end.0, true)));
    }
}
