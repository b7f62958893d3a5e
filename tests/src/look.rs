//! A rough look at a picture: the mean colour of 16 by 12 cells. Enough to tell one picture from another, a right colour
//! from a wrong one and movement from stillness, and blind to what coding does to single pixels.
//!
//! Owns the comparison and the same look at a decoded DICOM frame. The page's own look comes from `browser/witness.js`.

use echo_dicom::{Picture, PixelForm};
use serde::Deserialize;

const CELLS_X: usize = 16;
const CELLS_Y: usize = 12;

/// Mean red, green and blue of each cell, row by row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Look(Vec<[u8; 3]>);

impl Look {
    /// The look of a decoded picture.
    #[must_use]
    pub fn of(picture: &Picture) -> Self {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let edge = |n: usize, cells: usize, size: usize| n * size / cells;
        let mut cells = Vec::with_capacity(CELLS_X * CELLS_Y);
        for cell in 0..CELLS_X * CELLS_Y {
            let (cx, cy) = (cell % CELLS_X, cell / CELLS_X);
            let (mut sum, mut pixels) = ([0_usize; 3], 0);
            for y in edge(cy, CELLS_Y, height)..edge(cy + 1, CELLS_Y, height) {
                for x in edge(cx, CELLS_X, width)..edge(cx + 1, CELLS_X, width) {
                    let colour = colour_at(picture, y * width + x);
                    for (total, one) in sum.iter_mut().zip(colour) {
                        *total += usize::from(one);
                    }
                    pixels += 1;
                }
            }
            cells.push(sum.map(|total| u8::try_from(total / pixels.max(1)).unwrap_or(u8::MAX)));
        }
        Self(cells)
    }

    /// Mean difference over all cells and colours, 0..=255.
    #[must_use]
    pub fn distance(&self, other: &Self) -> f64 {
        let cells = self.0.iter().flatten().zip(other.0.iter().flatten());
        let (sum, count) = cells.fold((0_u32, 0_u32), |(sum, n), (a, b)| {
            (sum + u32::from(a.abs_diff(*b)), n + 1)
        });
        f64::from(sum) / f64::from(count.max(1))
    }

    /// The largest difference of any cell and colour.
    #[must_use]
    pub fn worst(&self, other: &Self) -> u8 {
        self.0
            .iter()
            .flatten()
            .zip(other.0.iter().flatten())
            .map(|(a, b)| a.abs_diff(*b))
            .max()
            .unwrap_or(0)
    }

    /// Whether there is anything but one flat colour.
    #[must_use]
    pub fn shows_something(&self) -> bool {
        self.0.iter().any(|cell| Some(cell) != self.0.first())
    }
}

fn colour_at(picture: &Picture, pixel: usize) -> [u8; 3] {
    let at = |n: usize| picture.rows.get(n).copied().unwrap_or(0);
    match picture.form {
        PixelForm::Gray8 => [at(pixel); 3],
        PixelForm::Rgb8 => [at(pixel * 3), at(pixel * 3 + 1), at(pixel * 3 + 2)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_tells_colours_and_places_apart() {
        let picture = |form, rows| Picture {
            width: 32,
            height: 24,
            form,
            rows,
        };
        let grey = Look::of(&picture(PixelForm::Gray8, vec![100; 32 * 24]));
        let red = Look::of(&picture(PixelForm::Rgb8, [100, 0, 0].repeat(32 * 24)));
        assert!(grey.distance(&red) > 60.0 && !grey.shows_something());
        let mut rows = vec![100; 32 * 24];
        rows[..32 * 12].fill(180);
        let half = Look::of(&picture(PixelForm::Gray8, rows));
        assert!(half.shows_something() && half.worst(&grey) == 80 && half.distance(&half) == 0.0);
    }
}
