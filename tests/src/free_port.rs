//! Ports for programs that cannot say which one they took.
//!
//! One way for all tests: the tests of the other crates include this file by its path. Names nothing but the standard library.

use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that the system gives (from 32768 on).
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A port that is free now, and that the system gives to nobody who asks for any: a program that starts slowly still finds it free,
/// and nobody listens where nobody is to.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    static ASKED: AtomicU16 = AtomicU16::new(0);
    let many = PORTS.end - PORTS.start;
    // Programs of tests run side by side and begin at different places.
    let place = std::process::id().wrapping_mul(97) % u32::from(many);
    let place = u16::try_from(place).map_err(Error::other)?;
    (0..many)
        .map(|_| PORTS.start + place.wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed)) % many)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| Error::new(ErrorKind::AddrNotAvailable, "no port is free"))
}
