//! Makes phantom echo clips whose true size, volume and timing are known.
//!
//! A beating heart is described as a deforming body ([`ClipSpec`] says how big and how fast), filled
//! with scatterers that move with it, imaged like an ultrasound machine does, and written as DICOM
//! Ultrasound Multi-frame objects beside a [`truth::Truth`]. Everything follows from the seed: the
//! same request gives the same bytes on every machine.
//!
//! ```
//! use sample_dicom::{ClipSpec, View, generate, write_dicom};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let spec = ClipSpec { width: 320, height: 240, frames: Some(2), ..ClipSpec::new(View::Plax, 1) };
//! let clip = generate(&spec)?;
//! assert_eq!(clip.truth.frames.len(), 2);
//! let file = std::env::temp_dir().join("sample-dicom-example.dcm");
//! write_dicom(&clip, &file)?;
//! # std::fs::remove_file(&file)?;
//! # Ok(())
//! # }
//! ```

mod canvas;
mod clip;
mod cycle;
mod dicom;
mod doppler;
mod ecg;
mod geometry;
mod layout;
mod math;
mod mesh;
mod mmode;
mod overlay;
mod psf;
mod scan;
mod set;
mod spec;
mod speckle;
mod strip;
mod strips;
mod threads;
pub mod truth;
mod truth_of;
mod uid;
mod views;

pub use canvas::Picture;
pub use clip::{Generated, generate};
pub use dicom::{WriteError, write_dicom};
pub use geometry::discs_volume;
pub use scan::PixelRect;
pub use set::{SetError, full_set, small_set, write_set};
pub use spec::{ClipSpec, DEFAULT_FRAMES, Pixels, SpecError, View};
