//! How fast a leg of a consult may send, decided without doing it.
//!
//! Both legs use it: the agent's uplink, and the relay for each viewer. `Estimator` turns the fate of sent packets into a
//! target (after draft-ietf-rmcat-gcc-02, with probes; decision record 0018), `Pacer` says when the next packet may leave
//! under that target, `Ladder` what the encoder should make of it. Nothing here does IO or reads a clock: `now` is
//! always an argument, so that a story over a simulated link is the same each time. Knows no RTP and no WebRTC types;
//! adapters translate.
//!
//! The order of use:
//!
//! ```
//! use bandwidth::{BitRate, Estimator, Fate, Limits, Report};
//! use std::time::{Duration, Instant};
//!
//! let limits = Limits { min: BitRate::from_kbps(150), max: BitRate::from_kbps(8000) };
//! let mut estimator = Estimator::new(limits, BitRate::from_kbps(1000));
//! let sent_at = Instant::now();
//!
//! // Before anything is known a first probe is wanted: send at its rate and mark what leaves with its id.
//! let probe = estimator.wants_probe(sent_at).expect("the first probe");
//! let reports: Vec<Report> = (0..8)
//!     .map(|n| Report {
//!         id: n,
//!         bytes: probe.bytes / 7,
//!         sent_at: sent_at + Duration::from_millis(n * 3),
//!         fate: Fate::Arrived(Duration::from_millis(500 + n * 3)),
//!         probe: Some(probe.id),
//!     })
//!     .collect();
//!
//! // Each feedback goes in as it comes.
//! estimator.on_reports(sent_at + Duration::from_millis(60), &reports);
//! assert!(estimator.target() > BitRate::from_kbps(2000));
//!
//! // Silence is noticed at a moment that the estimator names.
//! let timeout = estimator.poll_timeout().expect("something is always waited for");
//! estimator.on_timeout(timeout);
//! ```

mod acked;
mod batch;
mod capacity;
mod cluster;
mod control;
mod drain;
mod estimator;
mod groups;
mod ladder;
mod loss;
mod pacer;
mod probe;
mod probe_times;
mod queue;
mod report;
mod round_trip;
mod signals;
mod silence;
mod stats;
mod trend;
mod units;
mod waiting;

pub use estimator::Estimator;
pub use ladder::{Encoding, Ladder, Picture, Scale};
pub use pacer::{Departure, Pacer};
pub use probe::Probe;
pub use probe_times::ProbeTimes;
pub use report::{Fate, ProbeId, Report};
pub use signals::Phase;
pub use stats::{Limits, Stats};
pub use trend::Usage;
pub use units::BitRate;
pub use waiting::{Class, Full};
