//! What the crate answers to a golden vector, in one form for all operations, and the comparison with what is expected.

use std::collections::BTreeMap;

use echo_dicom::measure::{
    self, Calibration, Centimetres, CentimetresPerSecond, Length, Measured, Millilitres,
    PixelPoint, Quantity, Reading, Refusal, RegionKind, ScaleSource, Seconds, Unit, Ventricle,
};
use wire::mark::Point;
use wire::{Fraction, RtpTime};

use super::vectors::{Vector, Vectors};

/// All that an operation gives.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    values: BTreeMap<&'static str, (f64, &'static str)>,
    decimals: BTreeMap<&'static str, u8>,
    flags: BTreeMap<&'static str, bool>,
    source: Option<String>,
    kind: Option<&'static str>,
    uncalibrated: Option<(f64, &'static str)>,
    shown: Option<(f64, u8)>,
}

impl Answer {
    fn value<U: Unit>(mut self, name: &'static str, value: U) -> Self {
        self.values.insert(name, (value.get(), U::SYMBOL));
        self
    }

    fn reading<U: Unit>(mut self, name: &'static str, reading: Reading<U>) -> Self {
        self.decimals.insert(name, reading.shown().decimals);
        self.value(name, reading.value)
    }

    fn flag(mut self, name: &'static str, set: bool) -> Self {
        self.flags.insert(name, set);
        self
    }

    fn from(mut self, source: ScaleSource) -> Self {
        self.source = Some(match source {
            ScaleSource::Region { index } => format!("region {index}"),
            ScaleSource::DepthScale => "depthScale".into(),
        });
        self
    }
}

fn one<U: Unit>(name: &'static str, measured: Measured<Reading<U>>) -> Answer {
    Answer::default()
        .reading(name, measured.value)
        .from(measured.source)
}

/// What the crate says to a vector, by the calibration that each named picture has.
pub(crate) fn answer(
    vectors: &Vectors,
    vector: &Vector,
    calibration: &dyn Fn(&str) -> Result<Calibration, Refusal>,
) -> Result<Answer, Refusal> {
    match vector.operation.as_str() {
        "axes" | "fromFractions" => Ok(of_picture(vectors, vector)?),
        "singlePlane" | "biplane" => of_ventricles(vector, calibration),
        "pressureGradient" | "ejectionFraction" | "collapse" | "heartRateBetween"
        | "heartRateOfFrames" | "shown" => of_numbers(vector),
        _ => {
            let on = vector.on.as_deref().expect("a picture to measure on");
            on_picture(vector, &calibration(on)?)
        }
    }
}

fn on_picture(vector: &Vector, calibration: &Calibration) -> Result<Answer, Refusal> {
    let points = vector.points();
    let at = |index| vector.point(index);
    Ok(match vector.operation.as_str() {
        "distance" => length(measure::distance(calibration, at(0), at(1))?),
        "position" => {
            let found = measure::position(calibration, at(0))?;
            let place = Answer::default().value("x", found.value.x);
            place.value("y", found.value.y).from(found.source)
        }
        "angle" => one(
            "angle",
            measure::angle(calibration, [at(0), at(1)], [at(2), at(3)])?,
        ),
        "outline" => {
            let Measured { value, source } = measure::outline(calibration, &points)?;
            Answer::default()
                .reading("area", value.area)
                .reading("perimeter", value.perimeter)
                .flag("crossesItself", value.crosses_itself)
                .from(source)
        }
        "mModeSpan" => {
            let Measured { value, source } = measure::m_mode_span(calibration, at(0), at(1))?;
            Answer::default()
                .reading("time", value.time)
                .reading("distance", value.distance)
                .from(source)
        }
        "mModeSlope" => one("slope", measure::m_mode_slope(calibration, at(0), at(1))?),
        "interval" => one("time", measure::interval(calibration, at(0), at(1))?),
        "velocity" => one("velocity", measure::velocity(calibration, at(0))?),
        "slope" => one("slope", measure::slope(calibration, at(0), at(1))?),
        "envelope" => envelope(calibration, &points)?,
        "heartRate" => {
            let cycles = vector.cycles.expect("a number of cycles");
            one(
                "rate",
                measure::heart_rate(calibration, at(0), at(1), cycles)?,
            )
        }
        "kindAt" => Answer {
            kind: Some(kind(calibration.kind_at(&points)?.value)),
            ..Answer::default()
        },
        other => panic!("{other} is no operation"),
    })
}

fn length(length: Length) -> Answer {
    match length {
        Length::Calibrated(measured) => one("length", measured),
        Length::Uncalibrated { pixels, reason } => Answer {
            uncalibrated: Some((pixels.get(), reason.code())),
            ..Answer::default()
        },
    }
}

fn envelope(calibration: &Calibration, trace: &[PixelPoint]) -> Result<Answer, Refusal> {
    let Measured { value, source } = measure::envelope(calibration, trace)?;
    Ok(Answer::default()
        .reading("vti", value.vti)
        .reading("duration", value.duration)
        .reading("peak", value.peak)
        .reading("mean", value.mean)
        .reading("peakGradient", value.peak_gradient)
        .reading("meanGradient", value.mean_gradient)
        .from(source))
}

fn kind(kind: RegionKind) -> &'static str {
    match kind {
        RegionKind::Plane => "plane",
        RegionKind::MMode => "mMode",
        RegionKind::Spectral => "spectral",
        RegionKind::Waveform => "waveform",
    }
}

