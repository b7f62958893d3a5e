//! Keyframes in H.264 over RTP (RFC 6184 §5).
//!
//! Owns one question: does this payload carry the start of an IDR picture? Hostile payloads are ordinary input here:
//! lengths are checked, nothing is decoded.

/// NAL unit types (ITU-T H.264 table 7-1, RFC 6184 table 1).
const IDR: u8 = 5;
const STAP_A: u8 = 24;
const STAP_B: u8 = 25;
const FU_A: u8 = 28;
const FU_B: u8 = 29;

/// Whether the payload holds the first byte of an IDR slice: alone, aggregated or as a first fragment.
pub(crate) fn is_keyframe(payload: &[u8]) -> bool {
    let Some((header, rest)) = payload.split_first() else {
        return false;
    };
    match header & 0x1f {
        IDR => true,
        STAP_A => aggregate_has_idr(rest),
        // STAP-B begins with a decoding order number of two bytes.
        STAP_B => rest.get(2..).is_some_and(aggregate_has_idr),
        FU_A | FU_B => rest
            .first()
            .is_some_and(|fu| fu & 0x80 != 0 && fu & 0x1f == IDR),
        _ => false,
    }
}

/// `length, NAL unit` pairs (RFC 6184 §5.7.1). A length past the end stops the search.
fn aggregate_has_idr(mut units: &[u8]) -> bool {
    while let [high, low, rest @ ..] = units {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(unit) = rest.get(..length) else {
            return false;
        };
        if unit.first().is_some_and(|header| header & 0x1f == IDR) {
            return true;
        }
        units = rest.get(length..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_idr_is_found_alone_aggregated_and_fragmented() {
        assert!(is_keyframe(&[0x65, 1, 2]));
        // SPS, PPS, IDR in one STAP-A.
        assert!(is_keyframe(&[
            0x78, 0, 2, 0x67, 1, 0, 1, 0x68, 0, 3, 0x65, 1, 2
        ]));
        assert!(is_keyframe(&[0x7c, 0x85, 1]));
    }

    #[test]
    fn other_payloads_are_no_keyframe() {
        assert!(!is_keyframe(&[]));
        assert!(!is_keyframe(&[0x61, 1]), "a slice of another picture");
        assert!(!is_keyframe(&[0x67, 1]), "parameter sets alone");
        assert!(!is_keyframe(&[0x7c, 0x05, 1]), "a later fragment");
        assert!(!is_keyframe(&[0x7c]));
        assert!(!is_keyframe(&[0x78, 0, 9, 0x65]), "length past the end");
        assert!(!is_keyframe(&[0x78, 0, 0, 0, 0]), "empty units");
        assert!(!is_keyframe(&[0x78]), "no unit");
    }

    proptest! {
        #[test]
        fn no_payload_breaks_it(payload in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = is_keyframe(&payload);
        }
    }
}
