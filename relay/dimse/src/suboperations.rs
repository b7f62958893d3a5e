//! What became of the objects of one retrieval (PS3.4 sections C.4.2.1.6 to C.4.2.1.9), without input or output.
//!
//! Owns the four numbers and the status that ends a retrieval. Invariant: the numbers add up to what was found.

use crate::limits::MAX_FAILED_LISTED;
use crate::status::Status;

/// What became of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver has it.
    Given,
    /// The receiver has it and says something about it.
    Warned,
    /// It has not, for this reason.
    Failed(&'static str),
}

impl Outcome {
    /// What a receiver's status of C-STORE says (PS3.4 Table B.2-1).
    pub(crate) const fn of(status: u16) -> Self {
        match status {
            0x0000 => Self::Given,
            0xB000..=0xBFFF => Self::Warned,
            _ => Self::Failed("the receiver answers with a failure"),
        }
    }
}

/// The numbers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SubOperations {
    pub(crate) remaining: u16,
    pub(crate) completed: u16,
    pub(crate) failed: u16,
    pub(crate) warned: u16,
    /// SOP Instance UIDs of what failed, as many as are listed.
    pub(crate) not_given: Vec<String>,
    /// Why the first that failed did.
    why: &'static str,
}

impl SubOperations {
    pub(crate) fn of(found: usize) -> Self {
        Self {
            remaining: u16::try_from(found).unwrap_or(u16::MAX),
            completed: 0,
            failed: 0,
            warned: 0,
            not_given: Vec::new(),
            why: "",
        }
    }

    pub(crate) fn note(&mut self, instance: &str, outcome: Outcome) {
        self.remaining = self.remaining.saturating_sub(1);
        match outcome {
            Outcome::Given => self.completed = self.completed.saturating_add(1),
            Outcome::Warned => self.warned = self.warned.saturating_add(1),
            Outcome::Failed(why) => {
                if self.failed == 0 {
                    self.why = why;
                }
                self.failed = self.failed.saturating_add(1);
                if self.not_given.len() < MAX_FAILED_LISTED {
                    self.not_given.push(instance.to_owned());
                }
            }
        }
    }

    /// The status that ends it.
    pub(crate) const fn end(&self, cancelled: bool) -> Status {
        if cancelled {
            Status::CANCELLED
        } else if self.failed == 0 && self.warned == 0 {
            Status::SUCCESS
        } else if self.failed > 0 && self.completed == 0 && self.warned == 0 {
            Status::none_given(self.why)
        } else {
            Status::partly_given(self.why)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(outcomes: &[Outcome]) -> SubOperations {
        let mut counted = SubOperations::of(outcomes.len());
        for (number, outcome) in outcomes.iter().enumerate() {
            counted.note(&number.to_string(), *outcome);
        }
        counted
    }

    #[test]
    fn the_end_says_whether_all_some_or_none_arrived() {
        let failed = Outcome::Failed("no room");
        for (outcomes, code) in [
            (&[][..], 0x0000),
            (&[Outcome::Given, Outcome::Given], 0x0000),
            (&[Outcome::Given, Outcome::Warned], 0xB000),
            (&[Outcome::Given, failed], 0xB000),
            (&[failed, failed], 0xA702),
        ] {
            let counted = after(outcomes);
            assert_eq!(counted.end(false).code(), code, "{outcomes:?}");
            assert_eq!(counted.remaining, 0);
        }
        let counted = after(&[Outcome::Given, failed]);
        assert_eq!(counted.not_given, ["1"]);
        assert_eq!(counted.end(false).comment(), "no room");
        assert_eq!(counted.end(true).code(), 0xFE00);
    }

    #[test]
    fn a_receivers_status_is_told_apart() {
        assert_eq!(Outcome::of(0), Outcome::Given);
        assert_eq!(Outcome::of(0xB007), Outcome::Warned);
        assert!(matches!(Outcome::of(0xA700), Outcome::Failed(_)));
    }

    #[test]
    fn a_list_of_failures_fits_its_element() {
        let mut counted = SubOperations::of(50_000);
        for _ in 0..50_000 {
            counted.note(&"9".repeat(64), Outcome::Failed("no room"));
        }
        assert_eq!((counted.failed, counted.remaining), (50_000, 0));
        assert!(counted.not_given.join("\\").len() < 65_535);
    }
}
