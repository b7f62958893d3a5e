//! What can go wrong between a foreign file and a picture, named by the step that failed.
//!
//! Owns the error type of the reading half. Messages carry tags, offsets and sizes, never attribute values:
//! a value may be a patient's name or hold control characters. Callers show the text and use `step` as a
//! stable key.

use dicom_core::Tag;

/// A clip, or one frame of it, that cannot be read. The variant is the step that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClipError {
    /// The file could not be opened or its bytes could not be read.
    #[error("reading the file failed: {0}")]
    ReadFile(#[from] std::io::Error),
    /// The bytes are no DICOM file (PS3.10 section 7.1).
    #[error("this is no DICOM file: {0}")]
    Preamble(&'static str),
    /// The file meta information is damaged beyond repair.
    #[error("the file meta information cannot be used: {0}")]
    Meta(&'static str),
    /// The transfer syntax is known or well formed, but its pixels cannot be decoded here.
    #[error("the transfer syntax {0} is not supported")]
    TransferSyntax(String),
    /// A deflated data set could not be inflated.
    #[error("inflating the data set failed: {0}")]
    Inflate(String),
    /// The flat walk over tags and lengths met something that no parser should follow.
    #[error("the data set is damaged at byte {offset}: {fault}")]
    Scan {
        /// Where, in the file (in the inflated data set of a deflated file).
        offset: u64,
        /// What is wrong there.
        fault: ScanFault,
    },
    /// An attribute that the picture needs is missing, malformed or impossible.
    #[error("the attribute {name} {tag} {fault}")]
    Attribute {
        /// Its keyword.
        name: &'static str,
        /// Its tag.
        tag: Tag,
        /// What is wrong with it, as the end of a sentence.
        fault: String,
    },
    /// The pixel data element does not fit what the header says.
    #[error("the pixel data does not fit the header: {0}")]
    PixelData(String),
    /// The fragments of encapsulated pixel data cannot be assigned to frames.
    #[error("the fragments cannot be assigned to frames: {0}")]
    FrameTable(String),
    /// The clip has no such frame.
    #[error("frame {shown} was asked for, the clip has {frames}", shown = u64::from(*index) + 1)]
    NoSuchFrame {
        /// The index asked for, from 0.
        index: u32,
        /// How many frames there are.
        frames: u32,
    },
    /// The palette of a PALETTE COLOR picture is missing or malformed.
    #[error("the colour palette cannot be used: {0}")]
    Palette(String),
    /// The video of a video clip is not H.264 in one MP4 file, or is damaged.
    #[error("the video cannot be used: {0}")]
    Video(String),
    /// One frame could not be decoded.
    #[error("decoding a frame failed in the {codec} step: {fault}")]
    Decode {
        /// Which decoder.
        codec: &'static str,
        /// What it said.
        fault: String,
    },
    /// A confined process refused the file in its own words, or it is told what became of that process.
    #[error("{words}")]
    Refused {
        /// The key of the step, as `step` gives it.
        step: &'static str,
        /// What is wrong.
        words: String,
        /// What to do, as `what_to_do` gives it.
        help: &'static str,
    },
}

const READ_FILE: &str = "check that it is there and that this user may read it";
const PREAMBLE: &str = "export it from the device as DICOM, or choose another file";
const TRANSFER_SYNTAX: &str =
    "export it in another form, such as JPEG or uncompressed, or choose another file";
const DAMAGED: &str = "it is damaged or cut off, or its device writes it wrong: export it again, or choose another file";

impl ClipError {
    /// A short stable key for the step that failed, for logs, metrics and problem codes.
    #[must_use]
    pub fn step(&self) -> &'static str {
        match self {
            Self::ReadFile(_) => "read-file",
            Self::Preamble(_) => "preamble",
            Self::Meta(_) => "meta",
            Self::TransferSyntax(_) => "transfer-syntax",
            Self::Inflate(_) => "inflate",
            Self::Scan { .. } => "scan",
            Self::Attribute { .. } => "attribute",
            Self::PixelData(_) => "pixel-data",
            Self::FrameTable(_) => "frame-table",
            Self::NoSuchFrame { .. } => "no-such-frame",
            Self::Palette(_) => "palette",
            Self::Video(_) => "video",
            Self::Decode { .. } => "decode",
            Self::Refused { step, .. } => step,
        }
    }

    /// What a confined process said about a file: the key of the step that failed there, and its words.
    #[must_use]
    pub fn retold(step: &str, words: String) -> Self {
        let (step, help) = match step {
            "read-file" => ("read-file", READ_FILE),
            "preamble" => ("preamble", PREAMBLE),
            "meta" => ("meta", DAMAGED),
            "transfer-syntax" => ("transfer-syntax", TRANSFER_SYNTAX),
            "inflate" => ("inflate", DAMAGED),
            "scan" => ("scan", DAMAGED),
            "attribute" => ("attribute", DAMAGED),
            "pixel-data" => ("pixel-data", DAMAGED),
            "frame-table" => ("frame-table", DAMAGED),
            "palette" => ("palette", DAMAGED),
            "video" => ("video", DAMAGED),
            _ => ("decode", DAMAGED),
        };
        Self::Refused { step, words, help }
    }

    /// What a person can do about it, as the end of the sentence that the error begins.
    #[must_use]
    pub const fn what_to_do(&self) -> &'static str {
        match self {
            Self::ReadFile(_) => READ_FILE,
            Self::Preamble(_) => PREAMBLE,
            Self::TransferSyntax(_) => TRANSFER_SYNTAX,
            Self::NoSuchFrame { .. } => "choose one that it has",
            Self::Refused { help, .. } => help,
            _ => DAMAGED,
        }
    }

    pub(crate) fn decode(codec: &'static str, fault: impl Into<String>) -> Self {
        Self::Decode {
            codec,
            fault: fault.into(),
        }
    }
}

