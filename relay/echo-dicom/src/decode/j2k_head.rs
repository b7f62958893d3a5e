//! The main header of a JPEG 2000 code stream, read before OpenJPEG sees it.
//!
//! Owns what keeps OpenJPEG within bounds: size, components, depth, tiles, and the number of precincts, code
//! blocks and packets that the coding style asks for (ISO 15444-1 Annex A). OpenJPEG leaves tiles that are
//! missing black and calls that a success, so their presence is checked here too. It decodes nothing.

use super::codestream::{same_picture, segment};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::limits::{MAX_J2K_BLOCKS, MAX_J2K_PACKETS, MAX_J2K_TILES};

/// What a JPEG 2000 code stream says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct J2kHead {
    /// Largest precision of a component.
    pub(super) precision: u8,
    /// The code stream undoes a colour transform by itself.
    pub(super) has_colour_transform: bool,
}

/// Reads SIZ and COD of a JPEG 2000 code stream and checks them against the clip.
pub(super) fn read(
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
    let tiles = siz.tiles().filter(|tiles| *tiles <= MAX_J2K_TILES);
    let tiles = tiles.ok_or_else(|| fail("more tiles than any real picture has"))?;
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
    let (style, first_tile_at) = Cod::find(coded, next).map_err(fail)?;
    let samples = layout.pixels() as u64 * u64::from(layout.samples_per_pixel);
    style.check(samples).map_err(fail)?;
    all_tiles_present(coded, first_tile_at, tiles).map_err(fail)?;
    Ok(J2kHead {
        precision,
        has_colour_transform: style.has_colour_transform,
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

/// The COD marker (section A.6.1).
struct Cod {
    has_colour_transform: bool,
    layers: u64,
    resolutions: u64,
    /// Area of a code block, in samples.
    block_area: u64,
    /// Area of the smallest precinct, in samples; `None` where they have the greatest size.
    precinct_area: Option<u64>,
}

impl Cod {
    /// Finds COD in the main header, and where the first tile-part begins.
    fn find(coded: &[u8], mut at: usize) -> Result<(Self, usize), &'static str> {
        let mut style = None;
        loop {
            let (marker, content, next) = segment(coded, at).ok_or("it ends in the main header")?;
            match marker {
                0x52 => style = Some(Self::read(content).ok_or("the coding style is cut off")?),
                0x90 => {
                    return style
                        .map(|style| (style, at))
                        .ok_or("the coding style is missing");
                }
                _ => {}
            }
            at = next;
        }
    }

    fn read(content: &[u8]) -> Option<Self> {
        let &[
            style,
            _order,
            l1,
            l0,
            transform,
            levels,
            width,
            height,
            _,
            _,
            ref sizes @ ..,
        ] = content
        else {
            return None;
        };
        let resolutions = u64::from(levels) + 1;
        // Exponents are stored less two, and their sum may not pass twelve.
        let (width, height) = (u32::from(width) + 2, u32::from(height) + 2);
        if levels > 32 || width > 10 || height > 10 || width + height > 12 {
            return None;
        }
        let sizes = match style & 1 {
            1 => sizes.get(..resolutions as usize)?,
            _ => &[],
        };
        let area = |size: &u8| 1 << (u64::from(size >> 4) + u64::from(size & 15));
        Some(Self {
            has_colour_transform: transform & 1 == 1,
            layers: u64::from(u16::from_be_bytes([l1, l0])),
            resolutions,
            block_area: 1 << (width + height),
            precinct_area: sizes.iter().map(area).min(),
        })
    }

    /// The decoder keeps a record for each code block and precinct and visits each precinct in every layer.
    fn check(&self, samples: u64) -> Result<(), &'static str> {
        let precincts = self.precinct_area.map_or(0, |area| samples / area) + self.resolutions * 3;
        if samples / self.block_area > MAX_J2K_BLOCKS || precincts > MAX_J2K_BLOCKS {
            return Err("more code blocks than any real picture has");
        }
        if precincts.saturating_mul(self.layers) > MAX_J2K_PACKETS {
            return Err("more packets than any real picture has");
        }
        Ok(())
    }
}

/// Walks the tile-parts by their stated lengths (section A.4.2): every tile must have data.
fn all_tiles_present(coded: &[u8], mut at: usize, tiles: u64) -> Result<(), &'static str> {
    /// SOT is twelve bytes, SOD two: a tile-part of this size holds nothing.
    const EMPTY_TILE_PART: usize = 14;
    let mut seen = vec![false; tiles as usize];
    let padding = coded.iter().rev().take_while(|byte| **byte == 0).count();
    let written = coded.get(..coded.len() - padding).unwrap_or_default();
    let open_end = written.strip_suffix(&[0xFF, 0xD9]).map_or(0, <[u8]>::len);
    while let Some((0x90, &[t1, t0, l3, l2, l1, l0, ..], _)) = segment(coded, at) {
        let len = match u32::from_be_bytes([l3, l2, l1, l0]) as usize {
            // The last tile-part may leave its length open; then only the end marker tells that it is whole.
            0 => open_end.saturating_sub(at),
            len => len,
        };
        if len < EMPTY_TILE_PART || len > coded.len() - at {
            return Err("a tile is cut off");
        }
        let tile = usize::from(u16::from_be_bytes([t1, t0]));
        match seen.get_mut(tile) {
            Some(seen) => *seen |= len > EMPTY_TILE_PART,
            None => return Err("a tile lies outside the picture"),
        }
        at += len;
    }
    if seen.contains(&false) {
        Err("tiles are missing")
    } else {
        Ok(())
    }
}
