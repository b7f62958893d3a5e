//! The bits of a parameter set (ITU-T H.264 section 7.2).
//!
//! Owns taking out emulation prevention and reading numbers of fixed and of variable length. Behind the end there is nothing.

/// Most zeros in front of a number of variable length (section 9.1).
const MAX_ZEROS: u32 = 31;

/// Bits, from the first on.
#[derive(Debug)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    /// Bits that were read.
    at: usize,
}

impl Bits {
    /// Of a NAL unit without its head.
    pub(super) fn new(unit: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(unit.len());
        let mut zeros = 0;
        for byte in unit {
            // A byte that only keeps zeros apart (section 7.4.1.1).
            if zeros >= 2 && *byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if *byte == 0 { zeros + 1 } else { 0 };
            bytes.push(*byte);
        }
        Self { bytes, at: 0 }
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// At most 32 bits.
    pub(super) fn number(&mut self, bits: u32) -> Option<u32> {
        (0..bits).try_fold(0, |value, _| Some(value << 1 | u32::from(self.flag()?)))
    }

    /// `ue(v)`
    pub(super) fn variable(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > MAX_ZEROS {
                return None;
            }
        }
        let rest = u64::from(self.number(zeros)?);
        u32::try_from((1 << zeros) - 1 + rest).ok()
    }

    /// `se(v)`
    pub(super) fn signed(&mut self) -> Option<i64> {
        let code = i64::from(self.variable()?);
        Some(if code % 2 == 0 {
            -code / 2
        } else {
            (code + 1) / 2
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_the_standard_lists_them() {
        // 1, 010, 011, 00100, 00101 (table 9-2), then a flag.
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1100_0000]);
        let read: Vec<u32> = (0..5).map(|_| bits.variable().unwrap()).collect();
        assert_eq!(read, [0, 1, 2, 3, 4]);
        assert_eq!(bits.flag(), Some(true));
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1100_0000]);
        let read: Vec<i64> = (0..5).map(|_| bits.signed().unwrap()).collect();
        assert_eq!(read, [0, 1, -1, 2, -2]);
    }

    #[test]
    fn what_keeps_zeros_apart_is_taken_out_and_the_end_is_an_end() {
        let mut bits = Bits::new(&[0, 0, 3, 1, 0xFF]);
        assert_eq!(bits.number(32), Some(0x0000_01FF));
        assert_eq!(
            (bits.flag(), bits.number(1), bits.variable()),
            (None, None, None)
        );
        assert_eq!(Bits::new(&[0; 9]).variable(), None, "too many zeros");
    }
}
