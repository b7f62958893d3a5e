//! PALETTE COLOR: sample values as positions in three tables (PS3.3 section C.7.9, C.7.6.3.1.5 and .6).
//!
//! Owns reading the tables, plain or segmented, and applying them; dicom-rs leaves palettes unapplied. The
//! tables are merged once for a clip into one colour for each stored value, so that a frame costs one look-up a
//! pixel. The invariant: every stored value has a colour, values outside the table take its ends.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::segmented;
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::values::{Values, words};

/// Colour for each stored value.
#[derive(Debug)]
pub(crate) struct PaletteTable {
    table: Vec<[u8; 3]>,
    shift: u16,
}

/// Descriptor, plain data and segmented data of one colour.
struct ColourTags {
    descriptor: Tag,
    plain: Tag,
    segmented: Tag,
}

const COLOURS: [ColourTags; 3] = [
    ColourTags {
        descriptor: tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        plain: tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        segmented: tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    },
    ColourTags {
        descriptor: tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        plain: tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        segmented: tags::SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    },
    ColourTags {
        descriptor: tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        plain: tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        segmented: tags::SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    },
];

/// One colour's table, cut to eight bits.
struct Channel {
    first: i32,
    entries: Vec<u8>,
}

impl PaletteTable {
    pub(crate) fn read(values: &Values<'_>, layout: &PixelLayout) -> Result<Self, ClipError> {
        let [red, green, blue] = &COLOURS;
        let channels = [
            Channel::read(values, layout, red)?,
            Channel::read(values, layout, green)?,
            Channel::read(values, layout, blue)?,
        ];
        let count = 1_i32 << layout.bits_stored;
        let table = (0..count)
            .map(|stored| {
                let negative = layout.signed && stored >= count / 2;
                let value = if negative { stored - count } else { stored };
                [0, 1, 2].map(|colour: usize| {
                    channels.get(colour).map_or(0, |channel| channel.at(value))
                })
            })
            .collect();
        Ok(Self {
            table,
            shift: layout.high_bit + 1 - layout.bits_stored,
        })
    }

    /// The colours of samples, behind what `out` has.
    pub(super) fn apply(&self, samples: impl ExactSizeIterator<Item = u16>, out: &mut Vec<u8>) {
        let mask = self.table.len() - 1;
        let begin = out.len();
        out.resize(begin + samples.len() * 3, 0);
        let pixels = out.get_mut(begin..).unwrap_or_default();
        for (pixel, sample) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(samples) {
            *pixel = self
                .table
                .get(usize::from(sample >> self.shift) & mask)
                .copied()
                .unwrap_or_default();
        }
    }
}

impl Channel {
    fn read(
        values: &Values<'_>,
        layout: &PixelLayout,
        colour: &ColourTags,
    ) -> Result<Self, ClipError> {
        let descriptor = values.words(colour.descriptor)?.unwrap_or_default();
        let &[count, first, bits] = descriptor.as_slice() else {
            return Err(ClipError::Palette(
                "a table descriptor is missing or malformed".into(),
            ));
        };
        // Entry count 0 stands for 65,536 (section C.7.6.3.1.5).
        let count = if count == 0 {
            1 << 16
        } else {
            usize::from(count)
        };
        let first = if layout.signed {
            i32::from(first.cast_signed())
        } else {
            i32::from(first)
        };
        let entries = match (values.bytes(colour.plain)?, values.words(colour.segmented)?) {
            (Some(bytes), _) => {
                let big = values
                    .element(colour.plain)
                    .is_some_and(|element| element.big_endian);
                plain_entries(&bytes, big, count)?
            }
            (None, Some(words)) => segmented::expand(&words, count)?,
            (None, None) => return Err(ClipError::Palette("a colour table is missing".into())),
        };
        Ok(Self {
            first,
            entries: to_eight(&entries, bits)?,
        })
    }

    fn at(&self, value: i32) -> u8 {
        let last = self.entries.len() as i32 - 1;
        let position = value.saturating_sub(self.first).clamp(0, last.max(0));
        self.entries
            .get(position as usize)
            .copied()
            .unwrap_or_default()
    }
}

/// One word an entry, or two eight-bit entries packed in a word, low byte first (section C.7.6.3.1.6).
fn plain_entries(bytes: &[u8], big_endian: bool, count: usize) -> Result<Vec<u16>, ClipError> {
    let held = bytes.len();
    if held >= count * 2 {
        return Ok(words(bytes, big_endian).take(count).collect());
    }
    if held == count || held == count + count % 2 {
        let unpacked = words(bytes, big_endian).flat_map(|word| {
            let [low, high] = word.to_le_bytes();
            [u16::from(low), u16::from(high)]
        });
        return Ok(unpacked.take(count).collect());
    }
    Err(ClipError::Palette(format!(
        "a table of {count} entries has {held} bytes"
    )))
}

/// Sixteen-bit entries keep their high byte. Some devices say 16 and write 8-bit values, or the reverse: what
/// the entries hold decides.
fn to_eight(entries: &[u16], bits: u16) -> Result<Vec<u8>, ClipError> {
    if !matches!(bits, 8 | 16) {
        return Err(ClipError::Palette(format!("a table of {bits} bits")));
    }
    let wide = entries.iter().any(|entry| *entry > 0xFF);
    Ok(entries
        .iter()
        .map(|entry| {
            if wide {
                (entry >> 8) as u8
            } else {
                *entry as u8
            }
        })
        .collect())
}
