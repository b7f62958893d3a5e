//! What makes one clip or still itself.
//!
//! Owns the plain facts that a caller gives beside the pixels, and which modes a picture shows by its regions. Nothing
//! here is checked or written; the writers do both.

use std::time::Duration;
use wire::clip::MarkerSide;

use super::coding::PixelCoding;
use super::image::HAND_SCALE;
use super::moment::LocalTime;
use super::reference::Reference;
use super::uid::Uid;
use super::view::ViewLabel;
use crate::regions::{SpatialFormat, UltrasoundRegion};

/// The facts of one clip or still.
#[derive(Debug, Clone)]
pub struct ClipFacts {
    /// SOP Instance UID.
    pub instance_uid: Uid,
    /// Instance Number.
    pub instance_number: u32,
    /// When the first frame was taken.
    pub taken_at: LocalTime,
    /// Time of each frame; only distances count. Not used for a still.
    pub times: Vec<Duration>,
    /// Calibrated parts of the picture.
    pub regions: Vec<UltrasoundRegion>,
    /// The person's mark that the regions come from; `None` when the device stated them, or nobody did.
    pub hand_scale: Option<ScaleByHand>,
    /// Which section of the heart it shows.
    pub view: Option<ViewLabel>,
    /// Where the orientation marker stands.
    pub marker: Option<MarkerSide>,
    /// Where the pixels come from.
    pub origin: Origin,
    /// What the picture shows; `None` takes it from the regions.
    pub modes: Option<Modes>,
    /// Whether the pixels show a name or other facts about the patient; `Some(false)` when a person looked and saw none,
    /// `None` when nobody knows: then the attribute is left out (PS3.3 section C.7.6.1).
    pub burned_in_annotation: Option<bool>,
    /// The pixels were coded with loss before they came here, so they stay lossy whatever they are stored as.
    pub lossy_before: bool,
    /// Heart rate in beats a minute.
    pub heart_rate_bpm: Option<u16>,
    /// How the pixels are stored.
    pub coding: PixelCoding,
}

impl ClipFacts {
    /// Facts with nothing optional and JPEG coding.
    #[must_use]
    pub fn new(instance_uid: Uid, instance_number: u32, taken_at: LocalTime) -> Self {
        Self {
            instance_uid,
            instance_number,
            taken_at,
            times: Vec::new(),
            regions: Vec::new(),
            hand_scale: None,
            view: None,
            marker: None,
            origin: Origin::Captured,
            modes: None,
            burned_in_annotation: None,
            lossy_before: false,
            heart_rate_bpm: None,
            coding: PixelCoding::default(),
        }
    }

    /// What has no attribute of its own, for Image Comments (0020,4000).
    pub(super) fn comments(&self) -> String {
        let view = self.view.as_ref().map(ViewLabel::label);
        let marker = self.marker.map(|side| match side {
            MarkerSide::Left => "orientation marker left",
            MarkerSide::Right => "orientation marker right",
        });
        let hand_scale = self.hand_scale.as_ref().map(ScaleByHand::words);
        let facts: Vec<&str> = [view, marker, hand_scale.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        facts.join("; ")
    }

    pub(super) fn modes(&self) -> Modes {
        self.modes.unwrap_or_else(|| Modes::of(&self.regions))
    }
}

/// A depth scale that a person marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleByHand {
    /// When.
    pub at: LocalTime,
    /// Who did it in the consult; `None` when it was done on the device, which knows no names.
    pub by: Option<String>,
}

impl ScaleByHand {
    /// As Image Comments say it.
    fn words(&self) -> String {
        let at = self.at.words();
        match &self.by {
            Some(name) => format!("{HAND_SCALE} in the consult by {name}, {at}"),
            None => format!("{HAND_SCALE} on the device, {at}"),
        }
    }
}

/// Where the pixels come from (Image Type value 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From an ultrasound device.
    Captured,
    /// Played from other instances, masked or coded anew.
    Derived(Vec<Reference>),
}

/// What a picture shows (Image Type value 4, PS3.3 section C.8.5.6.1.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Modes {
    /// 2D imaging.
    pub two_d: bool,
    /// M-mode.
    pub m_mode: bool,
    /// Continuous wave Doppler.
    pub cw_doppler: bool,
    /// Pulsed wave Doppler.
    pub pw_doppler: bool,
    /// Colour Doppler.
    pub colour_doppler: bool,
}

impl Modes {
    /// The modes that regions show; 2D when they show none.
    #[must_use]
    pub fn of(regions: &[UltrasoundRegion]) -> Self {
        const COLOUR_FLOW: Option<u16> = Some(2);
        const PW_SPECTRAL: Option<u16> = Some(3);
        const CW_SPECTRAL: Option<u16> = Some(4);
        let any = |test: fn(&UltrasoundRegion) -> bool| regions.iter().any(test);
        let found = Self {
            two_d: any(|region| region.spatial_format == SpatialFormat::TwoD),
            m_mode: any(|region| region.spatial_format == SpatialFormat::MMode),
            cw_doppler: any(|region| region.data_type == CW_SPECTRAL),
            pw_doppler: any(|region| region.data_type == PW_SPECTRAL),
            colour_doppler: any(|region| region.data_type == COLOUR_FLOW),
        };
        if found == Self::default() {
            return Self {
                two_d: true,
                ..found
            };
        }
        found
    }

    pub(super) fn mask(self) -> String {
        let bits = [
            (self.two_d, 0x01),
            (self.m_mode, 0x02),
            (self.cw_doppler, 0x04),
            (self.pw_doppler, 0x08),
            (self.colour_doppler, 0x10),
        ];
        let sum: u16 = bits.iter().filter(|(on, _)| *on).map(|(_, bit)| bit).sum();
        format!("{sum:04X}")
    }
}
