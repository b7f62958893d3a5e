//! The golden vectors of measuring: their form, and what the crate answers to them.

pub(crate) mod answers;
pub(crate) mod vectors;