/// What the flat walk refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanFault {
    /// The file ends inside an element header, a value or an open sequence.
    #[error("the file ends in the middle of the data set")]
    Truncated,
    /// A declared length goes beyond the end of the file.
    #[error("element {tag} declares {declared} bytes, {left} are left")]
    LengthBeyondFile {
        /// The element.
        tag: Tag,
        /// Its declared length.
        declared: u32,
        /// The bytes that remain.
        left: u64,
    },
    /// A declared length goes beyond the sequence or item that holds the element.
    #[error("element {tag} declares {declared} bytes, its item has {left} left")]
    LengthBeyondItem {
        /// The element or item.
        tag: Tag,
        /// Its declared length.
        declared: u32,
        /// The bytes that remain in what holds it.
        left: u64,
    },
    /// Sequences are nested deeper than any real file nests them.
    #[error("sequences are nested more than {limit} deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More elements and items than any real file holds.
    #[error("more than {limit} elements and items")]
    TooManyElements {
        /// The limit.
        limit: u32,
    },
    /// More pixel data fragments than any real file holds.
    #[error("more than {limit} pixel data fragments")]
    TooManyFragments {
        /// The limit.
        limit: u32,
    },
    /// Something other than an item stands in a sequence.
    #[error("element {tag} stands where a sequence item must be")]
    NotAnItem {
        /// What was met.
        tag: Tag,
    },
    /// A delimiter or item stands where no sequence is open.
    #[error("delimiter {tag} stands outside a sequence")]
    StrayDelimiter {
        /// What was met.
        tag: Tag,
    },
    /// Undefined length on an element that cannot have it (PS3.5 section 7.1).
    #[error("element {tag} has undefined length, which its kind cannot have")]
    UndefinedLength {
        /// The element.
        tag: Tag,
    },
    /// Bytes that are no elements follow the pixel data.
    #[error("bytes that are no elements follow the pixel data")]
    TrailingBytes,
    /// Two pixel data elements in one data set.
    #[error("there are two pixel data elements")]
    TwoPixelData,
    /// More ultrasound regions than any picture shows.
    #[error("more than {limit} ultrasound regions")]
    TooManyRegions {
        /// The limit.
        limit: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_ends_with_what_to_do() {
        let gone = std::io::Error::from(std::io::ErrorKind::NotFound);
        for (error, expected) in [
            (ClipError::ReadFile(gone), "may read it"),
            (ClipError::Preamble("no DICM"), "as DICOM"),
            (
                ClipError::TransferSyntax("1.2.3".to_owned()),
                "another form",
            ),
            (
                ClipError::Scan {
                    offset: 7,
                    fault: ScanFault::Truncated,
                },
                "export it again",
            ),
        ] {
            let told = format!("{error}; {}", error.what_to_do());
            assert!(told.contains(expected) && told.len() < 300, "{told}");
        }
    }
}
