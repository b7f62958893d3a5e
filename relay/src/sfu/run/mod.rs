//! The engine's outside: the API for the rest of the relay, the thread, the socket.
//!
//! `handle` is what the relay calls, `thread` the loop, `socket`, `receive`, `send` and `control` the kernel's side of it, `tcp` and
//! `line` the same for those who come by TCP, `sockaddr` the addresses as the kernel writes them, `random` the only source of chance. All input, output and clock reading of
//! the media part is in this folder.

mod control;
mod handle;
mod line;
mod negotiate;
mod random;
mod receive;
mod send;
mod sockaddr;
mod socket;
mod tcp;
mod thread;

pub use handle::{Publish, Sfu, SfuConfig, Talk, Watch};

/// Log targets below the relay that write a line for packets anybody may send: every ClientHello, every forged record.
/// The relay's subscriber must silence them, or the wire fills the disk.
pub const NOISY_LOG_TARGETS: &[&str] = &[
    "rtc",
    "rtc_datachannel",
    "rtc_dtls",
    "rtc_ice",
    "rtc_interceptor",
    "rtc_mdns",
    "rtc_rtcp",
    "rtc_rtp",
    "rtc_sctp",
    "rtc_sdp",
    "rtc_shared",
    "rtc_srtp",
    "rtc_stun",
    "rtc_turn",
];
