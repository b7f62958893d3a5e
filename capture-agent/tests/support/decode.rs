//! Decodes H.264 as a viewer would, with FFmpeg's decoder; luma back to gray.

use capture_agent::encode::AccessUnit;
use capture_agent::picture::{Form, Picture};
use ffmpeg_next::codec::{self, context::Context};
use ffmpeg_next::frame::Video;
use ffmpeg_next::{Packet, color, decoder};

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
