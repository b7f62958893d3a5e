//! Lossless JPEG frames (ISO 10918-1 process 14, any selection value), row by row.
//!
//! Owns the prediction (section H.1) and the order of the scans. Written here because the crates decode a picture whole and take twenty
//! times its size for it (decision 0048); it needs two rows of each component. A picture whose components come in a scan each is held.
//! Nothing is made up: data that ends early, or a code that no table has, is an error.

mod bits;
mod tables;

use super::codestream::segment;
use super::jpeg_head;
use super::painter::Painter;
use super::samples::{Decoded, Samples};
use crate::error::ClipError;
use crate::header::PixelLayout;
use crate::picture::Photometric;
use bits::Bits;
use tables::{Huffman, Tables};

const CODEC: &str = "JPEG lossless";

pub(super) fn decode(
    layout: &PixelLayout,
    coded: &[u8],
    painter: &mut Painter<'_>,
) -> Result<(), ClipError> {
    let head = jpeg_head::read(CODEC, layout, coded)?;
    if head.process != 0xC3 {
        return fault("the frame is coded by another JPEG process");
    }
    let ybr = match layout.photometric {
        Photometric::Rgb => false,
        Photometric::YbrFull | Photometric::YbrFull422 => true,
        _ if layout.samples_per_pixel == 1 => false,
        _ => return fault("a JPEG 2000 colour transform in a JPEG clip"),
    };
    if !(2..=16).contains(&head.precision) {
        return fault("the frame has an impossible depth");
    }
    if head.is_subsampled() {
        return fault("its components have different sizes");
    }
    painter.set_ybr(ybr);
    let ids: Vec<u8> = head.components.iter().map(|(id, _)| *id).collect();
    let mut frame = Frame {
        coded,
        at: 2,
        precision: head.precision,
        columns: layout.columns as usize,
        rows: layout.rows as usize,
        tables: Tables::default(),
    };
    let mut row = Vec::new();
    let Some(scan) = frame.next_scan(&ids)? else {
        return fault("it ends before the first scan");
    };
    if scan.components.len() == ids.len() {
        let interleaved = head
            .components
            .iter()
            .all(|(_, sampling)| *sampling == 0x11);
        if ids.len() > 1 && !interleaved {
            return fault("its samples do not come pixel by pixel");
        }
        return frame.scan(&scan, |samples| {
            frame_row(&mut row, head.precision, samples, painter)
        });
    }
    apart(&mut frame, scan, &ids).and_then(|samples| {
        let decoded = Decoded {
            samples,
            planar: true,
            ybr,
        };
        painter.all(&decoded)
    })
}

fn frame_row(
    eight: &mut Vec<u8>,
    precision: u8,
    samples: &[u16],
    painter: &mut Painter<'_>,
) -> Result<(), ClipError> {
    if precision > 8 {
        return painter.sixteen(samples);
    }
    eight.clear();
    eight.extend(samples.iter().map(|sample| *sample as u8));
    painter.eight(eight)
}

/// Components that come one after the other, each in a scan of its own and in the order of the frame header.
fn apart(frame: &mut Frame<'_>, first: Scan, ids: &[u8]) -> Result<Samples, ClipError> {
    let (mut eight, mut sixteen) = (Vec::new(), Vec::new());
    let is_deep = frame.precision > 8;
    let mut scan = Some(first);
    for number in 0..ids.len() {
        let this = match scan.take() {
            Some(scan) => Some(scan),
            None => frame.next_scan(ids)?,
        };
        match this {
            Some(this) if matches!(this.components.as_slice(), [one] if one.number == number) => {
                frame.scan(&this, |samples| {
                    if is_deep {
                        sixteen.extend_from_slice(samples);
                    } else {
                        eight.extend(samples.iter().map(|sample| *sample as u8));
                    }
                    Ok(())
                })?;
            }
            Some(_) => return fault("its scans are in an order that no writer uses"),
            None => return fault("it ends before its last component"),
        }
    }
    Ok(if is_deep {
        Samples::Sixteen(sixteen)
    } else {
        Samples::Eight(eight)
    })
}

/// The code stream and how far it was read.
struct Frame<'a> {
    coded: &'a [u8],
    at: usize,
    precision: u8,
    columns: usize,
    rows: usize,
    tables: Tables,
}

/// A scan header (section B.2.3).
struct Scan {
    components: Vec<ScanComponent>,
    selection: u8,
    /// Bits that were cut from each sample.
    point_transform: u8,
}

struct ScanComponent {
    /// In the frame header, from 0.
    number: usize,
    table: Huffman,
}

