//! A flat walk over the elements of a data set, one event at a time.
//!
//! Owns the structure rules of PS3.5 section 7: explicit and implicit VR, both byte orders, defined and
//! undefined lengths, items, delimiters and pixel data fragments. The open sequences are a bounded list, so
//! nesting costs no stack. The invariant: an event's bytes lie inside the file and inside everything that
//! holds them.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use super::element::{Element, dictionary_vr, has_long_length, long, short};
use crate::error::{ClipError, ScanFault};
use crate::limits::{MAX_DEPTH, MAX_ELEMENTS, MAX_FRAGMENTS};
use crate::source::{Source, Span, Window};
use crate::syntax::{Encoding, IMPLICIT_LE};

const UNDEFINED: u32 = 0xFFFF_FFFF;
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_DELIMITER: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_DELIMITER: Tag = Tag(0xFFFE, 0xE0DD);

/// What the walk meets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// A plain value, inside `depth` sequences.
    Value { element: Element, depth: usize },
    /// A sequence opens inside `depth` others.
    SequenceStart { tag: Tag, depth: usize },
    /// An item of the innermost sequence opens; `depth` counts that sequence.
    ItemStart { depth: usize },
    /// Encapsulated pixel data opens inside `depth` sequences.
    FragmentsStart { depth: usize },
    /// One fragment; the first is the basic offset table.
    Fragment { value: Span, depth: usize },
    /// The innermost sequence, item or pixel data closes.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sequence,
    Item,
    Fragments,
}

/// A sequence, item or pixel data element whose content is being walked.
#[derive(Debug, Clone, Copy)]
struct Open {
    kind: Kind,
    /// Where it ends, if its length is defined.
    end: Option<u64>,
    /// No content may go beyond this: its own end, else that of what holds it.
    limit: u64,
    encoding: Encoding,
}

