//! A look at the header of a JPEG family code stream before a foreign decoder sees it.
//!
//! Owns the checks that keep decoders within bounds: picture size, components, depth, tiles and scans are read
//! from the code stream itself (ISO 10918-1 Annex B, ISO 14495-1 Annex C, ISO 15444-1 Annex A) and compared with
//! the clip's header. It decodes nothing.

use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::limits::{MAX_J2K_TILES, MAX_JPEG_SCANS};

/// What a JPEG or JPEG-LS frame says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct JpegHead {
    /// The low byte of the frame marker: C0 baseline, C1 extended, C2 progressive, C3 lossless, F7 JPEG-LS.
    pub(super) process: u8,
    pub(super) precision: u8,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Identifier and sampling factors of each component.
    pub(super) components: Vec<(u8, u8)>,
    /// Colour transform of an Adobe marker: 0 none, 1 YCbCr.
    pub(super) adobe_transform: Option<u8>,
    pub(super) has_jfif: bool,
    /// JPEG-LS interleave mode of the first scan: 0 means plane by plane.
    pub(super) interleave: u8,
}

impl JpegHead {
    /// Components with fewer samples than the picture has pixels: only colour differences are stored so.
    pub(super) fn is_subsampled(&self) -> bool {
        let first = self.components.first().map(|(_, sampling)| *sampling);
        self.components
            .iter()
            .any(|(_, sampling)| Some(*sampling) != first)
    }
}

/// Reads the markers of a JPEG or JPEG-LS frame up to its first scan and checks them against the clip.
pub(super) fn jpeg(
    codec: &'static str,
    layout: &PixelLayout,
    coded: &[u8],
) -> Result<JpegHead, ClipError> {
    let head = read_jpeg(coded).map_err(|fault| ClipError::decode(codec, fault))?;
    same_picture(
        codec,
        layout,
        head.width,
        head.height,
        head.components.len(),
    )?;
    Ok(head)
}

fn read_jpeg(coded: &[u8]) -> Result<JpegHead, &'static str> {
    let Some([0xFF, 0xD8]) = coded.get(..2) else {
        return Err("no start of image");
    };
    let mut head = JpegHead::default();
    let mut at = 2;
    loop {
        let (marker, segment, next) = segment(coded, at).ok_or("it ends before the first scan")?;
        match marker {
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF | 0xF7 => {
                if head.process != 0 {
                    return Err("two frame headers");
                }
                frame_header(marker, segment, &mut head).ok_or("the frame header is cut off")?;
            }
            0xE0 => head.has_jfif |= segment.starts_with(b"JFIF\0"),
            0xEE if segment.starts_with(b"Adobe") => {
                head.adobe_transform = segment.get(11).copied()
            }
            0xDA => {
                head.interleave = interleave(segment).ok_or("the scan header is cut off")?;
                return check_scans(coded, next).map(|()| head);
            }
            0xD9 => return Err("it ends before the first scan"),
            _ => {}
        }
        at = next;
    }
}

/// Marker, content and end of the segment at `at`; fill bytes before the marker are skipped.
fn segment(coded: &[u8], at: usize) -> Option<(u8, &[u8], usize)> {
    let rest = coded.get(at..)?;
    let fill = rest.iter().take_while(|byte| **byte == 0xFF).count();
    let marker = *rest.get(fill)?;
    let start = at + fill + 1;
    if fill == 0 {
        return None;
    }
    if matches!(marker, 0x01 | 0xD0..=0xD9) {
        return Some((marker, &[], start));
    }
    let len = usize::from(u16::from_be_bytes(
        coded.get(start..start + 2)?.try_into().ok()?,
    ));
    Some((
        marker,
        coded.get(start + 2..start + len.max(2))?,
        start + len.max(2),
    ))
}

fn frame_header(marker: u8, segment: &[u8], head: &mut JpegHead) -> Option<()> {
    let &[precision, h1, h0, w1, w0, count, ref components @ ..] = segment else {
        return None;
    };
    head.process = marker;
    head.precision = precision;
    head.height = u32::from(u16::from_be_bytes([h1, h0]));
    head.width = u32::from(u16::from_be_bytes([w1, w0]));
    let components = components.get(..usize::from(count) * 3)?;
    head.components = components
        .as_chunks::<3>()
        .0
        .iter()
        .map(|[id, sampling, _]| (*id, *sampling))
        .collect();
    Some(())
}

/// The interleave mode stands behind the component list and NEAR; in plain JPEG the byte means something else.
fn interleave(segment: &[u8]) -> Option<u8> {
    let components = usize::from(*segment.first()?);
    segment.get(components * 2 + 2).copied()
}

