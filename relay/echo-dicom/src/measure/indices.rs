//! Parts of a whole: ejection fraction and collapse of the vena cava.
//!
//! Owns the two quotients. The values may come from different frames, each with its own scale; whether they belong
//! together is for the person who measures. Swapped values are refused, because a negative part hides the mistake.

use super::refusal::Refusal;
use super::units::{Centimetres, Millilitres, Percent};

/// Ejection fraction from the volumes at the end of diastole and of systole.
///
/// # Errors
/// `NoExtent` for a volume that is zero or less, `Swapped` when the systolic volume is the larger one.
pub fn ejection_fraction(
    end_diastolic: Millilitres,
    end_systolic: Millilitres,
) -> Result<Percent, Refusal> {
    lost(end_diastolic.get(), end_systolic.get())
}

/// Collapse of the inferior vena cava from its largest and smallest diameter over a breath. A vein that closes fully
/// has the diameter 0.
///
/// # Errors
/// `NoExtent` for a largest diameter of zero or less, `Swapped` when the smallest is the larger one.
pub fn collapse(largest: Centimetres, smallest: Centimetres) -> Result<Percent, Refusal> {
    lost(largest.get(), smallest.get())
}

fn lost(whole: f64, rest: f64) -> Result<Percent, Refusal> {
    if whole <= 0.0 || rest < 0.0 {
        Err(Refusal::NoExtent)
    } else if rest > whole {
        Err(Refusal::Swapped)
    } else {
        Percent::new((whole - rest) / whole * 100.0)
    }
}
