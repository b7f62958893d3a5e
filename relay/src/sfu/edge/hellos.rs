//! Repeated ClientHellos, kept away from the DTLS library.
//!
//! After the client's second hello the server's flight is sent again by a timer until the client answers (RFC 6347 §4.2.4).
//! `rtc` 0.21 stops that timer at any handshake record that does not complete the next flight, a repeated hello among them: a
//! client that missed the flight repeats its hello, and both wait for ever. A hello of before says nothing new, so it is
//! dropped, and the timer does the rest. The first hello goes through each time: the answer to it has no timer.
//!
//! Owns which pieces of hellos were seen on one connection. It checks nothing else; a strange datagram is the library's.

/// Pieces of second hellos that are remembered; more than that is no handshake, and goes through.
const MAX_PIECES: usize = 16;

/// Of one connection.
#[derive(Debug)]
pub(super) struct Hellos {
    /// Number and offset of each piece.
    seen: Vec<(u16, u32)>,
}

impl Hellos {
    pub(super) const fn new() -> Self {
        Self { seen: Vec::new() }
    }

    /// Whether this datagram begins with a piece of a second hello that was here before.
    pub(super) fn is_repeat(&mut self, datagram: &[u8]) -> bool {
        let Some(piece) = second_hello(datagram) else {
            return false;
        };
        if self.seen.contains(&piece) {
            return true;
        }
        if self.seen.len() < MAX_PIECES {
            self.seen.push(piece);
        }
        false
    }
}

/// Message number and fragment offset of a ClientHello that is not the first one, in the clear.
fn second_hello(datagram: &[u8]) -> Option<(u16, u32)> {
    const HANDSHAKE: u8 = 22;
    const CLIENT_HELLO: u8 = 1;
    // RFC 6347 §4.1: type, version (2), epoch (2), number (6), length (2); then §4.2.2.
    let (record, message) = datagram.split_at_checked(13)?;
    let &[HANDSHAKE, _, _, 0, 0, ..] = record else {
        return None;
    };
    // Type, length (3), number (2), offset (3).
    let &[CLIENT_HELLO, _, _, _, high, low, a, b, c, ..] = message else {
        return None;
    };
    let number = u16::from_be_bytes([high, low]);
    (number > 0).then_some((number, u32::from_be_bytes([0, a, b, c])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(number: u8, offset: u8) -> Vec<u8> {
        let mut datagram = vec![22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 7, 0, 12];
        datagram.extend([1, 0, 0, 200, 0, number, 0, 0, offset, 0, 0, 100]);
        datagram
    }

    #[test]
    fn a_second_hello_goes_through_once_in_each_of_its_pieces() {
        let mut hellos = Hellos::new();
        for offset in [0, 100] {
            assert!(!hellos.is_repeat(&hello(1, offset)));
            assert!(hellos.is_repeat(&hello(1, offset)));
        }
    }

    #[test]
    fn a_first_hello_and_everything_else_goes_through_always() {
        let mut hellos = Hellos::new();
        let certificate = {
            let mut other = hello(1, 0);
            other[13] = 11;
            other
        };
        let sealed = {
            let mut other = hello(1, 0);
            other[4] = 1;
            other
        };
        for datagram in [hello(0, 0), certificate, sealed, vec![22, 254], Vec::new()] {
            assert!(!hellos.is_repeat(&datagram));
            assert!(!hellos.is_repeat(&datagram));
        }
        assert!(hellos.seen.is_empty());
    }

    #[test]
    fn a_flood_of_pieces_is_not_remembered() {
        let mut hellos = Hellos::new();
        for number in 1..=200 {
            hellos.is_repeat(&hello(number, 0));
        }
        assert_eq!(hellos.seen.len(), MAX_PIECES);
    }
}
