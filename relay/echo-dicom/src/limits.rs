//! The bounds that a foreign file must respect, each with its reason.
//!
//! Owns the numbers only; the modules that read and decode enforce them, always before they allocate or
//! recurse. They are chosen from the largest clip the product supports: a 4K screen capture or a minute of
//! 1024 x 768 cine. The invariant: no figure that a file declares is trusted beyond the bytes it brings.

/// Largest file that is opened: what a device may send (`wire::clip`), 20 s of full-HD colour without loss. Frames
/// are read from the file one at a time, so this bounds disk reads and offsets, not memory.
pub const MAX_FILE_BYTES: u64 = wire::clip::MAX_CLIP_BYTES;

/// Largest data set after inflating a deflated file. It is held in memory, so it stays inside the 256 MiB
/// that the confined parser is given, with room for one decoded frame.
pub const MAX_INFLATED_BYTES: u64 = 128 << 20;

/// The file meta group (PS3.10 section 7.1) of real files is under 1 kB; private information may add some.
pub const MAX_META_BYTES: u64 = 1 << 20;

/// Deepest nesting of sequences. Real ultrasound nests under ten levels; recursive parsers overflow a 2 MB
/// stack at about 1,700.
pub const MAX_DEPTH: usize = 64;

/// Most data elements and sequence items in one file. Real clips hold a few hundred to some thousand.
pub const MAX_ELEMENTS: u32 = 200_000;

/// Most pixel data fragments: a long clip of 60,000 frames with three fragments each fits.
pub const MAX_FRAGMENTS: u32 = 200_000;

/// Largest header value that is read into memory. The largest legitimate ones are a frame time vector of
/// `MAX_FRAMES` decimal strings of 16 bytes and a palette table of 128 KiB.
pub const MAX_VALUE_BYTES: u32 = 2 << 20;

/// Most rows and most columns: an 8K picture fits, the 65,535 that hostile files like does not.
pub const MAX_ROWS_OR_COLUMNS: u32 = 8_192;

/// Most pixels in one frame: 4096 x 4096. With three 16-bit samples a decoded frame is 96 MiB.
pub const MAX_PIXELS_PER_FRAME: u64 = 1 << 24;

/// Most frames in one clip: more than half an hour at 30 frames a second.
pub const MAX_FRAMES: u32 = 65_536;

/// Largest encoded frame. No lossless code of a supported picture needs more than its raw size.
pub const MAX_ENCODED_FRAME_BYTES: u64 = 96 << 20;

/// Largest tables of an MP4 file (the box `moov`), which are read into memory: `MAX_FRAMES` frames take 20 bytes each in
/// them, a sound track beside them as much again.
pub const MAX_MOVIE_BYTES: u32 = 4 << 20;

/// Most boxes in front of these tables. Real files have three to five.
pub const MAX_MOVIE_FILE_BOXES: usize = 256;

/// Most blocks of 16 x 16 in a picture of a video: level 4.2 (ITU-T H.264 table A-1), above which no video transfer syntax
/// of H.264 goes.
pub const MAX_VIDEO_BLOCKS: u32 = 8_704;

/// Most blocks in all pictures together that a decoder keeps to decode others from: the same level. They have 14 MB.
pub const MAX_VIDEO_KEPT_BLOCKS: u32 = 34_816;

/// Largest coded frame of a video that is decoded. The largest picture has half as much without any coding.
pub const MAX_VIDEO_FRAME_BYTES: u32 = 8 << 20;

/// Most work for one picture of a video, with the frames before it on which it stands. One is a block of 16 x 16 or four
/// coded bytes, which takes 0.2 to 0.7 µs: four to eleven seconds in all. 3,600 frames of 640 x 480 at 2 Mbit/s fit.
pub const MAX_VIDEO_WORK: u64 = 16 << 20;

/// Work after which whoever waits for a picture hears that it goes on: about a second at most.
pub const VIDEO_STEP_WORK: u64 = 3 << 19;

/// Most ultrasound regions. Real pictures show one to ten.
pub const MAX_REGIONS: usize = 256;

/// Most JPEG 2000 tiles in one frame; ultrasound uses one. Each tile costs the decoder set-up memory.
pub const MAX_J2K_TILES: u64 = 4_096;

/// Most code blocks, and most precincts, of one JPEG 2000 frame: three samples of 4096 x 4096 in blocks of 16 x
/// 16. OpenJPEG keeps some hundred bytes for each.
pub const MAX_J2K_BLOCKS: u64 = 196_608;

/// Most JPEG 2000 packets of one frame. Real ones have some hundred; the decoder visits each.
pub const MAX_J2K_PACKETS: u64 = 1 << 20;

/// Most scans in one JPEG frame: a progressive file uses about ten, each costs a pass over the picture.
pub const MAX_JPEG_SCANS: u32 = 64;

/// Segments of one RLE frame (PS3.5 Annex G.5): the header has room for fifteen.
pub const MAX_RLE_SEGMENTS: u32 = 15;
