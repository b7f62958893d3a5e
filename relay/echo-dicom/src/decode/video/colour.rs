//! Y, Cb, Cr of a video to red, green and blue (PS3.3 section C.7.6.3.1.2, ITU-T H.264 annex E).
//!
//! Owns the numbers. DICOM's YBR_PARTIAL_420 is BT.601 in limited range; a stream that says otherwise itself is believed. Each pixel has the
//! colour that was coded for its square of four, as it is stored: none is made up between two.

/// Luma's weights of red and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matrix {
    Bt601,
    Bt709,
}

impl Matrix {
    /// From a number of table E-5.
    pub(super) fn of(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Bt709),
            // Not said; System B and G; System M.
            2 | 5 | 6 => Some(Self::Bt601),
            _ => None,
        }
    }

    const fn weights(self) -> (f64, f64) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
        }
    }
}

/// How samples are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour {
    pub(super) matrix: Matrix,
    /// Black is 0 and white 255, not 16 and 235.
    pub(super) full_range: bool,
}

/// The three planes of a picture, each with the bytes from one row to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planes<'a> {
    pub(super) y: (&'a [u8], usize),
    pub(super) cb: (&'a [u8], usize),
    pub(super) cr: (&'a [u8], usize),
}

/// Factors in 16.16 fixed point.
#[derive(Debug, Clone, Copy)]
struct Factors {
    black: i32,
    luma: i32,
    red_from_cr: i32,
    green_from_cb: i32,
    green_from_cr: i32,
    blue_from_cb: i32,
}

const ONE: f64 = 65_536.0;
const HALF: i32 = 1 << 15;

impl Factors {
    fn of(colour: Colour) -> Self {
        let (red, blue) = colour.matrix.weights();
        let green = 1.0 - red - blue;
        let (black, luma, chroma) = if colour.full_range {
            (0, 1.0, 1.0)
        } else {
            (16, 255.0 / 219.0, 255.0 / 224.0)
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "all are below three times 65,536"
        )]
        let fixed = |factor: f64| (factor * ONE).round() as i32;
        let (from_cr, from_cb) = (2.0 * (1.0 - red) * chroma, 2.0 * (1.0 - blue) * chroma);
        Self {
            black,
            luma: fixed(luma),
            red_from_cr: fixed(from_cr),
            green_from_cb: fixed(from_cb * blue / green),
            green_from_cr: fixed(from_cr * red / green),
            blue_from_cb: fixed(from_cb),
        }
    }

    /// What a colour adds to each luma.
    fn shifts(self, cb: u8, cr: u8) -> [i32; 3] {
        let (cb, cr) = (i32::from(cb) - 128, i32::from(cr) - 128);
        [
            self.red_from_cr * cr,
            -self.green_from_cb * cb - self.green_from_cr * cr,
            self.blue_from_cb * cb,
        ]
    }

    fn pixel(self, y: u8, shifts: [i32; 3]) -> [u8; 3] {
        let luma = (i32::from(y) - self.black) * self.luma + HALF;
        shifts.map(|shift| ((luma + shift) >> 16).clamp(0, 255) as u8)
    }
}

/// Rows of red, green, blue; nothing when a plane is too short.
pub(super) fn rows(
    planes: Planes<'_>,
    (columns, rows): (usize, usize),
    colour: Colour,
) -> Option<Vec<u8>> {
    let factors = Factors::of(colour);
    let mut out = Vec::with_capacity(columns * rows * 3);
    for row in 0..rows {
        let y = row_of(planes.y, row, columns)?;
        let cb = row_of(planes.cb, row / 2, columns.div_ceil(2))?;
        let cr = row_of(planes.cr, row / 2, columns.div_ceil(2))?;
        for (pair, (cb, cr)) in y.chunks(2).zip(cb.iter().zip(cr)) {
            let shifts = factors.shifts(*cb, *cr);
            for y in pair {
                out.extend_from_slice(&factors.pixel(*y, shifts));
            }
        }
    }
    Some(out)
}

fn row_of((plane, stride): (&[u8], usize), row: usize, width: usize) -> Option<&[u8]> {
    plane.get(row * stride..)?.get(..width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_each_range_are_black_white_and_pure_colours() {
        let show = |matrix, full_range, y: u8, cb: u8, cr: u8| {
            let plane = [y; 6];
            let (cb, cr) = ([cb; 4], [cr; 4]);
            let planes = Planes {
                y: (&plane, 3),
                cb: (&cb, 2),
                cr: (&cr, 2),
            };
            let colour = Colour { matrix, full_range };
            let rows = rows(planes, (3, 2), colour).unwrap();
            assert_eq!(rows.len(), 18);
            [rows[15], rows[16], rows[17]]
        };
        let near = |is: [u8; 3], wanted: [u8; 3]| {
            let far = is.iter().zip(wanted).any(|(a, b)| a.abs_diff(b) > 1);
            assert!(!far, "{is:?}, not {wanted:?}");
        };
        for matrix in [Matrix::Bt601, Matrix::Bt709] {
            near(show(matrix, false, 16, 128, 128), [0; 3]);
            near(show(matrix, false, 235, 128, 128), [255; 3]);
            near(show(matrix, true, 0, 128, 128), [0; 3]);
            near(show(matrix, true, 255, 128, 128), [255; 3]);
        }
        // Pure red (ITU-R BT.601 and BT.709, tables of colour bars).
        near(show(Matrix::Bt601, false, 81, 90, 240), [254, 0, 0]);
        near(show(Matrix::Bt709, false, 63, 102, 240), [255, 1, 0]);
        near(show(Matrix::Bt601, true, 76, 85, 255), [254, 0, 0]);
    }

    #[test]
    fn planes_that_are_too_short_give_nothing() {
        let planes = Planes {
            y: (&[0; 6], 3),
            cb: (&[0; 4], 2),
            cr: (&[0; 1], 2),
        };
        let colour = Colour {
            matrix: Matrix::Bt601,
            full_range: false,
        };
        assert_eq!(rows(planes, (3, 2), colour), None);
    }
}
