//! NAL units of an Annex B stream (ITU-T H.264 Annex B): where they are and what type they have.
//!
//! Only for looking at what an encoder made; RTP packets are cut by `rtc`'s payloader.

/// Type of an H.264 NAL unit (ITU-T H.264 table 7-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nal {
    /// Slice of a picture that refers to others.
    Slice,
    /// Slice of an IDR picture.
    Idr,
    /// Sequence parameter set.
    Sps,
    /// Picture parameter set.
    Pps,
    /// Anything else, by its number.
    Other(u8),
}

impl Nal {
    const fn of(header: u8) -> Self {
        match header & 0x1f {
            1 => Self::Slice,
            5 => Self::Idr,
            7 => Self::Sps,
            8 => Self::Pps,
            other => Self::Other(other),
        }
    }
}

/// Types of the NAL units in `stream`, in order.
#[must_use]
pub fn nals(stream: &[u8]) -> Vec<Nal> {
    stream
        .windows(4)
        .filter(|bytes| bytes.starts_with(&[0, 0, 1]))
        .filter_map(|bytes| bytes.last())
        .map(|header| Nal::of(*header))
        .collect()
}

/// Whether decoding can start with this access unit: both parameter sets and an IDR slice.
#[must_use]
pub fn is_entry_point(stream: &[u8]) -> bool {
    let nals = nals(stream);
    [Nal::Sps, Nal::Pps, Nal::Idr]
        .iter()
        .all(|needed| nals.contains(needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_found_behind_both_start_codes() {
        let stream = [
            0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 9, 9,
        ];
        assert_eq!(nals(&stream), [Nal::Sps, Nal::Pps, Nal::Idr]);
        assert!(is_entry_point(&stream));
        assert!(!is_entry_point(&stream[7..]));
        assert_eq!(nals(&[]), []);
        assert_eq!(nals(&[0, 0, 1]), []);
    }
}
