//! Which source is to be open, and choosing another while the program runs.
//!
//! Owns the wish only. The capture thread takes a turn for each attempt; choosing ends the turn, and the next one opens
//! what was chosen.

use crate::source::SourceSpec;
use crate::sync::{Stop, held};
use std::sync::Mutex;

/// The source that is wanted.
pub struct SourceChoice {
    wanted: Mutex<Wanted>,
}

struct Wanted {
    spec: SourceSpec,
    /// Ends the attempt that is under way.
    turn: Option<Stop>,
}

impl SourceChoice {
    /// Begins with this one.
    #[must_use]
    pub const fn new(spec: SourceSpec) -> Self {
        let wanted = Mutex::new(Wanted { spec, turn: None });
        Self { wanted }
    }

    /// What is wanted now.
    #[must_use]
    pub fn spec(&self) -> SourceSpec {
        held(&self.wanted).spec.clone()
    }

    /// Another one, from now on. Choosing what is open opens it again.
    pub fn choose(&self, spec: SourceSpec) {
        let mut wanted = held(&self.wanted);
        wanted.spec = spec;
        if let Some(turn) = wanted.turn.take() {
            turn.set();
        }
    }

    /// Begins an attempt: the signal that ends it, set with `stop` too. Ask for the spec after it.
    pub(crate) fn turn(&self, stop: &Stop) -> Stop {
        let turn = stop.child();
        held(&self.wanted).turn = Some(turn.clone());
        turn
    }
}
