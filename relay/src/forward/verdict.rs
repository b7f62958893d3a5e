//! What an answer means for an item, and how long to wait before the next try. Rules without input or output.

use dimse::RequestFault;
use serde_json::Value;
use std::time::Duration;

/// After the first failure.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// A peer that is away for a week is tried so often.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// How long an archive may take over an answer: some store a long clip anew first.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(120);

/// A group that was tried.
#[derive(Debug, Default)]
pub(super) struct Tried {
    /// Of each item its row and its tries before.
    pub(super) verdicts: Vec<(i64, u32, Verdict)>,
    /// Whether the destination was there to the end.
    pub(super) reached: bool,
}

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

/// An answer to STOW-RS of one object (PS3.18 sections 10.5.3 and Annex I.2), and whether the next may be sent at once.
pub(super) fn of_stow(status: u16, body: &[u8], instance: &str) -> (Verdict, bool) {
    let answers = |what: u16| format!("the destination answers HTTP {what}");
    match status {
        200..=299 | 409 => {
            let said: Value = serde_json::from_slice(body).unwrap_or_default();
            // Failed and Referenced SOP Sequence, ReferencedSOPInstanceUID, FailureReason.
            let failed = named(&said, "00081198", instance);
            let stored = named(&said, "00081199", instance);
            let reason = failed.map(|item| first(item, "00081197").and_then(Value::as_u64));
            let verdict = match reason {
                Some(reason) => match reason.and_then(|code| u16::try_from(code).ok()) {
                    Some(0) | None => Verdict::Later("the destination does not say why".to_owned()),
                    Some(code) => of_status(code),
                },
                // 202: something about some object, which has to be named.
                None if status == 409 || status == 202 && stored.is_none() => {
                    Verdict::Later(answers(status))
                }
                None => Verdict::Sent,
            };
            (verdict, true)
        }
        // It takes no such bodies or objects.
        400 | 406 | 413 | 415 | 422 => (Verdict::Never(answers(status)), true),
        // It does not know us, or nothing is there, or not now: wrong with none of the items.
        _ => (Verdict::Later(answers(status)), false),
    }
}

/// The item of a sequence that is about an instance (DICOM JSON, PS3.18 Annex F).
fn named<'a>(said: &'a Value, sequence: &str, instance: &str) -> Option<&'a Value> {
    let items = said.get(sequence)?.get("Value")?.as_array()?;
    let is_ours = |item: &&Value| first(item, "00081155").is_some_and(|uid| *uid == *instance);
    items.iter().find(is_ours)
}

fn first<'a>(item: &'a Value, attribute: &str) -> Option<&'a Value> {
    item.get(attribute)?.get("Value")?.get(0)
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
    fn an_answer_over_http_is_about_the_object_or_about_us() {
        let failed = |reason: u16| {
            let items = serde_json::json!({ "00081198": { "Value": [{
                "00081155": { "Value": ["1.2.3"] },
                "00081197": { "Value": [reason] },
            }] } });
            items.to_string().into_bytes()
        };
        let (sent, none) = (Verdict::Sent, Vec::new());
        assert_eq!(of_stow(200, &none, "1.2.3"), (sent.clone(), true));
        assert_eq!(of_stow(200, &failed(0x0110), "1.2.4"), (sent.clone(), true));
        assert_eq!(of_stow(409, &failed(0x0111), "1.2.3"), (sent, true));
        for (status, body, never, goes_on) in [
            (200, failed(0xC000), true, true),
            (409, failed(0xA900), true, true),
            (409, failed(0xA700), false, true),
            (409, none.clone(), false, true),
            (202, none.clone(), false, true),
            (415, none.clone(), true, true),
            (401, none.clone(), false, false),
            (404, none.clone(), false, false),
            (302, none.clone(), false, false),
            (503, none, false, false),
        ] {
            let (verdict, on) = of_stow(status, &body, "1.2.3");
            assert_eq!(matches!(verdict, Verdict::Never(_)), never, "{status}");
            assert!(verdict != Verdict::Sent && on == goes_on, "{status}");
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
