//! Huffman tables and restart interval of a frame (ISO 10918-1 sections B.2.4.2, B.2.4.4 and annex C).
//!
//! Owns their check: a table whose codes do not fit is refused when it is read, so that every pattern of bits has one meaning or none.

use super::{error, fault};
use crate::error::ClipError;

/// Codes up to this length are looked up at once.
const QUICK_BITS: u32 = 9;

/// What the markers of a frame have defined so far.
#[derive(Default)]
pub(super) struct Tables {
    tables: [Option<Huffman>; 4],
    restart_interval: usize,
}

impl Tables {
    /// Takes the tables of one segment. Those for other processes are left out.
    pub(super) fn define(&mut self, mut content: &[u8]) -> Result<(), ClipError> {
        const CUT: &str = "a table of codes is cut off";
        while let Some((&place, rest)) = content.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(|| error(CUT))?;
            let total: usize = counts.iter().map(|count| usize::from(*count)).sum();
            let (symbols, rest) = rest.split_at_checked(total).ok_or_else(|| error(CUT))?;
            content = rest;
            if let (0, Some(table)) = (place >> 4, self.tables.get_mut(usize::from(place & 15))) {
                *table = Some(Huffman::of(counts, symbols)?);
            }
        }
        Ok(())
    }

    pub(super) fn get(&self, number: u8) -> Option<Huffman> {
        self.tables.get(usize::from(number))?.clone()
    }

    pub(super) fn set_restart(&mut self, content: &[u8]) -> Result<(), ClipError> {
        let &[high, low] = content else {
            return fault("a restart interval that is none");
        };
        self.restart_interval = usize::from(u16::from_be_bytes([high, low]));
        Ok(())
    }

    /// Pixels from one restart to the next; none without.
    pub(super) fn restart_interval(&self) -> usize {
        self.restart_interval
    }
}

/// One table of codes.
#[derive(Clone)]
pub(super) struct Huffman {
    /// By the next bits: length of the code and its symbol; length 0 where it is longer.
    quick: Vec<(u8, u8)>,
    /// For each length: the first code behind those of that length, from the highest of 16 bits; and what to add to a code for its symbol.
    longer: [(u32, i32); 17],
    symbols: Vec<u8>,
}

impl Huffman {
    fn of(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, ClipError> {
        let mut table = Self {
            quick: vec![(0, 0); 1 << QUICK_BITS],
            longer: [(0, 0); 17],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut given) = (0_u32, 0_usize);
        for (length, count) in (1_u32..).zip(counts) {
            let count = u32::from(*count);
            if code + count > 1 << length {
                return fault("a table with more codes than there are bits for");
            }
            if let Some(longer) = table.longer.get_mut(length as usize) {
                let shift = given as i32 - code as i32;
                *longer = ((code + count) << (16 - length), shift);
            }
            if length <= QUICK_BITS {
                for symbol in symbols.iter().skip(given).take(count as usize) {
                    let from = (code << (QUICK_BITS - length)) as usize;
                    let to = from + (1 << (QUICK_BITS - length));
                    let places = table.quick.get_mut(from..to).unwrap_or_default();
                    places.fill((length as u8, *symbol));
                    code += 1;
                }
            } else {
                code += count;
            }
            given += count as usize;
            code <<= 1;
        }
        Ok(table)
    }

    /// Length and symbol of the code at the beginning of these bits.
    #[inline]
    pub(super) fn code(&self, bits: u16) -> Option<(u8, u8)> {
        let quick = self.quick.get(usize::from(bits >> (16 - QUICK_BITS)));
        match quick {
            Some((0, _)) | None => self.long_code(u32::from(bits)),
            Some(code) => Some(*code),
        }
    }

    #[cold]
    fn long_code(&self, bits: u32) -> Option<(u8, u8)> {
        let lengths = (0_u32..).zip(&self.longer).skip(QUICK_BITS as usize + 1);
        let mut longer = lengths.filter(|(_, (end, _))| bits < *end);
        let (length, (_, shift)) = longer.next()?;
        let code = (bits >> (16 - length)) as i32;
        let symbol = usize::try_from(code + shift).ok();
        let symbol = symbol.and_then(|at| self.symbols.get(at))?;
        Some((length as u8, *symbol))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A table of codes by length and symbol, the shortest first.
    pub(in super::super) fn table(codes: &[(usize, u8)]) -> Huffman {
        let mut counts = [0; 16];
        for (length, _) in codes {
            counts[length - 1] += 1;
        }
        let symbols: Vec<u8> = codes.iter().map(|(_, symbol)| *symbol).collect();
        Huffman::of(&counts, &symbols).unwrap()
    }

    #[test]
    fn short_codes_long_codes_and_none_are_told_apart() {
        let table = table(&[(1, 5), (12, 6), (12, 7), (16, 8)]);
        assert_eq!(table.code(0), Some((1, 5)));
        assert_eq!(table.code(0b1000_0000_0000_1111), Some((12, 6)));
        assert_eq!(table.code(0b1000_0000_0001_0000), Some((12, 7)));
        assert_eq!(table.code(0b1000_0000_0010_0000), Some((16, 8)));
        assert_eq!(table.code(0b1000_0000_0010_0001), None);
        assert_eq!(table.code(u16::MAX), None);
    }

    #[test]
    fn a_table_whose_codes_do_not_fit_is_refused() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Huffman::of(&counts, &[1, 2, 3]).is_err());
        let mut tables = Tables::default();
        assert!(tables.define(&[0, 1, 2]).is_err());
        assert!(tables.set_restart(&[1]).is_err());
    }
}
