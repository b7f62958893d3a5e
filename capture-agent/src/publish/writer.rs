//! Coded frames to RTP packets, written out at once.
//!
//! The RTP time of every packet is the frame's own, unchanged. The play-out delay extension says 0/0 on each packet.
//! All packets of a frame leave in one go: waiting would be delay.

use crate::orders::CodedFrame;
use crate::publish::peer::WireNames;
use crate::sync::held;
use bytes::Bytes;
use rtc::rtp::Packet;
use rtc::rtp::header::Header;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use webrtc::error::Result;
use webrtc::media_stream::track_local::TrackLocal;
use wire::agent::FrameStamp;

/// Minimum 0 and maximum 0, in units of 10 ms, 12 bits each.
const NO_DELAY: [u8; 3] = [0; 3];

/// Stamp of the newest frame that went out.
pub(super) type LastSent = Arc<Mutex<Option<FrameStamp>>>;

/// Cuts frames into packets with running sequence numbers.
pub(super) struct Packets {
    names: WireNames,
    sequence: u16,
}

impl Packets {
    pub(super) const fn new(names: WireNames, first_sequence: u16) -> Self {
        Self {
            names,
            sequence: first_sequence,
        }
    }

    /// The packets of one frame, the last one marked (RFC 6184 §5.1).
    pub(super) fn of(&mut self, frame: CodedFrame) -> Result<Vec<Packet>> {
        let count = frame.payloads.len();
        let mut packets = Vec::with_capacity(count);
        for (at, payload) in frame.payloads.into_iter().enumerate() {
            let mut header = Header {
                version: 2,
                marker: at + 1 == count,
                payload_type: self.names.payload_type,
                sequence_number: self.sequence,
                timestamp: frame.unit.rtp_time.0,
                ssrc: self.names.ssrc,
                csrc: self.names.low_ssrc.into_iter().collect(),
                ..Default::default()
            };
            if let Some(id) = self.names.playout_delay {
                header.set_extension(id, Bytes::from_static(&NO_DELAY))?;
            }
            self.sequence = self.sequence.wrapping_add(1);
            packets.push(Packet { header, payload });
        }
        Ok(packets)
    }
}

/// Writes frames to `track` until no more come or the connection is gone.
pub(super) async fn write_frames(
    mut frames: mpsc::Receiver<CodedFrame>,
    track: Arc<dyn TrackLocal>,
    mut packets: Packets,
    last_sent: LastSent,
) -> Result<()> {
    while let Some(frame) = frames.recv().await {
        let stamp = frame.stamp;
        for packet in packets.of(frame)? {
            track.write_rtp(packet).await?;
        }
        *held(&last_sent) = Some(stamp);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::AccessUnit;
    use wire::{CaptureTime, FrameIndex, RtpTime, StreamId};

    fn frame(rtp_time: u32, payloads: usize) -> CodedFrame {
        let stamp = FrameStamp {
            stream: StreamId::random(),
            index: FrameIndex(0),
            captured_at: CaptureTime(0),
            rtp_time: RtpTime(rtp_time),
        };
        let unit = AccessUnit {
            rtp_time: RtpTime(rtp_time),
            keyframe: false,
            data: Bytes::new(),
        };
        CodedFrame {
            stamp,
            unit,
            payloads: vec![Bytes::from_static(b"x"); payloads],
        }
    }

    #[test]
    fn a_frame_becomes_packets_with_its_own_rtp_time_and_one_marker_at_the_end() {
        let names = WireNames {
            payload_type: 96,
            ssrc: 7,
            low_ssrc: None,
            playout_delay: Some(5),
            reports_arrivals: true,
        };
        let mut packets = Packets::new(names, 65_534);
        let made: Vec<Packet> = [frame(4_000_000_000, 3), frame(4_000_003_000, 1)]
            .into_iter()
            .flat_map(|frame| packets.of(frame).unwrap())
            .collect();
        let told: Vec<_> = made
            .iter()
            .map(|p| {
                (
                    p.header.sequence_number,
                    p.header.timestamp,
                    p.header.marker,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (65_534, 4_000_000_000, false),
                (65_535, 4_000_000_000, false),
                (0, 4_000_000_000, true),
                (1, 4_000_003_000, true)
            ]
        );
        assert!(
            made.iter()
                .all(|packet| packet.header.get_extension(5).as_deref() == Some(&[0, 0, 0]))
        );
    }
}
