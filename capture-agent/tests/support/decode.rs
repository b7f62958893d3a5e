//! Decodes H.264 as a viewer would, with FFmpeg's decoder; luma back to gray, and clips back to their own pixels.

use capture_agent::encode::AccessUnit;
use capture_agent::picture::{Form, Picture};
use echo_dicom::Clip;
use ffmpeg_next::codec::{self, context::Context};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;
use ffmpeg_next::software::scaling;
use ffmpeg_next::{Packet, color, decoder, ffi};
use wire::FrameIndex;

pub struct Decoder {
    decoder: decoder::Video,
}

/// A decoded picture: its luma as gray levels, and what the stream says about it.
pub struct Decoded {
    pub gray: Picture,
    pub chroma: [u8; 2],
    pub range: color::Range,
    pub space: color::Space,
}

impl Decoder {
    pub fn new() -> Self {
        ffmpeg_next::init().unwrap();
        ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Fatal);
        let codec = decoder::find(codec::Id::H264).unwrap();
        let mut context = Context::new_with_codec(codec);
        context.set_flags(codec::Flags::LOW_DELAY);
        Self {
            decoder: context.decoder().video().unwrap(),
        }
    }

    /// The picture of one access unit; none when it cannot be decoded yet.
    pub fn decode(&mut self, unit: &AccessUnit) -> Option<Decoded> {
        self.decoder.send_packet(&Packet::copy(&unit.data)).ok()?;
        let mut frame = Video::empty();
        self.decoder.receive_frame(&mut frame).ok()?;
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let stride = frame.stride(0);
        let gray = |luma: &u8| ((i32::from(*luma) - 16) * 255 / 219).clamp(0, 255) as u8;
        let rows = frame
            .data(0)
            .chunks(stride)
            .take(height)
            .flat_map(|row| row[..width].iter().map(gray))
            .collect();
        let middle = frame.stride(1) * (height / 4) + width / 4;
        Some(Decoded {
            gray: Picture::from_rows(frame.width(), frame.height(), Form::Gray8, rows).unwrap(),
            chroma: [frame.data(1)[middle], frame.data(2)[middle]],
            range: frame.color_range(),
            space: frame.color_space(),
        })
    }
}

/// All frames of a video clip, decoded from what `echo-dicom` finds in it: canonical rows of this form.
pub fn frames_of(clip: &Clip, form: Form) -> Vec<Vec<u8>> {
    ffmpeg_next::init().unwrap();
    let video = clip.video().expect("a video clip");
    let mut context = Context::new_with_codec(decoder::find(codec::Id::H264).unwrap());
    let description = video.description();
    // SAFETY: the context is ours and not opened; FFmpeg frees what `av_mallocz` gave, with the padding that it asks for.
    unsafe {
        let padding = ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
        let place = ffi::av_mallocz(description.len() + padding).cast::<u8>();
        place.copy_from_nonoverlapping(description.as_ptr(), description.len());
        let context = context.as_mut_ptr();
        (*context).extradata = place;
        (*context).extradata_size = description.len() as i32;
    }
    let mut decoder = context.decoder().video().unwrap();
    let mut frames = Vec::new();
    for index in 0..clip.header().frames {
        let mut packet = Packet::copy(&clip.video_frame(FrameIndex(index)).unwrap());
        packet.set_pts(Some(i64::from(index)));
        decoder.send_packet(&packet).unwrap();
        drain(&mut decoder, form, &mut frames);
    }
    decoder.send_eof().unwrap();
    drain(&mut decoder, form, &mut frames);
    frames
}

fn drain(decoder: &mut decoder::Video, form: Form, frames: &mut Vec<Vec<u8>>) {
    let mut frame = Video::empty();
    while decoder.receive_frame(&mut frame).is_ok() {
        assert_eq!(frame.pts(), Some(frames.len() as i64), "in order");
        let mut rgb = Video::empty();
        let (width, height) = (frame.width(), frame.height());
        let flags = scaling::Flags::BILINEAR | scaling::Flags::ACCURATE_RND;
        let mut scaler = scaling::Context::get(
            frame.format(),
            width,
            height,
            Pixel::RGB24,
            width,
            height,
            flags,
        )
        .unwrap();
        let matrix = match frame.color_space() {
            color::Space::BT709 => ffi::SWS_CS_ITU709,
            _ => ffi::SWS_CS_ITU601,
        };
        // SAFETY: the scaler is live and the tables are static data of swscale.
        unsafe {
            let table = ffi::sws_getCoefficients(matrix);
            ffi::sws_setColorspaceDetails(
                scaler.as_mut_ptr(),
                table,
                0,
                table,
                1,
                0,
                1 << 16,
                1 << 16,
            );
        }
        scaler.run(&frame, &mut rgb).unwrap();
        let row = width as usize * 3;
        let rows: Vec<u8> = rgb
            .data(0)
            .chunks(rgb.stride(0))
            .take(height as usize)
            .flat_map(|line| line[..row].to_vec())
            .collect();
        frames.push(match form {
            Form::Gray8 => rows.chunks(3).map(|pixel| pixel[1]).collect(),
            Form::Rgb8 => rows,
        });
    }
}
