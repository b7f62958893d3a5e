//! Frames that a small coder of the tests writes as the standard says: owns that each comes back to the bit, and what is refused.

use super::*;
use crate::decode::Finish;
use crate::decode::painter::Painter;
use crate::rows::Whole;

/// What a written frame is made of.
#[derive(Debug, Clone, Copy)]
struct Form {
    columns: usize,
    rows: usize,
    samples: usize,
    precision: u8,
    selection: u8,
    point_transform: u8,
    /// Rows from one restart to the next; 0 without.
    restart_rows: usize,
    /// A scan for each component.
    apart: bool,
}

const PLAIN: Form = Form {
    columns: 9,
    rows: 7,
    samples: 3,
    precision: 8,
    selection: 1,
    point_transform: 0,
    restart_rows: 0,
    apart: false,
};

/// Codes of five bits, one for each size of a difference: all ones stay free.
fn table_segment() -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xC4, 0, 19 + 17, 0];
    bytes.extend([0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(0..=16);
    bytes
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    held: u8,
    count: u8,
}

impl Writer {
    fn bits(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            self.held = self.held << 1 | (value >> at & 1) as u8;
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.held);
                if self.held == 0xFF {
                    self.bytes.push(0);
                }
                (self.held, self.count) = (0, 0);
            }
        }
    }

    fn pad(&mut self) {
        while self.count > 0 {
            self.bits(1, 1);
        }
    }

    fn difference(&mut self, difference: i16) {
        let size = 16 - difference.unsigned_abs().leading_zeros();
        self.bits(size, 5);
        if size < 16 {
            let below = i32::from(difference) - i32::from(difference < 0);
            self.bits(below.cast_unsigned() & ((1 << size) - 1), size);
        }
    }
}

/// Codes a frame as the standard tells a writer to; samples lie pixel by pixel.
fn coded(form: Form, samples: &[u16]) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8];
    bytes.extend(table_segment());
    bytes.extend([0xFF, 0xC3, 0, 8 + 3 * form.samples as u8, form.precision]);
    bytes.extend([
        0,
        form.rows as u8,
        0,
        form.columns as u8,
        form.samples as u8,
    ]);
    for id in 1..=form.samples as u8 {
        bytes.extend([id, 0x11, 0]);
    }
    if form.restart_rows > 0 {
        bytes.extend([
            0xFF,
            0xDD,
            0,
            4,
            0,
            (form.restart_rows * form.columns) as u8,
        ]);
    }
    let all: Vec<usize> = (0..form.samples).collect();
    let scans: Vec<&[usize]> = if form.apart {
        all.chunks(1).collect()
    } else {
        vec![&all]
    };
    for scan in scans {
        bytes.extend([0xFF, 0xDA, 0, 6 + 2 * scan.len() as u8, scan.len() as u8]);
        for component in scan {
            bytes.extend([*component as u8 + 1, 0]);
        }
        bytes.extend([form.selection, 0, form.point_transform]);
        bytes.extend(scan_data(form, samples, scan));
    }
    bytes.extend([0xFF, 0xD9]);
    bytes
}

fn scan_data(form: Form, samples: &[u16], scan: &[usize]) -> Vec<u8> {
    let at = |x: usize, y: usize, component: usize| {
        let sample = samples[(y * form.columns + x) * form.samples + component];
        i32::from(sample >> form.point_transform)
    };
    let mut writer = Writer::default();
    for y in 0..form.rows {
        let begins = y == 0 || (form.restart_rows > 0 && y % form.restart_rows == 0);
        if begins && y > 0 {
            writer.pad();
            let number = (y / form.restart_rows - 1) % 8;
            writer.bytes.extend([0xFF, 0xD0 + number as u8]);
        }
        for x in 0..form.columns {
            for component in scan.iter().copied() {
                let promised = match (begins, x) {
                    (true, 0) => 1 << (form.precision - form.point_transform - 1),
                    (false, 0) => at(0, y - 1, component),
                    (true, _) => at(x - 1, y, component),
                    (false, _) => {
                        let (a, b) = (at(x - 1, y, component), at(x, y - 1, component));
                        let c = at(x - 1, y - 1, component);
                        match form.selection {
                            1 => a,
                            2 => b,
                            3 => c,
                            4 => a + b - c,
                            5 => a + ((b - c) >> 1),
                            6 => b + ((a - c) >> 1),
                            _ => (a + b) >> 1,
                        }
                    }
                };
                writer.difference((at(x, y, component) - promised) as i16);
            }
        }
    }
    writer.pad();
    writer.bytes
}

