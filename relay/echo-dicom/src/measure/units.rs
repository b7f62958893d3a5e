//! What a measurement is in. A number that has a unit is its own type, so that a time is never shown as a length.
//!
//! Owns the units and `Reading`, a value together with the smallest difference the picture can show. It computes
//! nothing. The invariant: a value of these types is a finite number.

use super::format::{Shown, shown};
use super::refusal::Refusal;

/// A unit of measurement.
pub trait Unit: Copy {
    /// How it is written, such as "cm".
    const SYMBOL: &'static str;

    /// Takes a number in this unit.
    ///
    /// # Errors
    /// `NotFinite` for NaN and infinities.
    fn new(value: f64) -> Result<Self, Refusal>;

    /// The bare number.
    fn get(self) -> f64;
}

/// Declares a newtype over a finite number.
macro_rules! unit {
    ($(#[$doc:meta])* $name:ident, $symbol:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
        pub struct $name(f64);

        impl $name {
            /// Takes a number in this unit.
            ///
            /// # Errors
            /// `NotFinite` for NaN and infinities.
            pub fn new(value: f64) -> Result<Self, Refusal> {
                if value.is_finite() {
                    Ok(Self(value))
                } else {
                    Err(Refusal::NotFinite)
                }
            }

            /// The bare number.
            #[must_use]
            pub const fn get(self) -> f64 {
                self.0
            }
        }

        impl Unit for $name {
            const SYMBOL: &'static str = $symbol;

            fn new(value: f64) -> Result<Self, Refusal> {
                Self::new(value)
            }

            fn get(self) -> f64 {
                self.0
            }
        }
    };
}

unit!(
    /// A length on the picture where nobody knows the scale.
    Pixels,
    "px"
);
unit!(
    /// A length in the body, or the distance that blood travels in one beat.
    Centimetres,
    "cm"
);
unit!(
    /// An area in the body.
    SquareCentimetres,
    "cm2"
);
unit!(
    /// A volume; one cubic centimetre is one millilitre.
    Millilitres,
    "ml"
);
unit!(
    /// A span of time.
    Seconds,
    "s"
);
unit!(
    /// A velocity; its sign is the direction that the region gives it.
    CentimetresPerSecond,
    "cm/s"
);
unit!(
    /// How fast a velocity changes.
    CentimetresPerSecondSquared,
    "cm/s2"
);
unit!(
    /// A difference of pressure.
    MillimetresOfMercury,
    "mmHg"
);
unit!(
    /// An angle in the body.
    Degrees,
    "deg"
);
unit!(
    /// A part of a whole.
    Percent,
    "%"
);
unit!(
    /// A heart rate.
    BeatsPerMinute,
    "/min"
);

/// A value as read off a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading<U> {
    /// The value.
    pub value: U,
    /// What it changes by when a point moves by a pixel: digits below that are not in the picture.
    pub step: U,
}

impl<U: Unit> Reading<U> {
    pub(super) fn new(value: f64, step: f64) -> Result<Self, Refusal> {
        Ok(Self {
            value: U::new(value)?,
            step: U::new(step.abs())?,
        })
    }

    /// The value with the digits that the picture supports.
    #[must_use]
    pub fn shown(self) -> Shown {
        shown(self.value.get(), self.step.get())
    }
}
