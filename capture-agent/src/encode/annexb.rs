//! NAL units of an Annex B stream (ITU-T H.264 Annex B): where they are and what type they have.
//!
//! Only for what an encoder made; RTP packets are cut by `rtc`'s payloader.

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

/// The NAL units in `stream`, in order, without start codes and the zeros behind them.
#[must_use]
pub fn units(stream: &[u8]) -> Vec<&[u8]> {
    let begins: Vec<usize> = stream
        .windows(3)
        .enumerate()
        .filter(|(_, bytes)| **bytes == [0, 0, 1])
        .map(|(at, _)| at + 3)
        .collect();
    let ends = begins.iter().skip(1).map(|next| next - 3);
    let ends = ends.chain(std::iter::once(stream.len()));
    begins
        .iter()
        .zip(ends)
        .filter_map(|(from, to)| {
            let unit = stream.get(*from..to)?;
            // A unit ends in a byte that is not zero (section 7.4.1); zeros belong to the next start code.
            let last = unit.iter().rposition(|byte| *byte != 0)?;
            unit.get(..=last)
        })
        .collect()
}

/// Type of a NAL unit without its start code.
#[must_use]
pub fn nal(unit: &[u8]) -> Option<Nal> {
    unit.first().map(|header| Nal::of(*header))
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
        let units = super::units(&stream);
        assert_eq!(units, [&[0x67, 1, 2][..], &[0x68, 3], &[0x65, 9, 9]]);
        assert_eq!(nal(units[0]), Some(Nal::Sps));
        assert_eq!(nals(&[]), []);
        assert_eq!(nals(&[0, 0, 1]), []);
        assert!(super::units(&[0, 0, 1]).is_empty() && super::units(&[1, 2]).is_empty());
    }
}