impl Frame<'_> {
    /// Reads markers up to the next scan; nothing when there is none.
    fn next_scan(&mut self, ids: &[u8]) -> Result<Option<Scan>, ClipError> {
        while let Some((marker, content, next)) = segment(self.coded, self.at) {
            self.at = next;
            match marker {
                0xC4 => self.tables.define(content)?,
                0xDD => self.tables.set_restart(content)?,
                0xDA => return self.scan_header(content, ids).map(Some),
                0xD9 => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
    }

    fn scan_header(&self, content: &[u8], ids: &[u8]) -> Result<Scan, ClipError> {
        const CUT: &str = "the scan header is cut off";
        let (&count, rest) = content.split_first().ok_or_else(|| error(CUT))?;
        let (named, rest) = rest
            .split_at_checked(usize::from(count) * 2)
            .ok_or_else(|| error(CUT))?;
        let &[selection, _, approximation, ..] = rest else {
            return fault(CUT);
        };
        let components = named.as_chunks::<2>().0.iter().map(|[id, tables]| {
            let number = ids.iter().position(|known| known == id);
            let table = self.tables.get(tables >> 4);
            match (number, table) {
                (Some(number), Some(table)) => Ok(ScanComponent { number, table }),
                (None, _) => fault("a scan of a component that the frame does not have"),
                (_, None) => fault("a scan without its table of codes"),
            }
        });
        let scan = Scan {
            components: components.collect::<Result<_, _>>()?,
            selection,
            point_transform: approximation & 15,
        };
        let in_order = scan.components.is_sorted_by(|a, b| a.number < b.number);
        if scan.components.is_empty() || !in_order {
            return fault("its components are in an order that no writer uses");
        }
        if !(1..=7).contains(&selection) || scan.point_transform >= self.precision {
            return fault("a scan header that is none of lossless JPEG");
        }
        Ok(scan)
    }

    /// Decodes one scan and gives its rows, pixel by pixel.
    fn scan(
        &mut self,
        scan: &Scan,
        mut give: impl FnMut(&[u16]) -> Result<(), ClipError>,
    ) -> Result<(), ClipError> {
        let count = scan.components.len();
        let length = self.columns * count;
        let rows_together = match self.tables.restart_interval() {
            0 => self.rows,
            // Section H.1.1: restarts come at the beginning of a row.
            units if units.is_multiple_of(self.columns) => units / self.columns,
            _ => return fault("its restarts do not come at the beginning of a row"),
        };
        let middle = 1 << (self.precision - scan.point_transform - 1);
        let mut bits = Bits::of(self.coded.get(self.at..).unwrap_or_default());
        let (mut above, mut row) = (vec![0_u16; length], vec![0_u16; length]);
        let mut shown = Vec::new();
        for at in 0..self.rows {
            let begins = at % rows_together == 0;
            if begins && at > 0 {
                let number = at / rows_together - 1;
                bits.restart((number % 8) as u8)?;
            }
            // The first row of a scan, and the first one behind a restart, has nothing above it.
            let (selection, first) = match begins {
                true => (1, Some(middle)),
                false => (scan.selection, None),
            };
            match scan.components.as_slice() {
                [a] => predict([&a.table], (selection, first), &mut bits, &above, &mut row)?,
                [a, b, c] => {
                    let tables = [&a.table, &b.table, &c.table];
                    predict(tables, (selection, first), &mut bits, &above, &mut row)?;
                }
                _ => return fault("its components come in pairs"),
            }
            if scan.point_transform == 0 {
                give(&row)?;
            } else {
                shown.clear();
                shown.extend(row.iter().map(|sample| sample << scan.point_transform));
                give(&shown)?;
            }
            std::mem::swap(&mut above, &mut row);
        }
        self.at += bits.end();
        Ok(())
    }
}

/// Decodes one row of pixels of `N` samples (section H.1.2). `first` stands for what is above the first pixel.
fn predict<const N: usize>(
    tables: [&Huffman; N],
    (selection, first): (u8, Option<i32>),
    bits: &mut Bits<'_>,
    above: &[u16],
    row: &mut [u16],
) -> Result<(), ClipError> {
    let mut left = [0; N];
    let mut above_left = [0; N];
    let pixels = above.as_chunks::<N>().0.iter();
    for (at, (above, pixel)) in pixels.zip(row.as_chunks_mut::<N>().0).enumerate() {
        let places = left.iter_mut().zip(&mut above_left).zip(tables);
        for (((left, above_left), table), (above, sample)) in
            places.zip(above.iter().zip(pixel.iter_mut()))
        {
            let (ra, rb, rc) = (*left, i32::from(*above), *above_left);
            let prediction = match selection {
                _ if at == 0 => first.unwrap_or(rb),
                1 => ra,
                2 => rb,
                3 => rc,
                4 => ra + rb - rc,
                5 => ra + ((rb - rc) >> 1),
                6 => rb + ((ra - rc) >> 1),
                _ => (ra + rb) >> 1,
            };
            // Modulo 65,536.
            *sample = (prediction + bits.difference(table)?) as u16;
            (*left, *above_left) = (i32::from(*sample), rb);
        }
    }
    Ok(())
}

fn error(what: &str) -> ClipError {
    ClipError::decode(CODEC, what)
}

fn fault<T>(what: &str) -> Result<T, ClipError> {
    Err(error(what))
}

#[cfg(test)]
mod tests;
