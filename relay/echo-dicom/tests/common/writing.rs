//! Pictures, facts and contexts for objects that tests write.

use std::time::Duration;

use echo_dicom::write::{
    ClipFacts, ClipWriter, Context, Date, Equipment, Frames, LocalTime, Patient, PersonName,
    Series, Sex, Study, Uid, UtcOffset, WriteError,
};
use echo_dicom::{
    Clip, PhysicalUnit, Picture, PixelForm, ReferencePixel, RegionBounds, SpatialFormat,
    UltrasoundRegion,
};

/// A moving blob over speckle that is the same on every run; the banner on top is flat, as after masking.
pub(crate) fn picture(form: PixelForm, width: u32, height: u32, index: u32) -> Picture {
    let mut rows = Vec::with_capacity((width * height) as usize * form.bytes_per_pixel());
    let mut noise = 0x9E37_79B9_u32 ^ index;
    for y in 0..height {
        for x in 0..width {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let (dx, dy) = (
                x.abs_diff(width / 3 + index * 2) as f64,
                y.abs_diff(height / 2) as f64,
            );
            let tissue = 180.0 / (1.0 + (dx * dx + dy * dy) / 400.0) + f64::from(noise % 24);
            let grey = if y < height / 10 { 0.0 } else { tissue };
            match form {
                PixelForm::Gray8 => rows.push(grey as u8),
                PixelForm::Rgb8 => rows.extend([grey, grey * 0.9, grey * 0.7].map(|v| v as u8)),
            }
        }
    }
    Picture {
        width,
        height,
        form,
        rows,
    }
}

pub(crate) fn pictures(form: PixelForm, width: u32, height: u32, count: u32) -> Vec<Picture> {
    (0..count)
        .map(|index| picture(form, width, height, index))
        .collect()
}

pub(crate) fn local_time() -> LocalTime {
    LocalTime::new(Date::new(2026, 1, 1).unwrap(), 10, 15, 30, 123_456).unwrap()
}

/// A Japanese patient and a device, with every attribute filled.
pub(crate) fn context() -> Context {
    Context {
        patient: Patient {
            name: PersonName::new("Yamada^Tarou")
                .with_ideographic("山田^太郎")
                .with_phonetic("やまだ^たろう"),
            id: "PE-0001".into(),
            birth_date: Date::new(1941, 2, 3),
            sex: Some(Sex::Male),
        },
        study: Study {
            began_at: Some(local_time()),
            id: "1".into(),
            accession_number: "A-17".into(),
            referring_physician: PersonName::new("Suzuki^Hanako"),
            description: "訪問心エコー".into(),
            ..Study::new(Uid::from_uuid(11))
        },
        series: Series {
            uid: Uid::from_uuid(12),
            number: 1,
            began_at: Some(local_time()),
            description: "clips".into(),
        },
        equipment: Equipment {
            manufacturer: "Hibiki".into(),
            model: "capture-agent".into(),
            serial_number: "0042".into(),
            software_versions: "0.1.0".into(),
            station_name: "BEDSIDE-1".into(),
            institution_name: "榊原記念病院".into(),
        },
        utc_offset: UtcOffset::JAPAN,
    }
}

/// Facts of a clip with these times in microseconds.
pub(crate) fn facts(micros: &[u64]) -> ClipFacts {
    ClipFacts {
        times: micros.iter().map(|us| Duration::from_micros(*us)).collect(),
        burned_in_annotation: Some(false),
        ..ClipFacts::new(Uid::from_uuid(13), 1, local_time())
    }
}

/// 30 frames a second.
pub(crate) fn even(frames: u64) -> Vec<u64> {
    (0..frames)
        .map(|index| (index * 1_000_000 + 15) / 30)
        .collect()
}

/// A 2D sector of 0.05 cm a pixel.
pub(crate) fn sector(max_x: u32, max_y: u32) -> UltrasoundRegion {
    let bounds = RegionBounds {
        min_x: 4,
        min_y: 6,
        max_x,
        max_y,
    };
    let mut region = UltrasoundRegion::new(SpatialFormat::TwoD, Some(1), bounds);
    region.flags = 2;
    region.units_x = PhysicalUnit::Centimetre;
    region.units_y = PhysicalUnit::Centimetre;
    region.delta_x = Some(0.051_049_7);
    region.delta_y = Some(0.051_049_7);
    region.reference_pixel = Some(ReferencePixel { x: 30, y: -2 });
    region.reference_value_x = Some(0.0);
    region.reference_value_y = Some(0.25);
    region
}

/// A pulsed Doppler strip below.
pub(crate) fn doppler(max_x: u32, max_y: u32) -> UltrasoundRegion {
    let bounds = RegionBounds {
        min_x: 0,
        min_y: max_y / 2,
        max_x,
        max_y,
    };
    let mut region = UltrasoundRegion::new(SpatialFormat::Spectral, Some(3), bounds);
    region.units_x = PhysicalUnit::Second;
    region.units_y = PhysicalUnit::CentimetrePerSecond;
    region.delta_x = Some(0.004);
    region.delta_y = Some(-1.5);
    region.reference_pixel = Some(ReferencePixel { x: 0, y: 12 });
    region.reference_value_x = Some(0.0);
    region.reference_value_y = Some(0.0);
    region.doppler_correction_angle = Some(0.0);
    region.transducer_frequency = Some(2_000.0);
    region.pulse_repetition_frequency = Some(4_500.0);
    region
}

/// The bytes of a clip.
pub(crate) fn clip_bytes(
    facts: &ClipFacts,
    frames: &(impl Frames + ?Sized),
) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    ClipWriter::clip(&context(), facts, frames)?.write_to(&mut bytes)?;
    Ok(bytes)
}

/// A clip, written and opened again.
pub(crate) fn written(facts: &ClipFacts, frames: &(impl Frames + ?Sized)) -> Clip {
    Clip::from_bytes(clip_bytes(facts, frames).unwrap()).unwrap()
}

/// Peak signal-to-noise ratio in decibel.
pub(crate) fn psnr(one: &Picture, other: &Picture) -> f64 {
    assert_eq!((one.width, one.height), (other.width, other.height));
    assert_eq!(one.rows.len(), other.rows.len());
    let squares = one.rows.iter().zip(&other.rows).map(|(a, b)| {
        let difference = f64::from(*a) - f64::from(*b);
        difference * difference
    });
    let mean = squares.sum::<f64>() / one.rows.len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}
