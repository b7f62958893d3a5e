//! Raw samples of one frame, as a codec leaves them.
//!
//! Owns their arrangement only: eight or sixteen bits, pixel by pixel or plane by plane, and whether colour is
//! still luminance and colour differences. Made by the codecs, consumed when the picture is finished.

/// Sample values, not yet cut to the stored bits.
#[derive(Debug)]
pub(crate) enum Samples {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
}

impl Samples {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Eight(samples) => samples.len(),
            Self::Sixteen(samples) => samples.len(),
        }
    }
}

/// What a codec made of one frame.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) samples: Samples,
    /// Plane by plane; otherwise pixel by pixel. Means nothing with one sample a pixel.
    pub(crate) planar: bool,
    /// Three samples are Y, Cb, Cr at full resolution; otherwise R, G, B.
    pub(crate) ybr: bool,
}