fn samples(form: Form) -> Vec<u16> {
    let most = (1_u32 << form.precision) - 1;
    let count = form.columns * form.rows * form.samples;
    (0..count as u32)
        .map(|at| {
            // Smooth, with leaps from end to end.
            let sample = if at % 11 == 0 {
                most * (at & 1)
            } else {
                (at * 37) & most
            };
            (sample >> form.point_transform << form.point_transform) as u16
        })
        .collect()
}

fn layout(form: Form) -> PixelLayout {
    PixelLayout {
        rows: form.rows as u32,
        columns: form.columns as u32,
        photometric: if form.samples == 3 {
            Photometric::Rgb
        } else {
            Photometric::Monochrome2
        },
        samples_per_pixel: form.samples as u16,
        bits_allocated: if form.precision > 8 { 16 } else { 8 },
        bits_stored: form.precision.into(),
        high_bit: u16::from(form.precision) - 1,
        signed: false,
        planar: false,
    }
}

/// The rows of colour that are shown.
fn shown(form: Form, bytes: &[u8]) -> Result<Vec<u8>, ClipError> {
    let (layout, mut whole) = (layout(form), Whole::default());
    let mut painter = Painter::new(&layout, &Finish::Colour, &mut whole);
    decode(&layout, bytes, &mut painter)?;
    painter.end()?;
    Ok(whole.picture().unwrap().rows)
}

fn to_eight(form: Form, samples: &[u16]) -> Vec<u8> {
    let down = form.precision - 8;
    samples.iter().map(|it| (it >> down) as u8).collect()
}

#[test]
fn every_selection_depth_and_order_comes_back_to_the_bit() {
    for selection in 1..=7 {
        for form in [
            PLAIN,
            Form {
                precision: 12,
                ..PLAIN
            },
            Form {
                precision: 16,
                ..PLAIN
            },
            Form {
                point_transform: 2,
                ..PLAIN
            },
            Form {
                restart_rows: 1,
                ..PLAIN
            },
            Form {
                restart_rows: 3,
                precision: 16,
                ..PLAIN
            },
            Form {
                apart: true,
                ..PLAIN
            },
            Form {
                apart: true,
                precision: 12,
                restart_rows: 2,
                ..PLAIN
            },
            Form {
                columns: 1,
                rows: 40,
                ..PLAIN
            },
        ] {
            let form = Form { selection, ..form };
            let samples = samples(form);
            let rows = shown(form, &coded(form, &samples));
            assert_eq!(rows.unwrap(), to_eight(form, &samples), "{form:?}");
        }
    }
}

#[test]
fn what_is_cut_off_or_no_frame_of_this_kind_is_refused() {
    let good = coded(PLAIN, &samples(PLAIN));
    for length in 0..good.len() - 2 {
        assert!(shown(PLAIN, &good[..length]).is_err(), "{length} bytes");
    }
    for (form, is) in [
        (PLAIN, "its restarts do not come at the beginning of a row"),
        (
            Form {
                restart_rows: 2,
                ..PLAIN
            },
            "a restart marker is missing",
        ),
    ] {
        let mut bytes = coded(form, &samples(form));
        if form.restart_rows == 0 {
            let at = bytes.windows(2).position(|it| it == [0xFF, 0xDA]).unwrap();
            bytes.splice(at..at, [0xFF, 0xDD, 0, 4, 0, 5]);
        } else {
            let at = bytes.windows(2).position(|it| it == [0xFF, 0xD1]).unwrap();
            bytes[at + 1] = 0xD4;
        }
        let error = shown(form, &bytes).unwrap_err().to_string();
        assert!(error.contains(is), "{error}");
    }
}
