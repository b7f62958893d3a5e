//! What is kept of the walk: where the wanted attributes, the regions and the pixels lie.
//!
//! Owns positions, not values. Of nested sequences only the items of Sequence of Ultrasound Regions are kept;
//! an icon's own pixel data, for one, is walked and forgotten. Called once at opening.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::element::Element;
use super::walk::{Event, Walker};
use crate::error::{ClipError, ScanFault};
use crate::limits::MAX_REGIONS;
use crate::source::{Source, Span};
use crate::syntax::Encoding;

/// The plain values of one data set or item; the first of a repeated tag counts.
pub(crate) type Attributes = BTreeMap<Tag, Element>;

/// Where the pixels lie.
#[derive(Debug)]
pub(crate) enum PixelSpan {
    /// Uncompressed, in one stretch.
    Native(Element),
    /// Offset table and fragments.
    Encapsulated {
        /// The basic offset table item, often empty.
        offset_table: Span,
        /// The fragments, in file order.
        fragments: Vec<Span>,
    },
}

/// The positions that matter.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) top: Attributes,
    pub(crate) regions: Vec<Attributes>,
    pub(crate) pixels: Option<PixelSpan>,
    /// The walk ended inside or after the pixels, where the file has not arrived yet.
    pub(crate) more_to_come: bool,
}

impl Index {
    /// Walks the whole data set, or as much of one that still arrives as is here; its header must be.
    pub(crate) fn build(source: &Source, at: u64, encoding: Encoding) -> Result<Self, ClipError> {
        let mut walker = Walker::new(source, at, encoding);
        let mut index = Self::default();
        let mut first_level = None;
        loop {
            let event = match walker.next() {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(ClipError::ReadFile(error))
                    if error.kind() == ErrorKind::UnexpectedEof
                        && source.here() < source.len()
                        && index.pixels.is_some() =>
                {
                    index.more_to_come = true;
                    break;
                }
                Err(error) => return Err(error),
            };
            let kept = match event {
                Event::SequenceStart { tag, depth: 0 } => {
                    first_level = Some(tag);
                    Ok(())
                }
                event => index.keep(event, first_level),
            };
            kept.map_err(|fault| ClipError::Scan {
                offset: walker.position(),
                fault,
            })?;
        }
        Ok(index)
    }

    fn keep(&mut self, event: Event, first_level: Option<Tag>) -> Result<(), ScanFault> {
        let in_regions = first_level == Some(tags::SEQUENCE_OF_ULTRASOUND_REGIONS);
        match event {
            Event::Value { element, depth: 0 } if element.tag == tags::PIXEL_DATA => {
                self.set_pixels(PixelSpan::Native(element))?;
            }
            Event::Value { element, depth: 0 } => {
                self.top.entry(element.tag).or_insert(element);
            }
            Event::ItemStart { depth: 1 } if in_regions => {
                if self.regions.len() >= MAX_REGIONS {
                    return Err(ScanFault::TooManyRegions { limit: MAX_REGIONS });
                }
                self.regions.push(Attributes::new());
            }
            Event::Value { element, depth: 1 } if in_regions => {
                if let Some(region) = self.regions.last_mut() {
                    region.entry(element.tag).or_insert(element);
                }
            }
            Event::FragmentsStart { depth: 0 } => {
                let offset_table = Span { at: 0, len: 0 };
                self.set_pixels(PixelSpan::Encapsulated {
                    offset_table,
                    fragments: Vec::new(),
                })?;
            }
            Event::Fragment { value, depth: 0 } => self.add_fragment(value),
            _ => {}
        }
        Ok(())
    }

    fn set_pixels(&mut self, pixels: PixelSpan) -> Result<(), ScanFault> {
        if self.pixels.replace(pixels).is_some() {
            return Err(ScanFault::TwoPixelData);
        }
        Ok(())
    }

    /// The first item is the basic offset table (PS3.5 Annex A.4), the others are fragments.
    fn add_fragment(&mut self, value: Span) {
        if let Some(PixelSpan::Encapsulated {
            offset_table,
            fragments,
        }) = &mut self.pixels
        {
            if offset_table.at == 0 {
                *offset_table = value;
            } else {
                fragments.push(value);
            }
        }
    }
}
