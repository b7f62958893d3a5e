//! The page on the device itself: preview, freeze, saving, mask and source, with no network at all.
//!
//! ```text
//! browser on this device ─► door: connections ─► guard: Host, Origin, cookie ─► routes ─► desk: what is asked for
//!                                                                                 ├─► preview: JPEG, off the live path
//!                                                                                 ├─► visit: the hospital's worklist
//!                                                                                 ├─► checking: the check before a visit
//!                                                                                 └─► files: a file that a person puts here
//! ```
//!
//! Listens on loopback only (decision 0016). Nothing here may delay a captured frame: it reads the ring and the status,
//! and what it changes is in force for the next frame.

mod checking;
mod desk;
mod door;
mod files;
mod guard;
mod key;
mod memory;
mod pages;
mod preview;
mod problem;
mod routes;
mod saving;
mod tell;
mod visit;
mod waiting;

pub use checking::Checking;
pub use desk::{Desk, DeskParts};
pub use door::{Address, DevicePage, DevicePageError, Port};
pub use memory::{Memory, MemoryError, Remembered};
pub use saving::Saving;
