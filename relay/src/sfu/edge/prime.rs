//! Brings the `rtc` engine's own ICE to "connected" without a network.
//!
//! ICE is ours (`net::ice`). `rtc` 0.21.1 cannot be told so: it wants a selected pair before it passes DTLS, pings the
//! other side although it is lite, and handles a role conflict before the integrity check. So its agent gets one
//! invented pair (documentation addresses, RFC 5737) and the three messages that select it, here, at once. After that no
//! STUN reaches it. Invariant: a primed connection sends every datagram to `REMOTE`, and has nothing queued.

use crate::sfu::error::EdgeError;
use crate::sfu::net::stun::{Key, is_success, request, success, transaction_of_request};
use bytes::BytesMut;
use rtc::peer_connection::RTCPeerConnection;
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Instant;

/// Our side of the invented pair.
pub(super) const LOCAL: SocketAddr =
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 9));
/// The other side.
pub(super) const REMOTE: SocketAddr =
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 2), 9));
/// Names and passwords of the invented pair. They guard nothing: no datagram from the network meets them.
pub(super) const OUR_NAME: &str = "hibikirelayside";
pub(super) const OUR_PASSWORD: &str = "invented-pair-relay-side";
pub(super) const THEIR_NAME: &str = "hibikiotherside";
pub(super) const THEIR_PASSWORD: &str = "inventedpairothersideok";

/// A datagram on the invented pair.
pub(super) fn tagged(now: Instant, message: BytesMut) -> TaggedBytesMut {
    TaggedBytesMut {
        now,
        transport: TransportContext {
            local_addr: LOCAL,
            peer_addr: REMOTE,
            ecn: None,
            transport_protocol: TransportProtocol::UDP,
        },
        message,
    }
}

/// Selects the invented pair.
pub(super) fn prime(pc: &mut RTCPeerConnection, now: Instant) -> Result<(), EdgeError> {
    let username = format!("{OUR_NAME}:{THEIR_NAME}");
    let (ours, theirs) = (Key::new(OUR_PASSWORD), Key::new(THEIR_PASSWORD));
    let check = |number: u8| request([number; 12], &username, true, &ours);
    let feed = |pc: &mut RTCPeerConnection, message: &[u8]| {
        pc.handle_read(tagged(now, BytesMut::from(message)))
            .map_err(|error| EdgeError::new("select the pair", error))
    };
    // Its agent first asks back ...
    feed(pc, &check(1))?;
    let mut answers = Vec::new();
    while let Some(out) = pc.poll_write() {
        if let Some(transaction) = transaction_of_request(&out.message) {
            answers.push(success(transaction, LOCAL, &theirs));
        }
    }
    for answer in answers {
        feed(pc, &answer)?;
    }
    // ... and takes the pair with the next check.
    feed(pc, &check(2))?;
    let mut selected = false;
    while let Some(out) = pc.poll_write() {
        selected |= is_success(&out.message);
    }
    while pc.poll_event().is_some() {}
    if selected {
        Ok(())
    } else {
        Err(EdgeError::new(
            "select the pair",
            "the agent did not take it",
        ))
    }
}
