//! Measuring on a picture: lengths, areas, times, velocities, volumes.
//!
//! Owns the rules from points on a picture and its calibration to a number with a unit. It reads no file, draws
//! nothing and knows no consult; whoever shows a measurement, or checks one that was sent, calls it. The viewer holds
//! the same rules in TypeScript, and both read `tests/vectors/measure.json`.
//!
//! The flow: `Calibration` (regions of the file, or a depth scale that somebody marked) + `PixelPoint`s -> the one
//! region that all points lie in and that has the units asked for -> a `Reading` whose type is its unit, in a
//! `Measured` that says where the scale comes from. Everything else is a `Refusal` with a stable code.
//!
//! The invariant: no number comes out without its unit, and none from a scale that is in doubt.

mod area;
mod axis;
mod calibration;
mod distance;
mod doppler;
mod field;
mod figures;
mod format;
mod hand;
mod indices;
mod mmode;
mod point;
mod rate;
mod refusal;
mod simpson;
mod trace;
mod units;

pub use area::{Outline, outline};
pub use axis::{Axis, Quantity, axes};
pub use calibration::{Calibration, Measured, ScaleSource};
pub use distance::{Length, Position, angle, distance, position};
pub use doppler::{Envelope, envelope, pressure_gradient, slope, velocity};
pub use field::RegionKind;
pub use figures::{Figure, FigureName, by_depth, discs_of, figures};
pub use format::{Shown, shown};
pub use hand::region_by_depth;
pub use indices::{collapse, ejection_fraction};
pub use mmode::{MModeSpan, interval, m_mode_slope, m_mode_span};
pub use point::{PictureSize, PixelPoint};
pub use rate::{heart_rate, heart_rate_between, heart_rate_of_frames};
pub use refusal::{NoScale, Refusal};
pub use simpson::{Biplane, DISCS, Discs, Ventricle, apex, biplane, discs, single_plane};
pub use trace::MAX_TRACE_POINTS;
pub use units::{
    BeatsPerMinute, Centimetres, CentimetresPerSecond, CentimetresPerSecondSquared, Degrees,
    Millilitres, MillimetresOfMercury, Percent, Pixels, Reading, Seconds, SquareCentimetres, Unit,
};
