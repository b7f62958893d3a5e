//! The header of a JPEG or JPEG-LS frame, read before a foreign decoder sees it.
//!
//! Owns what keeps those decoders within bounds (size, components, scans) and what tells colour: component
//! names, sampling, JFIF and Adobe markers (ISO 10918-1 Annex B, ISO 14495-1 Annex C). It decodes nothing.

use super::codestream::{same_picture, segment};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::limits::MAX_JPEG_SCANS;
use crate::picture::Photometric;

/// What a JPEG or JPEG-LS frame says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct JpegHead {
    /// The low byte of the frame marker: C0 baseline, C1 extended, C2 progressive, C3 lossless, F7 JPEG-LS.
    pub(crate) process: u8,
    pub(crate) precision: u8,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Identifier and sampling factors of each component.
    pub(crate) components: Vec<(u8, u8)>,
    /// Colour transform of an Adobe marker: 0 none, 1 YCbCr.
    pub(super) adobe_transform: Option<u8>,
    pub(super) has_jfif: bool,
    /// An Exif block or a colour profile, which turn or colour the picture in some programs and not in others.
    pub(super) has_exif_or_profile: bool,
    /// JPEG-LS interleave mode of the first scan: 0 means plane by plane.
    pub(super) interleave: u8,
}

impl JpegHead {
    /// Reads the markers up to the first scan, without a clip to compare them with.
    pub(crate) fn parse(coded: &[u8]) -> Result<Self, &'static str> {
        parse(coded)
    }

    /// Whether three components are Y, Cb, Cr. `photometric` decides where the markers are silent.
    pub(crate) fn is_ybr(&self, photometric: Photometric) -> bool {
        let names_rgb = self.components.iter().map(|(id, _)| *id).eq(*b"RGB");
        match self.adobe_transform {
            Some(0) => false,
            Some(_) => true,
            None if names_rgb => false,
            None if self.is_subsampled() || self.has_jfif => true,
            None => photometric != Photometric::Rgb,
        }
    }

    /// Whether a browser, which knows no DICOM, shows the frame in the colours that it has by `is_ybr`. Browsers decode
    /// with libjpeg's rules: JFIF means YCbCr, then an Adobe marker decides, then the names R, G, B; else YCbCr.
    pub(crate) fn browsers_agree(&self, photometric: Photometric) -> bool {
        let plain = self.process == 0xC0 && self.precision == 8 && !self.has_exif_or_profile;
        let names_rgb = self.components.iter().map(|(id, _)| *id).eq(*b"RGB");
        let taken_for_ybr = match self.adobe_transform {
            _ if self.has_jfif => true,
            Some(transform) => transform != 0,
            None => !names_rgb,
        };
        let same_colour = match self.components.len() {
            1 => true,
            3 => taken_for_ybr == self.is_ybr(photometric),
            _ => false,
        };
        plain && same_colour
    }

    /// Components with fewer samples than the picture has pixels: only colour differences are stored so.
    pub(crate) fn is_subsampled(&self) -> bool {
        let first = self.components.first().map(|(_, sampling)| *sampling);
        self.components
            .iter()
            .any(|(_, sampling)| Some(*sampling) != first)
    }
}

/// Reads the markers of a JPEG or JPEG-LS frame up to its first scan and checks them against the clip.
pub(super) fn read(
    codec: &'static str,
    layout: &PixelLayout,
    coded: &[u8],
) -> Result<JpegHead, ClipError> {
    let head = parse(coded).map_err(|fault| ClipError::decode(codec, fault))?;
    same_picture(
        codec,
        layout,
        head.width,
        head.height,
        head.components.len(),
    )?;
    Ok(head)
}

fn parse(coded: &[u8]) -> Result<JpegHead, &'static str> {
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
            0xE1 => head.has_exif_or_profile |= segment.starts_with(b"Exif"),
            0xE2 => head.has_exif_or_profile |= segment.starts_with(b"ICC_PROFILE"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn head(change: impl FnOnce(&mut JpegHead)) -> JpegHead {
        let mut head = JpegHead {
            process: 0xC0,
            precision: 8,
            width: 8,
            height: 8,
            components: vec![(1, 0x21), (2, 0x11), (3, 0x11)],
            ..JpegHead::default()
        };
        change(&mut head);
        head
    }

    #[test]
    fn a_frame_goes_to_a_browser_as_it_is_only_where_both_see_the_same_colours() {
        let full = |head: &mut JpegHead| head.components[0].1 = 0x11;
        let (ybr, rgb) = (Photometric::YbrFull422, Photometric::Rgb);
        assert!(head(|_| ()).browsers_agree(ybr));
        assert!(
            head(|it| it.components = vec![(1, 0x11)]).browsers_agree(Photometric::Monochrome2)
        );
        assert!(
            head(|it| it.has_jfif = true).browsers_agree(rgb),
            "JFIF says YCbCr to both"
        );
        // DICOM alone knows that these are red, green and blue.
        assert!(!head(full).browsers_agree(rgb));
        assert!(
            head(|it| {
                full(it);
                it.adobe_transform = Some(0);
            })
            .browsers_agree(rgb)
        );
        assert!(
            !head(|it| {
                full(it);
                it.has_jfif = true;
                it.adobe_transform = Some(0);
            })
            .browsers_agree(rgb)
        );
        for change in [
            (|it| it.process = 0xC1) as fn(&mut JpegHead),
            |it| it.process = 0xC2,
            |it| it.precision = 12,
            |it| it.has_exif_or_profile = true,
            |it| it.components.push((4, 0x11)),
        ] {
            assert!(!head(change).browsers_agree(ybr));
        }
    }
}
