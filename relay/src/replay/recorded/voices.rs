//! Recorded voices on the relay's time.
//!
//! Owns what a track is, and its answers. Where its packets lie says `laying`: as far from each other as their sender says, so that what
//! the network held up sounds as it was said. It decodes nothing.

use super::laying::laid;
use recording::{Recording, VoiceTrack};
use std::io;
use wire::replay::{MAX_REPLAY_BYTES, ReplayVoice};
use wire::{ConsentId, RelayTime, SessionId};

/// Silence shorter than this belongs to what is spoken around it.
const PAUSE_US: u64 = 1_000_000;
/// One packet (RFC 7587 §4.2), as browsers send them.
const PACKET_US: u64 = 20_000;

/// What one person said without coming anew.
#[derive(Debug)]
pub(super) struct PlacedTrack {
    name: String,
    session: SessionId,
    /// In order of their moments.
    packets: Vec<(RelayTime, Vec<u8>)>,
}

/// All that was recorded, in order of beginnings.
///
/// # Errors
/// The system's.
pub(super) fn placed(found: &[(ConsentId, Recording)]) -> io::Result<Vec<PlacedTrack>> {
    let mut tracks = Vec::new();
    for (consent, recording) in found {
        let all = recording.voice_tracks()?;
        tracks.extend(all.into_iter().map(|track| place(*consent, track)));
    }
    tracks.sort_by_key(|track| track.packets.first().map(|(at, _)| *at));
    Ok(tracks)
}

fn place(consent: ConsentId, track: VoiceTrack) -> PlacedTrack {
    // A consent, a speaker and a source: the same speaker may come again with the same source under another consent.
    let name = format!("{consent}.{}.{:08x}", track.session, track.source.0);
    let first = track.packets.first().map_or(0, |packet| packet.rtp_time.0);
    let mut after = 0_i64;
    let mut last = first;
    let after_us: Vec<i64> = track
        .packets
        .iter()
        .map(|packet| {
            // They are in order; the wrap of 32 bits at 48 kHz comes once a day.
            after += i64::from(packet.rtp_time.0.wrapping_sub(last).cast_signed());
            last = packet.rtp_time.0;
            after * 1_000 / 48
        })
        .collect();
    let arrived_us: Vec<i64> = track
        .packets
        .iter()
        .map(|packet| packet.arrived_at.0.cast_signed())
        .collect();
    let mut packets: Vec<(RelayTime, Vec<u8>)> = laid(&arrived_us, &after_us)
        .into_iter()
        .zip(track.packets)
        .map(|(at, packet)| {
            let at = u64::try_from(at).unwrap_or_default();
            (RelayTime(at), packet.opus.into_owned())
        })
        .collect();
    packets.sort_by_key(|(at, _)| *at);
    PlacedTrack {
        name,
        session: track.session,
        packets,
    }
}

impl PlacedTrack {
    /// Whether this is its name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name
    }

    /// When who spoke.
    pub(super) fn about(&self) -> ReplayVoice {
        let mut spoken: Vec<(RelayTime, RelayTime)> = Vec::new();
        for (at, _) in &self.packets {
            let until = RelayTime(at.0 + PACKET_US);
            match spoken.last_mut() {
                Some((_, end)) if at.0 < end.0 + PAUSE_US => *end = until,
                _ => spoken.push((*at, until)),
            }
        }
        ReplayVoice {
            track: self.name.clone(),
            session: self.session,
            spoken,
        }
    }

    /// Packets from this moment on, as many as one answer holds.
    pub(super) fn packets(&self, from: RelayTime) -> Vec<u8> {
        let begin = self.packets.partition_point(|(at, _)| *at < from);
        let mut out = Vec::new();
        for (at, opus) in self.packets.iter().skip(begin) {
            if out.len() + opus.len() > MAX_REPLAY_BYTES {
                break;
            }
            out.extend(at.0.to_be_bytes());
            // At most `MAX_VOICE_BYTES`.
            out.extend(u16::try_from(opus.len()).unwrap_or_default().to_be_bytes());
            out.extend_from_slice(opus);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recording::{Voice, VoiceSource, VoiceTime};
    use std::borrow::Cow;

    #[test]
    fn what_the_network_held_up_sounds_as_it_was_said() {
        let session = SessionId::random();
        // Fifty packets; the tenth to the nineteenth came late together, and after the thirtieth there was a pause of 3 s.
        let packets = (0..50_u64).map(|n| {
            let said = n * 20_000 + if n >= 30 { 3_000_000 } else { 0 };
            let late = if (10..20).contains(&n) {
                (20 - n) * 20_000
            } else {
                500 * (n % 3)
            };
            Voice {
                session,
                arrived_at: RelayTime(1_795_000_000_000_000 + said + late),
                rtp_time: VoiceTime(
                    u32::MAX.wrapping_add(u32::try_from(said * 48 / 1_000).unwrap()),
                ),
                source: VoiceSource(5),
                number: u16::try_from(n).unwrap(),
                opus: Cow::Owned(vec![u8::try_from(n).unwrap(); 3]),
            }
        });
        let track = VoiceTrack {
            session,
            source: VoiceSource(5),
            packets: packets.collect(),
        };
        let placed = place(ConsentId::random(), track);
        let steps: Vec<u64> = placed
            .packets
            .windows(2)
            .map(|pair| pair[1].0.0 - pair[0].0.0)
            .collect();
        assert!(
            steps.iter().all(|step| [20_000, 3_020_000].contains(step)),
            "{steps:?}"
        );
        let begin = placed.packets[0].0;
        assert_eq!(begin, RelayTime(1_795_000_000_000_000));
        assert_eq!(placed.about().spoken.len(), 2);
        let from = RelayTime(begin.0 + 100_000);
        let bytes = placed.packets(from);
        assert_eq!(bytes.len(), 45 * 13);
        assert_eq!(bytes[..8], from.0.to_be_bytes());
        assert_eq!(bytes[8..13], [0, 3, 5, 5, 5]);
    }
}
