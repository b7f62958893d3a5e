//! The golden vectors of measuring, as `tests/vectors/measure.json` writes them.
//!
//! Owns their form and the way from it to the crate's own types. It computes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use echo_dicom::UltrasoundRegion;
use echo_dicom::measure::{Calibration, Centimetres, PictureSize, PixelPoint, Refusal};
use serde::Deserialize;
use wire::region::{Region, RegionBounds};

/// A number; null stands for one that is none.
type Number = Option<f64>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vectors {
    /// For readers of the file.
    #[serde(rename = "about")]
    _about: Vec<String>,
    pub(crate) pictures: BTreeMap<String, Picture>,
    pub(crate) vectors: Vec<Vector>,
}

/// A picture and what is known about its scale.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Picture {
    /// Number of the sample clip that the regions are read from.
    pub(crate) file: Option<String>,
    picture: Size,
    regions: Option<Vec<Region>>,
    depth_scale: Option<DepthScale>,
}

#[derive(Debug, Deserialize)]
struct Size {
    width: u32,
    height: u32,
}

#[derive(Debug, Deserialize)]
struct DepthScale {
    ends: [[Number; 2]; 2],
    between: f64,
    within: RegionBounds,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) operation: String,
    pub(crate) on: Option<String>,
    #[serde(default)]
    points: Vec<[Number; 2]>,
    pub(crate) fractions: Option<[f64; 2]>,
    #[serde(default)]
    numbers: Vec<Number>,
    pub(crate) region: Option<usize>,
    pub(crate) cycles: Option<u32>,
    #[serde(default)]
    pub(crate) ventricles: Vec<Drawn>,
    #[serde(default = "exact")]
    pub(crate) tolerance: f64,
    pub(crate) expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drawn {
    pub(crate) on: String,
    outline: Vec<[Number; 2]>,
    annulus: [[Number; 2]; 2],
    apex: [Number; 2],
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) refusal: Option<String>,
    pub(crate) uncalibrated: Option<Uncalibrated>,
    pub(crate) values: Option<BTreeMap<String, (f64, String)>>,
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) flags: BTreeMap<String, bool>,
    #[serde(default)]
    pub(crate) decimals: BTreeMap<String, u8>,
    pub(crate) kind: Option<String>,
    pub(crate) shown: Option<Shown>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Uncalibrated {
    pub(crate) pixels: f64,
    pub(crate) reason: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Shown {
    pub(crate) value: f64,
    pub(crate) decimals: u8,
}

fn exact() -> f64 {
    1e-9
}

impl Vectors {
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/measure.json");
        let text = std::fs::read_to_string(path).expect("the vectors are there");
        serde_json::from_str(&text).expect("the vectors have their form")
    }
}

impl Picture {
    pub(crate) fn size(&self) -> PictureSize {
        PictureSize {
            width: self.picture.width,
            height: self.picture.height,
        }
    }

    pub(crate) fn wire_regions(&self) -> &[Region] {
        self.regions.as_deref().unwrap_or_default()
    }

    pub(crate) fn regions(&self) -> Vec<UltrasoundRegion> {
        self.wire_regions().iter().map(Into::into).collect()
    }

    pub(crate) fn calibration(&self) -> Result<Calibration, Refusal> {
        let Some(scale) = &self.depth_scale else {
            return Ok(Calibration::from_regions(&self.regions(), self.size()));
        };
        let RegionBounds {
            min_x,
            min_y,
            max_x,
            max_y,
        } = scale.within;
        let within = echo_dicom::RegionBounds {
            min_x,
            min_y,
            max_x,
            max_y,
        };
        let between = Centimetres::new(scale.between)?;
        Calibration::from_depth_scale(scale.ends.map(pixel), between, within, self.size())
    }
}

impl Vector {
    pub(crate) fn points(&self) -> Vec<PixelPoint> {
        self.points.iter().copied().map(pixel).collect()
    }

    pub(crate) fn point(&self, index: usize) -> PixelPoint {
        pixel(self.points[index])
    }

    pub(crate) fn number(&self, index: usize) -> f64 {
        self.numbers[index].unwrap_or(f64::NAN)
    }
}

impl Drawn {
    pub(crate) fn outline(&self) -> Vec<PixelPoint> {
        self.outline.iter().copied().map(pixel).collect()
    }

    pub(crate) fn annulus(&self) -> [PixelPoint; 2] {
        self.annulus.map(pixel)
    }

    pub(crate) fn apex(&self) -> PixelPoint {
        pixel(self.apex)
    }
}

fn pixel([x, y]: [Number; 2]) -> PixelPoint {
    PixelPoint {
        x: x.unwrap_or(f64::NAN),
        y: y.unwrap_or(f64::NAN),
    }
}
