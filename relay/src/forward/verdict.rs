//! What an answer means for an item, and how long to wait before the next try. Rules without input or output.

use dimse::RequestFault;
use std::time::Duration;

/// After the first failure.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// A peer that is away for a week is tried so often.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is there.
    Sent,
    /// Not now.
    Later(String),
    /// Never like this.
    Never(String),
}

/// A status of C-STORE (PS3.4 Table B.2-1, PS3.7 Annex C).
pub(super) fn of_status(status: u16) -> Verdict {
    match status {
        // Warnings: it is stored, altered or not.
        0x0000 | 0xB000 | 0xB006 | 0xB007 => Verdict::Sent,
        // SOP Instance UID that is there already (PS3.7 section C.5.7): what we want.
        0x0111 => Verdict::Sent,
        // No such class, not matching, cannot understand, a command or attribute that is wrong: the same bytes end the same.
        0x0105 | 0x0106 | 0x0112..=0x0122 | 0x0211 | 0x0212 | 0xA900..=0xA9FF | 0xC000..=0xCFFF => {
            Verdict::Never(format!("the destination answers {status:04X}"))
        }
        // Out of resources, a fault of its own, not authorised yet, and what the standard does not know.
        _ => Verdict::Later(format!("the destination answers {status:04X}")),
    }
}

/// An item that could not be brought there. What is wrong with the association is wrong with none of its items.
pub(super) fn of_fault(fault: &RequestFault) -> Verdict {
    match fault {
        RequestFault::NotTaken => Verdict::Never(fault.to_string()),
        fault => Verdict::Later(fault.to_string()),
    }
}

/// How long to wait after so many failures: twice as long each time, and by `chance` up to a quarter less, so that not everything
/// that failed together comes back together.
pub(super) fn wait(failures: u32, chance: u8) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let wait = doubled.min(LONGEST_WAIT);
    wait - wait / 4 * u32::from(chance) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_half_an_hour_and_vary() {
        assert_eq!(wait(1, 0), Duration::from_secs(5));
        assert_eq!(wait(2, 0), Duration::from_secs(10));
        assert_eq!(wait(u32::MAX, 0), LONGEST_WAIT);
        for failures in 1..40 {
            for chance in [0, 1, 128, 255] {
                let wait_ms = wait(failures, chance).as_millis();
                assert!(
                    wait_ms >= 3_750 && wait(failures + 1, 255) * 4 >= wait(failures, chance) * 3
                );
            }
        }
    }

    #[test]
    fn refusals_for_good_are_told_apart_from_those_that_pass() {
        for there in [0x0000, 0xB000, 0xB007, 0x0111] {
            assert_eq!(of_status(there), Verdict::Sent, "{there:04X}");
        }
        for never in [0xA900, 0xC000, 0xC123, 0x0122, 0x0117, 0x0212] {
            assert!(matches!(of_status(never), Verdict::Never(_)), "{never:04X}");
        }
        for later in [0xA700, 0xA7FF, 0x0110, 0x0124, 0x0213, 0x1234] {
            assert!(matches!(of_status(later), Verdict::Later(_)), "{later:04X}");
        }
        assert!(matches!(
            of_fault(&RequestFault::NotTaken),
            Verdict::Never(_)
        ));
        assert!(matches!(of_fault(&RequestFault::Silent), Verdict::Later(_)));
    }
}