/// A progressive frame may come in many scans, each of which costs the decoder a pass over the picture.
fn check_scans(coded: &[u8], from: usize) -> Result<(), &'static str> {
    let rest = coded.get(from..).unwrap_or_default();
    let scans = rest.windows(2).filter(|pair| pair == &[0xFF, 0xDA]).count();
    if scans >= MAX_JPEG_SCANS as usize {
        Err("more scans than any real picture has")
    } else {
        Ok(())
    }
}

/// What a JPEG 2000 code stream says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct J2kHead {
    /// Largest precision of a component.
    pub(super) precision: u8,
    /// The code stream undoes a colour transform by itself.
    pub(super) has_colour_transform: bool,
}

/// Reads SIZ and COD of a JPEG 2000 code stream and checks them against the clip.
pub(super) fn j2k(
    codec: &'static str,
    layout: &PixelLayout,
    coded: &[u8],
) -> Result<J2kHead, ClipError> {
    let fail = |fault: &str| ClipError::decode(codec, fault);
    let (size, next) = match segment(coded, 2) {
        Some((0x51, size, next)) if coded.starts_with(&[0xFF, 0x4F]) => (size, next),
        _ => return Err(fail("no start of code stream")),
    };
    let siz = Siz::read(size).ok_or_else(|| fail("the size marker is cut off"))?;
    let (width, height) = siz
        .picture()
        .ok_or_else(|| fail("the picture has no area"))?;
    same_picture(codec, layout, width, height, siz.components.len())?;
    if siz.tiles().is_none_or(|tiles| tiles > MAX_J2K_TILES) {
        return Err(fail("more tiles than any real picture has"));
    }
    if siz
        .components
        .iter()
        .any(|[_, dx, dy]| (*dx, *dy) != (1, 1))
    {
        return Err(fail("subsampled components"));
    }
    let precision = siz
        .components
        .iter()
        .map(|[depth, ..]| (depth & 0x7F) + 1)
        .max()
        .unwrap_or(0);
    if precision > 16 {
        return Err(fail("more than 16 bits a sample"));
    }
    let has_colour_transform = has_colour_transform(coded, next).map_err(fail)?;
    Ok(J2kHead {
        precision,
        has_colour_transform,
    })
}

/// The SIZ marker (ISO 15444-1 section A.5.1).
struct Siz {
    /// Reference grid, its offset, tile size and tile offset, each x then y.
    grid: [u32; 8],
    /// Depth byte and sampling of each component.
    components: Vec<[u8; 3]>,
}

impl Siz {
    fn read(segment: &[u8]) -> Option<Self> {
        let words = segment.get(2..34)?.as_chunks::<4>().0;
        let grid: [[u8; 4]; 8] = words.try_into().ok()?;
        let count = usize::from(u16::from_be_bytes(segment.get(34..36)?.try_into().ok()?));
        let components = segment.get(36..36 + count * 3)?.as_chunks::<3>().0.to_vec();
        Some(Self {
            grid: grid.map(u32::from_be_bytes),
            components,
        })
    }

    fn picture(&self) -> Option<(u32, u32)> {
        let [x, y, x0, y0, ..] = self.grid;
        Some((x.checked_sub(x0)?, y.checked_sub(y0)?))
    }

    fn tiles(&self) -> Option<u64> {
        let [x, y, _, _, tile_x, tile_y, tile_x0, tile_y0] = self.grid;
        let across = x
            .checked_sub(tile_x0)?
            .checked_add(tile_x.checked_sub(1)?)?
            .checked_div(tile_x)?;
        let down = y
            .checked_sub(tile_y0)?
            .checked_add(tile_y.checked_sub(1)?)?
            .checked_div(tile_y)?;
        Some(u64::from(across) * u64::from(down))
    }
}

/// The multiple component transform flag of COD (section A.6.1); the main header must reach a tile.
fn has_colour_transform(coded: &[u8], mut at: usize) -> Result<bool, &'static str> {
    let mut transform = None;
    loop {
        let (marker, content, next) = segment(coded, at).ok_or("it ends in the main header")?;
        match marker {
            0x52 => transform = content.get(4).map(|flag| *flag & 1 == 1),
            0x90 => return transform.ok_or("the coding style is missing"),
            _ => {}
        }
        at = next;
    }
}

fn same_picture(
    codec: &'static str,
    layout: &PixelLayout,
    width: u32,
    height: u32,
    components: usize,
) -> Result<(), ClipError> {
    if (width, height) != (layout.columns, layout.rows) {
        let fault = format!(
            "the coded picture is {width} x {height}, the header says {} x {}",
            layout.columns, layout.rows
        );
        return Err(ClipError::decode(codec, fault));
    }
    if components != usize::from(layout.samples_per_pixel) {
        let fault = format!(
            "the coded picture has {components} components, the header says {}",
            layout.samples_per_pixel
        );
        return Err(ClipError::decode(codec, fault));
    }
    Ok(())
}
