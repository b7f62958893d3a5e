//! How much DTLS one peer may bring before its handshake is complete, and what of it afterwards.
//!
//! Owns the counting, for each datagram of a peer before its connection sees it. The engine below keeps the pieces of a
//! message until it is whole, looks through all of them at each further piece, one level deeper for each, and keeps what
//! belongs to a later epoch for good; all that before anything is authentic (CVE-2022-29189 was the same elsewhere).
//! Invariant: what reaches it in pieces or early is bounded by two numbers, and nothing of a second handshake does.

use crate::sfu::limits::{MAX_HANDSHAKE_BYTES, MAX_HANDSHAKE_PIECES};

/// Record header (RFC 6347 §4.1): type, version, epoch, sequence number, length.
const RECORD_HEADER: usize = 13;
/// Handshake header (RFC 6347 §4.2.2): type, length, message number, and where the piece lies.
const PIECE_HEADER: usize = 12;
const HANDSHAKE: u8 = 22;
/// Clear text is 0, what the handshake agreed on is 1. WebRTC never agrees a second time (RFC 8827 §6.5).
const LAST_EPOCH: u16 = 1;

/// What one peer has brought.
#[derive(Debug, Default)]
pub(crate) struct HandshakeGuard {
    bytes: usize,
    pieces: usize,
}

impl HandshakeGuard {
    /// Whether a datagram may reach the connection.
    pub(crate) fn admits(&mut self, datagram: &[u8], connected: bool) -> bool {
        let mut rest = datagram;
        while let Some((record, after)) = Record::read(rest) {
            if record.epoch > LAST_EPOCH {
                return false;
            }
            if record.kind == HANDSHAKE {
                self.pieces += record.pieces();
            }
            if record.kind == HANDSHAKE || !connected {
                self.bytes += RECORD_HEADER + record.body.len();
            }
            rest = after;
        }
        let is_within = self.bytes <= MAX_HANDSHAKE_BYTES && self.pieces <= MAX_HANDSHAKE_PIECES;
        is_within || (connected && datagram.first() != Some(&HANDSHAKE))
    }
}

/// One record of a datagram.
struct Record<'a> {
    kind: u8,
    epoch: u16,
    body: &'a [u8],
}

impl<'a> Record<'a> {
    /// The first record, cut short or not, and what follows it.
    fn read(from: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (header, rest) = from.split_at_checked(RECORD_HEADER)?;
        let &[kind, _, _, e1, e0, .., l1, l0] = header else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([l1, l0])).min(rest.len());
        let (body, after) = rest.split_at_checked(length)?;
        let epoch = u16::from_be_bytes([e1, e0]);
        Some((Self { kind, epoch, body }, after))
    }

    /// Pieces of messages in it; a sealed one counts as one.
    fn pieces(&self) -> usize {
        if self.epoch > 0 {
            return 1;
        }
        let (mut rest, mut pieces) = (self.body, 0);
        while let Some((header, after)) = rest.split_at_checked(PIECE_HEADER) {
            let &[_, l2, l1, l0, ..] = header else { break };
            let length = u32::from_be_bytes([0, l2, l1, l0]) as usize;
            rest = after.get(length..).unwrap_or_default();
            pieces += 1;
        }
        pieces.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, epoch: u16, body: &[u8]) -> Vec<u8> {
        let mut out = vec![kind, 0xfe, 0xfd];
        out.extend(epoch.to_be_bytes());
        out.extend([0; 6]);
        out.extend((body.len() as u16).to_be_bytes());
        out.extend_from_slice(body);
        out
    }

    /// A piece of one byte, of a message that is never whole.
    fn piece() -> Vec<u8> {
        let mut out = vec![1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        out.push(7);
        out
    }

    fn admitted(guard: &mut HandshakeGuard, datagram: &[u8], connected: bool) -> usize {
        (0..100_000)
            .take_while(|_| guard.admits(datagram, connected))
            .count()
    }

    #[test]
    fn a_handshake_with_all_its_repetitions_passes() {
        let mut guard = HandshakeGuard::default();
        let hello = record(
            HANDSHAKE,
            0,
            &[[1, 0, 0, 200, 0, 0, 0, 0].as_slice(), &[0; 204]].concat(),
        );
        let certificate = record(
            HANDSHAKE,
            0,
            &[[11, 0, 3, 0, 0, 2, 0, 0].as_slice(), &[0; 772]].concat(),
        );
        let finished = record(HANDSHAKE, 1, &[9; 48]);
        let flight = [certificate, record(20, 0, &[1]), finished].concat();
        for _ in 0..20 {
            assert!(guard.admits(&hello, false) && guard.admits(&flight, false));
        }
    }

    #[test]
    fn pieces_that_never_become_whole_are_let_through_up_to_a_number() {
        let mut guard = HandshakeGuard::default();
        let one = record(HANDSHAKE, 0, &piece());
        assert_eq!(admitted(&mut guard, &one, false), MAX_HANDSHAKE_PIECES);
        let mut guard = HandshakeGuard::default();
        let many = record(HANDSHAKE, 0, &piece().repeat(50));
        assert_eq!(
            admitted(&mut guard, &many, false),
            MAX_HANDSHAKE_PIECES / 50
        );
        assert_eq!(admitted(&mut guard, &many, true), 0, "nor later");
    }

    #[test]
    fn what_comes_early_is_let_through_up_to_a_size_and_what_comes_in_time_always() {
        let mut guard = HandshakeGuard::default();
        let data = record(23, 1, &[0; 1_000]);
        let early = admitted(&mut guard, &data, false);
        assert_eq!(early, MAX_HANDSHAKE_BYTES / 1_013);
        assert_eq!(admitted(&mut guard, &data, true), 100_000);
    }

    #[test]
    fn nothing_of_a_second_handshake_is_let_through() {
        let mut guard = HandshakeGuard::default();
        for epoch in [2, 3, u16::MAX] {
            let behind = [record(23, 1, &[0; 9]), record(23, epoch, &[0; 9])].concat();
            assert!(
                !guard.admits(&behind, true) && !guard.admits(&record(22, epoch, &[0; 9]), false)
            );
        }
    }

    #[test]
    fn any_bytes_are_walked_to_their_end() {
        let mut guard = HandshakeGuard::default();
        for length in 0..64 {
            for byte in [0, 1, 22, 23, 255] {
                guard.admits(&vec![byte; length], false);
            }
        }
        assert!(guard.admits(&record(HANDSHAKE, 0, &[255; 12]), false));
    }
}
