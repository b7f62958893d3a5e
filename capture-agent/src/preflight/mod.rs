//! `capture-agent check`: is everything in order for a visit, told in at most twenty seconds.
//!
//! ```text
//! here   source, encoder, disk, versions     this device alone
//! there  relay, clock, link by UDP and TCP   with a publication that carries no picture
//! ```
//!
//! Owns the order and the limits; `finding` is how it is told: shape, words, one action. Called by the command line. Invariants: it
//! changes nothing that stays, here or at the relay; what cannot be looked at for want of something is left out; a running agent is
//! left alone.

mod finding;
mod here;
mod there;

pub use finding::{Finding, Level, Report};

use crate::agent::AgentSettings;
use crate::spool::{Disk, Spool, SpoolError};
use std::sync::Arc;
use std::time::Instant;

/// Looks at everything.
pub async fn run(settings: AgentSettings) -> Report {
    let began = Instant::now();
    let busy = is_in_use(&settings);
    let (here, there) = tokio::join!(here::look(&settings, busy), there::look(&settings, busy));
    Report {
        findings: here.into_iter().chain(there).collect(),
        took: began.elapsed(),
    }
}

/// Whether an agent runs with this spool: it has the source, and a second publication of the device would end its own.
fn is_in_use(settings: &AgentSettings) -> bool {
    let opened = settings.saving.as_ref().map(|saving| {
        let spool = Spool::open(&saving.folder, saving.bounds, Arc::new(Disk));
        spool.map(drop)
    });
    matches!(opened, Some(Err(SpoolError::InUse)))
}
