//! How a value is written.
//!
//! Owns the choice of digits: the last one shown is not finer than what a pixel can show, so that 5.1 cm read off
//! half-millimetre pixels never stands there as 5.105 cm. It writes no text; decimal signs and units are the pages'.

/// The decimals that exist, and the finest step that each can show.
const FINEST: [f64; 3] = [0.1, 0.01, 0.001];

/// A value rounded for showing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Rounded to `decimals`; halves away from zero.
    pub value: f64,
    /// Digits behind the decimal sign.
    pub decimals: u8,
}

/// Rounds a value to the digits that a step supports; a step of zero, or one that is no number, supports none.
///
/// ```
/// use echo_dicom::measure::shown;
///
/// let caliper = shown(5.10497, 0.051);
/// assert_eq!((caliper.value, caliper.decimals), (5.1, 1));
/// ```
#[must_use]
pub fn shown(value: f64, step: f64) -> Shown {
    let mut decimals = 0;
    let mut scale = 1.0;
    for finest in FINEST {
        if !(step > 0.0 && step <= finest) {
            break;
        }
        decimals += 1;
        scale *= 10.0;
    }
    Shown {
        // Adding 0 turns -0 into 0.
        value: (value * scale).round() / scale + 0.0,
        decimals,
    }
}
