//! A small sRGB profile (ICC.1:2010), made here because the standard wants one in every colour presentation state.
//!
//! Owns its bytes. The class is input device ("scnr"), one of the two that PS3.3 section C.11.15 allows; ICC lets such a
//! profile be three colours and a curve, while a colour space profile ("spac") would need tables. The curve is that of
//! sRGB itself (IEC 61966-2-1).

const HEADER_BYTES: usize = 128;
const TAG_BYTES: usize = 12;
/// Version 4.2.
const VERSION: u32 = 0x0420_0000;
/// The white that profiles are connected by, D50.
const D50: [f64; 3] = [0.9642, 1.0, 0.8249];
/// The colours of sRGB, seen under D50.
const RED: [f64; 3] = [0.436_075, 0.222_504, 0.013_932];
const GREEN: [f64; 3] = [0.385_065, 0.716_879, 0.097_105];
const BLUE: [f64; 3] = [0.143_080, 0.060_617, 0.714_173];
/// From the white of sRGB (D65) to D50, by Bradford's way, row by row.
const D65_TO_D50: [f64; 9] = [
    1.047_811, 0.022_887, -0.050_127, 0.029_542, 0.990_484, -0.017_049, -0.009_234, 0.015_044,
    0.752_132,
];
/// Exponent, then a, b, c, d of the curve with a straight foot.
const SRGB_CURVE: [f64; 5] = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.040_45];

/// The profile.
pub(crate) fn srgb() -> Vec<u8> {
    let curve = curve();
    let entries: [(&[u8; 4], Vec<u8>); 10] = [
        (b"desc", words("sRGB")),
        (b"cprt", words("No copyright, use freely")),
        (b"wtpt", numbers(b"XYZ ", &D50)),
        (b"chad", numbers(b"sf32", &D65_TO_D50)),
        (b"rXYZ", numbers(b"XYZ ", &RED)),
        (b"gXYZ", numbers(b"XYZ ", &GREEN)),
        (b"bXYZ", numbers(b"XYZ ", &BLUE)),
        (b"rTRC", curve.clone()),
        (b"gTRC", curve.clone()),
        (b"bTRC", curve),
    ];
    let mut table = (entries.len() as u32).to_be_bytes().to_vec();
    let mut data = Vec::new();
    let data_at = HEADER_BYTES + 4 + entries.len() * TAG_BYTES;
    for (signature, value) in &entries {
        table.extend_from_slice(*signature);
        table.extend(((data_at + data.len()) as u32).to_be_bytes());
        table.extend((value.len() as u32).to_be_bytes());
        data.extend_from_slice(value);
        data.resize(data.len().next_multiple_of(4), 0);
    }
    let mut profile = header((data_at + data.len()) as u32);
    profile.append(&mut table);
    profile.append(&mut data);
    profile
}

fn header(size: u32) -> Vec<u8> {
    let mut bytes = size.to_be_bytes().to_vec();
    bytes.extend([0; 4]);
    bytes.extend(VERSION.to_be_bytes());
    bytes.extend_from_slice(b"scnrRGB XYZ ");
    // When the profile was first made: year, month, day, and midnight.
    for part in [2026_u16, 1, 1, 0, 0, 0] {
        bytes.extend(part.to_be_bytes());
    }
    bytes.extend_from_slice(b"acsp");
    // No platform, flags, device or intent.
    bytes.resize(68, 0);
    bytes.extend(D50.iter().flat_map(|part| fixed(*part)));
    bytes.resize(HEADER_BYTES, 0);
    bytes
}

/// A number of 16 bits before and 16 behind the point.
fn fixed(number: f64) -> [u8; 4] {
    ((number * 65_536.0).round() as i32).to_be_bytes()
}

fn numbers(kind: &[u8; 4], values: &[f64]) -> Vec<u8> {
    let mut bytes = kind.to_vec();
    bytes.extend([0; 4]);
    bytes.extend(values.iter().flat_map(|value| fixed(*value)));
    bytes
}

fn curve() -> Vec<u8> {
    let mut bytes = b"para\0\0\0\0\0\x03\0\0".to_vec();
    bytes.extend(SRGB_CURVE.iter().flat_map(|value| fixed(*value)));
    bytes
}

/// English words in UTF-16, the only record of their table.
fn words(text: &str) -> Vec<u8> {
    const RECORD_BYTES: u32 = 12;
    const TEXT_AT: u32 = 28;
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut bytes = b"mluc\0\0\0\0".to_vec();
    bytes.extend(1_u32.to_be_bytes());
    bytes.extend(RECORD_BYTES.to_be_bytes());
    bytes.extend_from_slice(b"enUS");
    bytes.extend((utf16.len() as u32).to_be_bytes());
    bytes.extend(TEXT_AT.to_be_bytes());
    bytes.extend(utf16);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_says_how_long_it_is_and_white_is_white() {
        let profile = srgb();
        assert_eq!(profile[..4], (profile.len() as u32).to_be_bytes());
        assert_eq!(profile.len() % 4, 0);
        // The three colours together are the white that profiles are connected by.
        for (axis, white) in D50.iter().enumerate() {
            let sum = RED[axis] + GREEN[axis] + BLUE[axis];
            assert!((sum - white).abs() < 0.001, "{sum} {white}");
        }
    }
}
