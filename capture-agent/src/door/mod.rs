//! The agent's door on its own device: saving and the state of clips without any network.
//!
//! Owns HTTP on a loopback port that the system chooses, and the slip in the spool folder that tells address and token.
//! Only who can read the slip comes in, which is this user: other users of the device and pages in its browser do not
//! (the token, and the `Host` against rebinding names). `capture-agent save` is a client; the device page will be
//! another. It decides nothing about saving.

mod client;
mod server;
mod slip;

pub use client::{DoorError, save};
pub use server::Door;
pub use slip::{Asked, Said, Slip};
