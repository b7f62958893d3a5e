//! DICOM files built byte by byte, whole or broken on purpose.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

/// How the data set is written.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Form {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

/// A file in the making: elements are written in the order they are added.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) syntax: &'static str,
    pub(crate) form: Form,
    pub data_set: Vec<u8>,
}

pub(crate) const IMPLICIT: &str = "1.2.840.10008.1.2";
pub(crate) const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub(crate) const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub(crate) const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
pub(crate) const RLE: &str = "1.2.840.10008.1.2.5";
pub(crate) const JPEG: &str = "1.2.840.10008.1.2.4.50";
pub(crate) const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
pub(crate) const J2K: &str = "1.2.840.10008.1.2.4.90";

const UNDEFINED: u32 = 0xFFFF_FFFF;

/// Size and samples of a built picture.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) rows: u16,
    pub(crate) columns: u16,
    pub(crate) photometric: &'static str,
    pub(crate) samples: u16,
    pub(crate) allocated: u16,
    pub(crate) stored: u16,
    pub(crate) signed: u16,
    pub(crate) planar: u16,
    pub(crate) frames: u32,
}

impl Shape {
    /// One frame of eight-bit samples.
    pub(crate) fn new(photometric: &'static str, columns: u16, rows: u16) -> Self {
        let samples = match photometric {
            "MONOCHROME1" | "MONOCHROME2" | "PALETTE COLOR" => 1,
            _ => 3,
        };
        let (allocated, stored) = (8, 8);
        Self {
            rows,
            columns,
            photometric,
            samples,
            allocated,
            stored,
            signed: 0,
            planar: 0,
            frames: 1,
        }
    }
}

impl File {
    pub(crate) fn new(syntax: &'static str) -> Self {
        let form = match syntax {
            IMPLICIT => Form::ImplicitLittle,
            BIG_ENDIAN => Form::ExplicitBig,
            _ => Form::ExplicitLittle,
        };
        Self {
            syntax,
            form,
            data_set: Vec::new(),
        }
    }

    pub(crate) fn short(&mut self, number: u16) {
        let bytes = match self.form {
            Form::ExplicitBig => number.to_be_bytes(),
            _ => number.to_le_bytes(),
        };
        self.data_set.extend_from_slice(&bytes);
    }

    pub(crate) fn long(&mut self, number: u32) {
        let bytes = match self.form {
            Form::ExplicitBig => number.to_be_bytes(),
            _ => number.to_le_bytes(),
        };
        self.data_set.extend_from_slice(&bytes);
    }

    /// Tag, VR and any length, true or not.
    pub(crate) fn header(&mut self, tag: Tag, vr: &str, len: u32) -> &mut Self {
        self.short(tag.0);
        self.short(tag.1);
        if self.form == Form::ImplicitLittle {
            self.long(len);
            return self;
        }
        self.data_set.extend_from_slice(vr.as_bytes());
        let short = "AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US";
        if short.split(' ').any(|known| known == vr) {
            self.short(len as u16);
        } else {
            self.short(0);
            self.long(len);
        }
        self
    }

    pub(crate) fn bytes(mut self, tag: Tag, vr: VR, value: &[u8]) -> Self {
        let odd = value.len() % 2;
        self.header(tag, vr.to_string(), (value.len() + odd) as u32);
        self.data_set.extend_from_slice(value);
        self.data_set.resize(self.data_set.len() + odd, 0);
        self
    }

    pub(crate) fn text(self, tag: Tag, vr: VR, value: &str) -> Self {
        let mut value = value.to_owned();
        if value.len() % 2 == 1 {
            value.push(if vr == VR::UI { '\0' } else { ' ' });
        }
        self.bytes(tag, vr, value.as_bytes())
    }

    pub(crate) fn words(mut self, tag: Tag, vr: VR, words: &[u16]) -> Self {
        self.header(tag, vr.to_string(), words.len() as u32 * 2);
        for word in words {
            self.short(*word);
        }
        self
    }

    /// Everything a picture needs but its pixels. Extra elements may follow.
    pub(crate) fn picture(self, shape: Shape) -> Self {
        self.text(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.3.1")
            .text(tags::SOP_INSTANCE_UID, VR::UI, "1.2.3.4")
            .words(tags::SAMPLES_PER_PIXEL, VR::US, &[shape.samples])
            .text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, shape.photometric)
            .words(tags::PLANAR_CONFIGURATION, VR::US, &[shape.planar])
            .text(tags::NUMBER_OF_FRAMES, VR::IS, &shape.frames.to_string())
            .words(tags::ROWS, VR::US, &[shape.rows])
            .words(tags::COLUMNS, VR::US, &[shape.columns])
            .words(tags::BITS_ALLOCATED, VR::US, &[shape.allocated])
            .words(tags::BITS_STORED, VR::US, &[shape.stored])
            .words(tags::HIGH_BIT, VR::US, &[shape.stored.wrapping_sub(1)])
            .words(tags::PIXEL_REPRESENTATION, VR::US, &[shape.signed])
    }

    /// Uncompressed pixels as bytes; OW in implicit VR, as the standard says.
    pub(crate) fn pixels(self, value: &[u8]) -> Self {
        self.bytes(tags::PIXEL_DATA, VR::OB, value)
    }

    pub(crate) fn pixel_words(self, words: &[u16]) -> Self {
        self.words(tags::PIXEL_DATA, VR::OW, words)
    }

    /// Encapsulated pixels: the basic offset table, then fragments.
    pub(crate) fn fragments(mut self, offsets: &[u32], fragments: &[&[u8]]) -> Self {
        self.header(tags::PIXEL_DATA, "OB", UNDEFINED);
        self.item(offsets.len() as u32 * 4);
        for offset in offsets {
            self.long(*offset);
        }
        for fragment in fragments {
            let odd = fragment.len() % 2;
            self.item((fragment.len() + odd) as u32);
            self.data_set.extend_from_slice(fragment);
            self.data_set.resize(self.data_set.len() + odd, 0);
        }
        self.end_sequence();
        self
    }

    pub(crate) fn sequence(mut self, tag: Tag) -> Self {
        self.header(tag, "SQ", UNDEFINED);
        self
    }

    pub(crate) fn item(&mut self, len: u32) {
        self.short(0xFFFE);
        self.short(0xE000);
        self.long(len);
    }

    pub(crate) fn open_item(mut self) -> Self {
        self.item(UNDEFINED);
        self
    }

    pub(crate) fn close_item(mut self) -> Self {
        self.short(0xFFFE);
        self.short(0xE00D);
        self.long(0);
        self
    }

    pub(crate) fn end_sequence(&mut self) {
        self.short(0xFFFE);
        self.short(0xE0DD);
        self.long(0);
    }

    pub(crate) fn close_sequence(mut self) -> Self {
        self.end_sequence();
        self
    }

    /// The finished file, with preamble and a correct meta group.
    pub(crate) fn build(&self) -> Vec<u8> {
        let mut meta = File::new(EXPLICIT).text(Tag(0x0002, 0x0010), VR::UI, self.syntax);
        let mut group = File::new(EXPLICIT);
        group.header(Tag(0x0002, 0x0000), "UL", 4);
        group.long(meta.data_set.len() as u32);
        group.data_set.append(&mut meta.data_set);
        let mut file = vec![0; 128];
        file.extend_from_slice(b"DICM");
        file.append(&mut group.data_set);
        file.extend_from_slice(&self.data_set);
        file
    }
}
