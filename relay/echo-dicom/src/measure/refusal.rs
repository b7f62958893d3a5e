//! Why there is no number.
//!
//! Owns the reasons and their codes. A code is the same in the viewer and in the vectors and never changes; the words
//! that a clinician reads belong to the pages.

/// Why a place on the picture has no scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoScale {
    /// The picture says nothing about its scale.
    #[error("the picture has no regions")]
    NoRegions,
    /// A point lies in no region that has a scale.
    #[error("a point lies outside the regions")]
    OutsideRegions,
    /// The points lie in regions that are measured differently.
    #[error("the points lie in different regions")]
    CrossesRegions,
    /// The region there is not measured in the unit that is asked for.
    #[error("the region has no such unit")]
    NoUnit,
    /// The region says how large a pixel is, but not where zero lies.
    #[error("the region does not say where zero is")]
    NoReference,
    /// The regions are larger than the picture: it was resized and they were not.
    #[error("the calibration does not fit the picture")]
    DoesNotFit,
    /// The scale is one that no echo has.
    #[error("the scale is one that no echo has")]
    Implausible,
}

/// Why nothing can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no scale here.
    #[error(transparent)]
    NoScale(#[from] NoScale),
    /// A number that went in, or would come out, is none.
    #[error("not a finite number")]
    NotFinite,
    /// Fewer points than the measurement needs.
    #[error("too few points")]
    TooFewPoints,
    /// More points than anybody draws.
    #[error("too many points")]
    TooManyPoints,
    /// A length, time, area or volume that has to be there is zero or less.
    #[error("the points enclose nothing to measure")]
    NoExtent,
    /// A trace over time runs back where it came from.
    #[error("the trace turns back")]
    TurnsBack,
    /// The long axis leaves the outline, so that a disc has no diameter.
    #[error("the long axis leaves the outline")]
    AxisLeavesOutline,
    /// A heart rate from no cycle, or from a part of one.
    #[error("at least one whole cycle is needed")]
    NoCycles,
    /// The value that must be the larger one is the smaller one.
    #[error("the larger and the smaller value are swapped")]
    Swapped,
}

impl NoScale {
    /// A stable key for texts and vectors.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoRegions => "noRegions",
            Self::OutsideRegions => "outsideRegions",
            Self::CrossesRegions => "crossesRegions",
            Self::NoUnit => "noUnit",
            Self::NoReference => "noReference",
            Self::DoesNotFit => "doesNotFit",
            Self::Implausible => "implausible",
        }
    }
}

impl Refusal {
    /// A stable key for texts and vectors.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoScale(reason) => reason.code(),
            Self::NotFinite => "notFinite",
            Self::TooFewPoints => "tooFewPoints",
            Self::TooManyPoints => "tooManyPoints",
            Self::NoExtent => "noExtent",
            Self::TurnsBack => "turnsBack",
            Self::AxisLeavesOutline => "axisLeavesOutline",
            Self::NoCycles => "noCycles",
            Self::Swapped => "swapped",
        }
    }
}