fn of_ventricles(
    vector: &Vector,
    calibration: &dyn Fn(&str) -> Result<Calibration, Refusal>,
) -> Result<Answer, Refusal> {
    let mut views = Vec::new();
    for drawn in &vector.ventricles {
        let outline = drawn.outline();
        let ventricle = Ventricle {
            outline: &outline,
            annulus: drawn.annulus(),
            apex: drawn.apex(),
        };
        views.push(measure::discs(&calibration(&drawn.on)?, &ventricle)?.value);
    }
    Ok(match views.as_slice() {
        [view] => Answer::default()
            .reading("length", view.length)
            .reading("volume", measure::single_plane(view)?)
            .flag("crossesItself", view.crosses_itself),
        [first, second] => {
            let both = measure::biplane(first, second)?;
            Answer::default()
                .reading("volume", both.volume)
                .flag("lengthsDiffer", both.lengths_differ)
        }
        _ => panic!("one view or two"),
    })
}

fn of_numbers(vector: &Vector) -> Result<Answer, Refusal> {
    let number = |index| vector.number(index);
    let answer = Answer::default();
    Ok(match vector.operation.as_str() {
        "pressureGradient" => {
            let velocity = CentimetresPerSecond::new(number(0))?;
            answer.value("gradient", measure::pressure_gradient(velocity)?)
        }
        "ejectionFraction" => {
            let volumes = (Millilitres::new(number(0))?, Millilitres::new(number(1))?);
            answer.value(
                "fraction",
                measure::ejection_fraction(volumes.0, volumes.1)?,
            )
        }
        "collapse" => {
            let widths = (Centimetres::new(number(0))?, Centimetres::new(number(1))?);
            answer.value("collapse", measure::collapse(widths.0, widths.1)?)
        }
        "heartRateBetween" => {
            let times = (Seconds::new(number(0))?, Seconds::new(number(1))?);
            let cycles = vector.cycles.expect("a number of cycles");
            answer.value(
                "rate",
                measure::heart_rate_between(times.0, times.1, cycles)?,
            )
        }
        "heartRateOfFrames" => {
            let [first, last] = [0, 1].map(|index| RtpTime(number(index) as u32));
            let cycles = vector.cycles.expect("a number of cycles");
            answer.value("rate", measure::heart_rate_of_frames(first, last, cycles)?)
        }
        _ => {
            let shown = measure::shown(number(0), number(1));
            Answer {
                shown: Some((shown.value, shown.decimals)),
                ..answer
            }
        }
    })
}

fn of_picture(vectors: &Vectors, vector: &Vector) -> Result<Answer, Refusal> {
    let picture = &vectors.pictures[vector.on.as_deref().expect("a picture")];
    if let Some([x, y]) = vector.fractions {
        let fraction = |value| Fraction::new(value).expect("a fraction");
        let point = Point {
            x: fraction(x),
            y: fraction(y),
        };
        let PixelPoint { x, y } = PixelPoint::from_fractions(point, picture.size());
        return Ok(Answer::default()
            .value("x", measure::Pixels::new(x)?)
            .value("y", measure::Pixels::new(y)?));
    }
    let region = &picture.regions()[vector.region.expect("a region")];
    let (x, y) = measure::axes(region);
    let at = vector.point(0);
    let mut answer = Answer::default();
    for (name, axis, pixel) in [("x", x, at.x), ("y", y, at.y)] {
        answer = match axis.expect("a scale").at(pixel)? {
            Quantity::Length(value) => answer.value(name, value),
            Quantity::Time(value) => answer.value(name, value),
            Quantity::Velocity(value) => answer.value(name, value),
        };
    }
    Ok(answer)
}

/// What is wrong with an answer, in words; none when it is as expected.
pub(crate) fn complaint(vector: &Vector, answer: Result<Answer, Refusal>) -> Option<String> {
    let expect = &vector.expect;
    let answer = match (answer, expect.refusal.as_deref()) {
        (Ok(answer), None) => answer,
        (Ok(answer), Some(code)) => return Some(format!("{answer:?} instead of {code}")),
        (Err(refusal), code) => {
            let known = code == Some(refusal.code());
            return (!known).then(|| format!("refused: {}", refusal.code()));
        }
    };
    let near = |a: f64, b: f64| (a - b).abs() <= vector.tolerance;
    let wanted = expect.values.clone().unwrap_or_default();
    let values = wanted.len() == answer.values.len()
        && answer.values.iter().all(|(name, (value, unit))| {
            let found = wanted.get(*name);
            found.is_some_and(|(want, its)| near(*want, *value) && its == unit)
        });
    let flags = answer
        .flags
        .iter()
        .all(|(name, set)| expect.flags.get(*name) == Some(set));
    let decimals = expect
        .decimals
        .iter()
        .all(|(name, count)| answer.decimals.get(name.as_str()) == Some(count));
    let source = expect.source.is_none() || expect.source == answer.source;
    let kind = expect.kind.as_deref() == answer.kind;
    let bare = match (&expect.uncalibrated, answer.uncalibrated) {
        (Some(want), Some((pixels, reason))) => near(want.pixels, pixels) && want.reason == reason,
        (want, have) => want.is_none() && have.is_none(),
    };
    let shown = match (&expect.shown, answer.shown) {
        (Some(want), Some((value, decimals))) => want.value == value && want.decimals == decimals,
        (want, have) => want.is_none() && have.is_none(),
    };
    let good = values && flags && decimals && source && kind && bare && shown;
    (!good).then(|| format!("{answer:?}"))
}
