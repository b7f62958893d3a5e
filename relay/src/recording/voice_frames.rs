//! From voice packets as they travelled to frames as they are kept: each once, none from before its recording was allowed.
//!
//! Owns RED (RFC 2198): a packet brings the frame before once more, which makes up for a lost one, and would bring what was said
//! while its speaker was muted, or before anybody consented; that is left out. Sans-IO; it decodes nothing.

use crate::sfu::{TappedVoice, voice_frames};
use recording::{Voice, VoiceSource, VoiceTime};
use std::borrow::Cow;
use std::collections::VecDeque;
use wire::{RelayTime, SessionId};

/// Sources that are remembered: six people who speak, and those whom a new one is taking the place of.
const MAX_SOURCES: usize = 32;
/// Frames of each that are remembered: more than a second, and RED goes back by less.
const MAX_SEEN: usize = 64;

/// Bytes of one source in a second: the most that Opus makes of a voice (510 kbit/s, RFC 6716 §2.1.1). More is none, and would
/// fill the disk.
const MAX_BYTES_PER_S: u64 = 64_000;
/// As above, at once.
const BURST_BYTES: u64 = 2 * MAX_BYTES_PER_S;

/// A voice packet on its way to the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeardPacket {
    /// Whose.
    pub(super) session: SessionId,
    /// How often their recording was allowed by then: after a pause of it nothing from before counts.
    pub(super) opening: u32,
    /// When it arrived.
    pub(super) arrived_at: RelayTime,
    /// As it came.
    pub(super) packet: TappedVoice,
}

/// One source of one speaker.
#[derive(Debug)]
struct Source {
    session: SessionId,
    ssrc: u32,
    opening: u32,
    /// The first time that counts.
    first: u32,
    /// Times of the newest frames.
    seen: VecDeque<u32>,
    /// Bytes that it may still bring, and as of when.
    left: u64,
    since: RelayTime,
}

