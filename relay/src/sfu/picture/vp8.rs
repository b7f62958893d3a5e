//! Keyframes in VP8 over RTP (RFC 7741 §4).
//!
//! Owns one question: is this payload the start of a key frame? Nothing is decoded.

/// Whether the payload begins the first partition of a key frame.
pub(crate) fn is_keyframe(payload: &[u8]) -> bool {
    starts_key_frame(payload).unwrap_or(false)
}

/// RFC 7741 §4.2: the descriptor says how long it is; §4.3: the P bit of the first byte after it is 0 in key frames.
fn starts_key_frame(payload: &[u8]) -> Option<bool> {
    let first = *payload.first()?;
    let starts_frame = first & 0x10 != 0 && first & 0x07 == 0;
    if !starts_frame {
        return Some(false);
    }
    let mut at = 1;
    if first & 0x80 != 0 {
        let extended = *payload.get(at)?;
        at += 1;
        if extended & 0x80 != 0 {
            // The picture id has 7 or 15 bits.
            at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
        }
        if extended & 0x40 != 0 {
            at += 1;
        }
        if extended & 0x30 != 0 {
            at += 1;
        }
    }
    Some(payload.get(at)? & 0x01 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_frame_is_found_behind_every_descriptor() {
        assert!(is_keyframe(&[0x10, 0x00]));
        assert!(is_keyframe(&[0x90, 0x80, 0x12, 0x00]), "short picture id");
        assert!(is_keyframe(&[0x90, 0x80, 0x92, 0x34, 0x00]), "long one");
        assert!(
            is_keyframe(&[0x90, 0xf0, 0x92, 0x34, 1, 2, 0x00]),
            "all of it"
        );
    }

    #[test]
    fn other_payloads_are_no_keyframe() {
        assert!(!is_keyframe(&[]));
        assert!(!is_keyframe(&[0x10]));
        assert!(!is_keyframe(&[0x10, 0x01]), "an inter frame");
        assert!(!is_keyframe(&[0x00, 0x00]), "a later packet");
        assert!(!is_keyframe(&[0x11, 0x00]), "a later partition");
        assert!(!is_keyframe(&[0x90, 0x80]), "cut short");
    }

    proptest! {
        #[test]
        fn no_payload_breaks_it(payload in proptest::collection::vec(any::<u8>(), 0..16)) {
            let _ = is_keyframe(&payload);
        }
    }
}