/// The walk itself.
#[derive(Debug)]
pub(crate) struct Walker<'a> {
    window: Window<'a>,
    at: u64,
    file_end: u64,
    encoding: Encoding,
    open: Vec<Open>,
    depth: usize,
    elements: u32,
    fragments: u32,
    /// Trailing padding is tolerated only after the picture.
    seen_pixels: bool,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(source: &'a Source, data_set_at: u64, encoding: Encoding) -> Self {
        Self {
            window: Window::new(source),
            at: data_set_at,
            file_end: source.len(),
            encoding,
            open: Vec::new(),
            depth: 0,
            elements: 0,
            fragments: 0,
            seen_pixels: false,
        }
    }

    /// The next event, or `None` at the end of the data set.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, ClipError> {
        if let Some(top) = self.open.last() {
            if top.end == Some(self.at) {
                return Ok(Some(self.close()));
            }
            if self.at >= self.file_end && top.end.is_none() {
                // Encapsulated pixel data that lacks only its closing delimiter is whole.
                if top.kind == Kind::Fragments && self.open.len() == 1 {
                    return Ok(Some(self.close()));
                }
                return self.fault(ScanFault::Truncated);
            }
        } else if self.at >= self.file_end || self.ends_in_padding()? {
            return Ok(None);
        }
        match self.open.last().map(|top| top.kind) {
            Some(Kind::Sequence) => self.item().map(Some),
            Some(Kind::Fragments) => self.fragment().map(Some),
            Some(Kind::Item) | None => self.element().map(Some),
        }
    }

    /// Where the walk stands, for messages.
    pub(crate) fn position(&self) -> u64 {
        self.at
    }

    fn fault<T>(&self, fault: ScanFault) -> Result<T, ClipError> {
        Err(ClipError::Scan {
            offset: self.at,
            fault,
        })
    }

    fn take<const N: usize>(&mut self, at: u64) -> Result<[u8; N], ClipError> {
        match self.window.bytes(at)? {
            Some(bytes) => Ok(bytes),
            None => self.fault(ScanFault::Truncated),
        }
    }

    fn limit(&self) -> u64 {
        self.open.last().map_or(self.file_end, |top| top.limit)
    }

    fn here(&self) -> Encoding {
        self.open.last().map_or(self.encoding, |top| top.encoding)
    }

    /// Whether the data set ends here: the picture has been seen and what follows is no element. Zeros are
    /// padding; anything else behind them is refused, so that nothing hides there.
    fn ends_in_padding(&mut self) -> Result<bool, ClipError> {
        if !self.seen_pixels {
            return Ok(false);
        }
        match self.window.bytes::<8>(self.at)? {
            Some([0, 0, 0, 0, ..]) | None => {}
            Some(_) => return Ok(false),
        }
        let mut at = self.at;
        while at < self.file_end {
            let step = match self.window.bytes::<64>(at)? {
                Some(bytes) if bytes == [0; 64] => 64,
                Some(_) | None => 1,
            };
            if step == 1 && self.take::<1>(at)? != [0] {
                return self.fault(ScanFault::TrailingBytes);
            }
            at += step;
        }
        Ok(true)
    }

    fn close(&mut self) -> Event {
        if let Some(closed) = self.open.pop()
            && closed.kind == Kind::Sequence
        {
            self.depth -= 1;
        }
        Event::End
    }

    /// Counts one element or item against the limit.
    fn count(&mut self) -> Result<(), ClipError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return self.fault(ScanFault::TooManyElements {
                limit: MAX_ELEMENTS,
            });
        }
        Ok(())
    }

    /// Checks that `len` bytes from `at` stay inside the file and inside what holds them.
    fn span(&self, tag: Tag, at: u64, len: u32) -> Result<Span, ClipError> {
        let span = Span { at, len };
        if span.end() > self.file_end {
            let left = self.file_end.saturating_sub(at);
            return self.fault(ScanFault::LengthBeyondFile {
                tag,
                declared: len,
                left,
            });
        }
        if span.end() > self.limit() {
            let left = self.limit().saturating_sub(at);
            return self.fault(ScanFault::LengthBeyondItem {
                tag,
                declared: len,
                left,
            });
        }
        Ok(span)
    }

    fn push(&mut self, kind: Kind, end: Option<u64>, encoding: Encoding) -> Result<(), ClipError> {
        if kind == Kind::Sequence {
            if self.depth >= MAX_DEPTH {
                return self.fault(ScanFault::TooDeep { limit: MAX_DEPTH });
            }
            self.depth += 1;
        }
        let limit = end.unwrap_or_else(|| self.limit());
        self.open.push(Open {
            kind,
            end,
            limit,
            encoding,
        });
        Ok(())
    }

    /// Tag and length of an item or delimiter: eight bytes in every transfer syntax.
    fn item_header(&mut self) -> Result<(Tag, u32), ClipError> {
        let [g0, g1, e0, e1, l0, l1, l2, l3] = self.take(self.at)?;
        let big = self.here().big_endian;
        let tag = Tag(short(big, [g0, g1]), short(big, [e0, e1]));
        Ok((tag, long(big, [l0, l1, l2, l3])))
    }

    /// One item of an open sequence, or its closing delimiter.
    fn item(&mut self) -> Result<Event, ClipError> {
        let (tag, len) = self.item_header()?;
        let start = self.at + 8;
        match tag {
            ITEM => {
                self.count()?;
                let end = match len {
                    UNDEFINED => None,
                    len => Some(self.span(tag, start, len)?.end()),
                };
                let encoding = self.here();
                self.push(Kind::Item, end, encoding)?;
                self.at = start;
                Ok(Event::ItemStart { depth: self.depth })
            }
            SEQUENCE_DELIMITER if self.ends_by_delimiter() => {
                self.at = start;
                Ok(self.close())
            }
            tag => self.fault(ScanFault::NotAnItem { tag }),
        }
    }

    /// One fragment of open pixel data, or its closing delimiter.
    fn fragment(&mut self) -> Result<Event, ClipError> {
        let (tag, len) = self.item_header()?;
        let start = self.at + 8;
        match tag {
            ITEM => {
                self.fragments += 1;
                if self.fragments > MAX_FRAGMENTS {
                    return self.fault(ScanFault::TooManyFragments {
                        limit: MAX_FRAGMENTS,
                    });
                }
                let value = self.span(tag, start, len)?;
                self.at = value.end();
                Ok(Event::Fragment {
                    value,
                    depth: self.depth,
                })
            }
            SEQUENCE_DELIMITER => {
                self.at = start;
                Ok(self.close())
            }
            tag => self.fault(ScanFault::NotAnItem { tag }),
        }
    }

    fn ends_by_delimiter(&self) -> bool {
        self.open.last().is_some_and(|top| top.end.is_none())
    }

    /// One element of the data set or of an open item, or the item's closing delimiter.
    fn element(&mut self) -> Result<Event, ClipError> {
        let encoding = self.here();
        let [g0, g1, e0, e1, ..] = self.take::<8>(self.at)?;
        let tag = Tag(
            short(encoding.big_endian, [g0, g1]),
            short(encoding.big_endian, [e0, e1]),
        );
        if tag.0 == 0xFFFE {
            if tag == ITEM_DELIMITER && !self.open.is_empty() && self.ends_by_delimiter() {
                self.at += 8;
                return Ok(self.close());
            }
            return self.fault(ScanFault::StrayDelimiter { tag });
        }
        self.count()?;
        let (vr, start, len) = self.element_header(tag, encoding)?;
        let is_pixels = tag == tags::PIXEL_DATA;
        if is_pixels && self.open.is_empty() {
            self.seen_pixels = true;
        }
        if len == UNDEFINED {
            return self.undefined_length(tag, vr, start, encoding);
        }
        let value = self.span(tag, start, len)?;
        if vr == VR::SQ {
            let depth = self.depth;
            self.push(Kind::Sequence, Some(value.end()), encoding)?;
            self.at = start;
            return Ok(Event::SequenceStart { tag, depth });
        }
        self.at = value.end();
        let element = Element {
            tag,
            vr,
            value,
            big_endian: encoding.big_endian,
        };
        Ok(Event::Value {
            element,
            depth: self.depth,
        })
    }

    /// VR, first byte of the value and length of the element at the current position.
    fn element_header(
        &mut self,
        tag: Tag,
        encoding: Encoding,
    ) -> Result<(VR, u64, u32), ClipError> {
        let [_, _, _, _, a, b, c, d] = self.take(self.at)?;
        let big = encoding.big_endian;
        if !encoding.explicit_vr {
            return Ok((dictionary_vr(tag), self.at + 8, long(big, [a, b, c, d])));
        }
        let vr = VR::from_binary([a, b]);
        if has_long_length(vr) {
            let len = self.take(self.at + 8)?;
            return Ok((vr.unwrap_or(VR::UN), self.at + 12, long(big, len)));
        }
        Ok((
            vr.unwrap_or(VR::UN),
            self.at + 8,
            u32::from(short(big, [c, d])),
        ))
    }

    /// Undefined length: a sequence, a sequence in the guise of UN (PS3.5 section 6.2.2 note 2, always implicit
    /// VR inside), or encapsulated pixel data. Anything else has no end that could be found.
    fn undefined_length(
        &mut self,
        tag: Tag,
        vr: VR,
        start: u64,
        encoding: Encoding,
    ) -> Result<Event, ClipError> {
        let depth = self.depth;
        if tag == tags::PIXEL_DATA && vr != VR::SQ {
            self.push(Kind::Fragments, None, encoding)?;
            self.at = start;
            return Ok(Event::FragmentsStart { depth });
        }
        let inside = match vr {
            VR::SQ => encoding,
            VR::UN => IMPLICIT_LE,
            _ if !encoding.explicit_vr => encoding,
            _ => return self.fault(ScanFault::UndefinedLength { tag }),
        };
        self.push(Kind::Sequence, None, inside)?;
        self.at = start;
        Ok(Event::SequenceStart { tag, depth })
    }
}
