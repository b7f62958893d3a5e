//! Command line of the phantom generator.
//!
//! Owns: arguments, messages and exit codes. All the work is in the library. Exit code 0: all files
//! written; 1: something failed, said in one line; 2: wrong arguments (by clap).

use anyhow::Context;
use clap::{Parser, ValueEnum};
use sample_dicom::{ClipSpec, Pixels, View, full_set, small_set, write_set};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Makes phantom echo clips (DICOM Ultrasound Multi-frame) whose true sizes are known.
///
/// Without further options it writes the demo set: PLAX, A4C, SC-IVC and a combined clip with
/// M-mode, pulsed Doppler and ECG, each 800x600, 30 frames a second, looping without a seam, and
/// truth.json beside them with volumes, diameters, landmarks and calibrations of every frame.
/// The same seed and options give the same bytes on every machine.
///
/// The patient in the banner does not exist.
#[derive(Debug, Parser)]
#[command(name = "sample-dicom", version, after_help = EXAMPLES)]
struct Args {
    /// Folder to write to; made if missing. Files of the same name are replaced.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Decides speckle, noise and identifiers.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// The small set kept with the source: one beat of PLAX and COMBINED, a few raw frames of A4C, a
    /// sniff of SC-IVC.
    #[arg(long, conflicts_with_all = ["view", "frames", "size", "ef", "heart_rate", "fps",
        "lv_diameter", "ivc_diameter", "ivc_collapse", "quality", "uncompressed", "grey", "uneven"])]
    small: bool,
    /// Only these views (may be given several times).
    #[arg(long, value_enum, value_name = "VIEW", num_args = 1..)]
    view: Vec<ViewName>,
    /// Frames per clip. Without it: as many whole beats as fit into 120 frames. A number that is
    /// no whole number of beats bends the heart rate by up to a tenth, else gives a clip that does
    /// not loop.
    #[arg(long, value_name = "N")]
    frames: Option<u32>,
    /// Picture size in pixels.
    #[arg(long, default_value = "800x600", value_name = "WxH", value_parser = parse_size)]
    size: (u32, u32),
    /// Ejection fraction of the left ventricle, per cent.
    #[arg(long, default_value_t = 55.0, value_name = "PERCENT")]
    ef: f64,
    /// Beats per minute, adjusted a little so that whole beats fit.
    #[arg(long, default_value_t = 62.0, value_name = "BPM")]
    heart_rate: f64,
    /// Frames per second.
    #[arg(long, default_value_t = 30.0, value_name = "FPS")]
    fps: f64,
    /// Inner diameter of the left ventricle at end-diastole, cm.
    #[arg(long, default_value_t = 4.7, value_name = "CM")]
    lv_diameter: f64,
    /// Diameter of the vena cava at rest, cm.
    #[arg(long, default_value_t = 1.9, value_name = "CM")]
    ivc_diameter: f64,
    /// Part of it that a sniff takes away, per cent.
    #[arg(long, default_value_t = 62.0, value_name = "PERCENT")]
    ivc_collapse: f64,
    /// JPEG quality, 1 to 100.
    #[arg(long, default_value_t = 90, value_name = "Q")]
    quality: u8,
    /// Store RGB without compression (1.4 MB a frame at 800x600) instead of JPEG.
    #[arg(long, conflicts_with = "quality")]
    uncompressed: bool,
    /// Store 8-bit grey without compression; the overlays lose their colour.
    #[arg(long, conflicts_with_all = ["quality", "uncompressed"])]
    grey: bool,
    /// Uneven frame times, stored as a Frame Time Vector.
    #[arg(long)]
    uneven: bool,
}

const EXAMPLES: &str = "Examples:
  sample-dicom --out demo                                the demo set
  sample-dicom --out weak --view a4c --ef 28 --heart-rate 95
  sample-dicom --out fast --view plax --fps 60
  sample-dicom --out full-vein --view sc-ivc --ivc-diameter 2.6 --ivc-collapse 15
  sample-dicom --out raw --view a4c --frames 8 --uncompressed --uneven";

/// View names of the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ViewName {
    /// Parasternal long axis.
    Plax,
    /// Apical four chambers.
    A4c,
    /// Subcostal, vena cava with a sniff.
    ScIvc,
    /// Four chambers with M-mode, pulsed Doppler and ECG.
    Combined,
}

impl From<ViewName> for View {
    fn from(name: ViewName) -> View {
        match name {
            ViewName::Plax => View::Plax,
            ViewName::A4c => View::A4c,
            ViewName::ScIvc => View::ScIvc,
            ViewName::Combined => View::Combined,
        }
    }
}

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let parsed = text
        .split_once('x')
        .and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    parsed.ok_or_else(|| "give width x height in pixels, for example 800x600".to_owned())
}

impl Args {
    fn set(&self) -> Vec<(String, ClipSpec)> {
        if self.small {
            return small_set(self.seed);
        }
        let wanted: Vec<View> = self.view.iter().map(|v| View::from(*v)).collect();
        let pixels = match (self.uncompressed, self.grey) {
            (true, _) => Pixels::Rgb,
            (_, true) => Pixels::Grey,
            _ => Pixels::Jpeg(self.quality),
        };
        full_set(self.seed)
            .into_iter()
            .filter(|(_, spec)| wanted.is_empty() || wanted.contains(&spec.view))
            .map(|(file, spec)| {
                let spec = ClipSpec {
                    width: self.size.0,
                    height: self.size.1,
                    frames: self.frames,
                    fps: self.fps,
                    heart_rate: self.heart_rate,
                    ejection_fraction: self.ef,
                    diameter_ed_cm: self.lv_diameter,
                    ivc_diameter_cm: self.ivc_diameter,
                    ivc_collapse: self.ivc_collapse,
                    uneven: self.uneven,
                    pixels,
                    ..spec
                };
                (file, spec)
            })
            .collect()
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sample-dicom: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> anyhow::Result<()> {
    let start = Instant::now();
    let truth = write_set(&args.out, args.seed, &args.set(), |path| {
        println!("{}", path.display())
    })
    .context("no complete set was made")?;
    for clip in &truth.clips {
        if !clip.loops {
            println!("{}: not a whole number of beats, does not loop", clip.file);
        } else if (clip.heart_rate_bpm - args.heart_rate).abs() > 0.5 && !args.small {
            println!(
                "{}: heart rate {:.1} so that whole beats fit",
                clip.file, clip.heart_rate_bpm
            );
        }
    }
    println!("{}", args.out.join("truth.json").display());
    println!(
        "{} clips in {:.1} s",
        truth.clips.len(),
        start.elapsed().as_secs_f64()
    );
    Ok(())
}