impl Source {
    /// Whether it may bring so many bytes more.
    fn has_room_for(&mut self, bytes: usize, now: RelayTime) -> bool {
        let us = now.0.saturating_sub(self.since.0).min(1_000_000);
        self.since = now;
        let more = us * MAX_BYTES_PER_S / 1_000_000;
        self.left = (self.left + more).min(BURST_BYTES);
        let left = self.left.checked_sub(bytes as u64);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

/// All of them, the one that was used last behind.
#[derive(Debug, Default)]
pub(super) struct VoiceFrames {
    sources: VecDeque<Source>,
    /// Frames that came too fast, since this was last taken.
    refused: u64,
}

impl VoiceFrames {
    /// The frames that this packet adds, the oldest first.
    pub(super) fn of(&mut self, heard: &HeardPacket) -> Vec<Voice<'static>> {
        let TappedVoice {
            ssrc,
            seq,
            timestamp,
            is_red,
            ref payload,
        } = heard.packet;
        let frames = if is_red {
            voice_frames(payload)
        } else {
            vec![(0, &payload[..])]
        };
        let mut source = self.take(heard);
        let count = frames.len();
        let mut new = Vec::new();
        for (at, (before, opus)) in frames.into_iter().enumerate() {
            let time = timestamp.wrapping_sub(before);
            if opus.is_empty() || is_before(time, source.first) || source.seen.contains(&time) {
                continue;
            }
            if !source.has_room_for(opus.len(), heard.arrived_at) {
                self.refused += 1;
                continue;
            }
            if source.seen.len() >= MAX_SEEN {
                source.seen.pop_front();
            }
            source.seen.push_back(time);
            // Each block stands for one packet before (RFC 2198 §3); there are at most nine.
            let older = u16::try_from(count - 1 - at).unwrap_or_default();
            new.push(Voice {
                session: heard.session,
                arrived_at: heard.arrived_at,
                rtp_time: VoiceTime(time),
                source: VoiceSource(ssrc),
                number: seq.wrapping_sub(older),
                opus: Cow::Owned(opus.to_vec()),
            });
        }
        self.put(source);
        new
    }

    /// How many frames came too fast to be a voice, since this was last asked.
    pub(super) fn take_refused(&mut self) -> u64 {
        std::mem::take(&mut self.refused)
    }

    /// What is known of a packet's source, taken out.
    fn take(&mut self, heard: &HeardPacket) -> Source {
        let (session, ssrc) = (heard.session, heard.packet.ssrc);
        let is_it = |source: &Source| source.session == session && source.ssrc == ssrc;
        let known = self.sources.iter().position(is_it);
        known
            .and_then(|at| self.sources.remove(at))
            .filter(|known| known.opening == heard.opening)
            .unwrap_or_else(|| Source {
                session,
                ssrc,
                opening: heard.opening,
                first: heard.packet.timestamp,
                seen: VecDeque::new(),
                left: BURST_BYTES,
                since: heard.arrived_at,
            })
    }

    /// Puts it back, behind all others.
    fn put(&mut self, source: Source) {
        if self.sources.len() >= MAX_SOURCES {
            self.sources.pop_front();
        }
        self.sources.push_back(source);
    }
}

/// Whether one time comes before another, in numbers that wrap.
const fn is_before(a: u32, b: u32) -> bool {
    a != b && b.wrapping_sub(a) < 1 << 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use uuid::Uuid;

    const TICKS: u32 = 960;

    fn speaker(n: u128) -> SessionId {
        SessionId::from_uuid(Uuid::from_u128(n))
    }

    fn said(n: u16) -> Vec<u8> {
        vec![n as u8; 3]
    }

    /// Packet `n` of a source, with the frame before once more.
    fn red(session: SessionId, opening: u32, n: u16) -> HeardPacket {
        let head = [0x80 | 111, 0x0f, 0x00, 3, 111];
        let payload = [&head[..], &said(n.wrapping_sub(1)), &said(n)].concat();
        plain(session, opening, n, true, payload)
    }

    fn plain(
        session: SessionId,
        opening: u32,
        n: u16,
        is_red: bool,
        payload: Vec<u8>,
    ) -> HeardPacket {
        HeardPacket {
            session,
            opening,
            arrived_at: RelayTime(u64::from(n)),
            packet: TappedVoice {
                ssrc: 7,
                seq: n,
                timestamp: u32::from(n).wrapping_mul(TICKS).wrapping_sub(5 * TICKS),
                is_red,
                payload: Bytes::from(payload),
            },
        }
    }

    fn numbers(frames: &mut VoiceFrames, packets: &[HeardPacket]) -> Vec<u16> {
        let all = packets.iter().flat_map(|packet| frames.of(packet));
        all.inspect(|voice| assert_eq!(*voice.opus, *said(voice.number)))
            .map(|voice| voice.number)
            .collect()
    }

    #[test]
    fn each_frame_is_kept_once_and_a_lost_packet_comes_with_the_next() {
        let one = speaker(1);
        let came = [1, 2, 4, 3, 5, 5].map(|n| red(one, 0, n));
        let kept = numbers(&mut VoiceFrames::default(), &came);
        assert_eq!(kept, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn what_was_said_before_it_was_allowed_is_not_kept_although_it_travels_along() {
        let (one, mut frames) = (speaker(1), VoiceFrames::default());
        assert_eq!(
            numbers(&mut frames, &[red(one, 0, 8), red(one, 0, 9)]),
            [8, 9]
        );
        // Muted until 20: packet 21 brings what was said muted.
        assert_eq!(numbers(&mut frames, &[red(one, 1, 21)]), [21]);
        assert_eq!(
            numbers(&mut frames, &[red(one, 1, 20)]),
            [0_u16; 0],
            "late, and from before"
        );
        assert_eq!(numbers(&mut frames, &[red(one, 1, 23)]), [22, 23]);
    }

    #[test]
    fn speakers_and_sources_do_not_hide_one_another() {
        let mut frames = VoiceFrames::default();
        for n in 0..100 {
            let packet = plain(speaker(n), 0, 1, false, said(1));
            assert_eq!(numbers(&mut frames, &[packet]), [1]);
        }
        assert_eq!(frames.sources.len(), MAX_SOURCES);
        let mut other = plain(speaker(99), 0, 1, false, said(1));
        assert_eq!(numbers(&mut frames, &[other.clone()]), [0_u16; 0]);
        other.packet.ssrc = 8;
        assert_eq!(numbers(&mut frames, &[other]), [1], "they came anew");
    }

    #[test]
    fn a_flood_is_no_voice_and_a_voice_goes_on_after_it() {
        let mut frames = VoiceFrames::default();
        let mut flood = plain(speaker(1), 0, 0, false, vec![7; 1_000]);
        let mut kept = 0;
        for n in 0..10_000 {
            flood.packet.timestamp = n;
            kept += frames.of(&flood).len();
        }
        assert_eq!((kept, frames.take_refused()), (128, 10_000 - 128));
        flood.arrived_at = RelayTime(flood.arrived_at.0 + 1_000_000);
        flood.packet.timestamp = 10_000;
        assert_eq!((frames.of(&flood).len(), frames.take_refused()), (1, 0));
    }

    #[test]
    fn nonsense_is_kept_nowhere() {
        let mut frames = VoiceFrames::default();
        for payload in [vec![], vec![0xff; 20], vec![111]] {
            assert_eq!(frames.of(&plain(speaker(1), 0, 3, true, payload)), []);
        }
        assert_eq!(frames.of(&plain(speaker(1), 0, 3, false, vec![])), []);
    }
}
