//! Is everything in order for a visit, told in at most twenty seconds: `capture-agent check`, and the same from the device's page.
//!
//! ```text
//! here   source, encoder, disk, versions           this device alone
//! there  relay, clock, link by UDP, TCP and TURN   with a publication that carries no picture
//! ```
//!
//! Owns the order and the limits; `finding` and `words` are how the command line tells it: shape, words, one action. Findings are told as
//! they come. Called by the command line and by the device page of a running agent. Invariants: it changes nothing that stays, here
//! or at the relay; what cannot be looked at for want of something is left out; a running agent is left alone: what it has is not
//! opened a second time, its state is told instead.

mod finding;
mod here;
mod there;
mod words;

pub use finding::Report;

use crate::agent::AgentSettings;
use crate::spool::{Disk, Spool, SpoolError};
use crate::status::Status;
use crate::sync::held;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use wire::check::CheckFinding;

/// Hears each finding as it comes.
pub type Tell<'a> = &'a (dyn Fn(CheckFinding) + Send + Sync);

/// Who has source and link.
pub(crate) enum Beside {
    /// Nobody: both can be tried.
    Nobody,
    /// Another process.
    Stranger,
    /// This very agent, which does this.
    Us(Box<Status>),
}

/// Looks at everything, for the command line.
pub async fn run(settings: AgentSettings) -> Report {
    let began = Instant::now();
    let beside = if is_in_use(&settings) {
        Beside::Stranger
    } else {
        Beside::Nobody
    };
    let found = Mutex::new(Vec::new());
    look(&settings, &beside, &|finding| held(&found).push(finding)).await;
    let mut findings = std::mem::take(&mut *held(&found));
    findings.sort_by_key(|finding: &CheckFinding| finding.what);
    Report {
        findings,
        took: began.elapsed(),
    }
}

/// Looks at everything beside a running agent.
pub(crate) async fn look(settings: &AgentSettings, beside: &Beside, tell: Tell<'_>) {
    tokio::join!(
        here::look(settings, beside, tell),
        there::look(settings, beside, tell)
    );
}

/// Whether an agent runs with this spool: it has the source, and a second publication of the device would end its own.
fn is_in_use(settings: &AgentSettings) -> bool {
    let opened = settings.saving.as_ref().map(|saving| {
        let spool = Spool::open(&saving.folder, saving.bounds, Arc::new(Disk));
        spool.map(drop)
    });
    matches!(opened, Some(Err(SpoolError::InUse)))
}
