//! A small WebRTC client over loopback and a world around one media part, for behaviour tests.
//!
//! `client` speaks full ICE, DTLS and SRTP through the `rtc` crate and its own socket, `connection` sets that up; `frames` makes H.264-shaped
//! packets; `hostile` is a peer with every key that sends what it likes, `malformed` some of that; `world` starts the relay's
//! media part and remembers its events. No test sleeps: they wait for something with a deadline.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_docs_in_private_items,
    reason = "shared by several test files; a test fails by panicking"
)]

mod carrier;
pub mod client;
mod connection;
pub mod frames;
pub mod hostile;
pub mod kind;
pub mod malformed;
mod requests;
pub mod world;

use std::time::Duration;

/// Longest wait for anything on loopback; generous, because the machine may be busy.
pub const DEADLINE: Duration = Duration::from_secs(10);
