//! The check before a visit, as the page asks for it beside a running capture.
//!
//! Owns the last check of this start and that there is one at a time: whoever asks while one is made gets that one. Looking is
//! `preflight`'s. Invariant: neither source nor link is opened a second time.

use crate::agent::AgentSettings;
use crate::preflight::{self, Beside};
use crate::source::SourceChoice;
use crate::status::StatusBoard;
use crate::sync::held;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use wire::check::{CheckFinding, DeviceCheck};

/// What is looked at, and what was found.
pub struct Checking {
    settings: AgentSettings,
    choice: Arc<SourceChoice>,
    board: StatusBoard,
    last: Mutex<DeviceCheck>,
}

impl Checking {
    /// Nothing was looked at yet.
    pub fn new(
        settings: AgentSettings,
        choice: Arc<SourceChoice>,
        board: StatusBoard,
    ) -> Arc<Self> {
        Arc::new(Self {
            settings,
            choice,
            board,
            last: Mutex::default(),
        })
    }

    /// The last one.
    pub(super) fn last(&self) -> DeviceCheck {
        held(&self.last).clone()
    }

    /// Begins one, unless one is being made.
    pub(super) fn begin(self: &Arc<Self>) {
        {
            let mut last = held(&self.last);
            if last.running {
                return;
            }
            *last = DeviceCheck {
                running: true,
                ..DeviceCheck::default()
            };
        }
        tokio::spawn(Arc::clone(self).look());
    }

    async fn look(self: Arc<Self>) {
        let began = Instant::now();
        let settings = AgentSettings {
            source: self.choice.spec(),
            ..self.settings.clone()
        };
        let beside = Beside::Us(Box::new(self.board.now()));
        preflight::look(&settings, &beside, &|finding| self.found(finding)).await;
        let mut last = held(&self.last);
        last.running = false;
        last.took_ms = Some(u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX));
    }

    fn found(&self, finding: CheckFinding) {
        let mut last = held(&self.last);
        let after = last
            .findings
            .partition_point(|other| other.what <= finding.what);
        last.findings.insert(after, finding);
    }
}
