//! The tracks of a recording of voices, read back: who spoke, when, packet by packet.
//!
//! Owns what makes a track (one speaker's packets of one source) and their order, which is that of RTP time without its wrap;
//! a packet that came twice counts once. It decodes nothing: a pause is a jump of time, a loss a jump of number as well. What is
//! spoilt is left out, as everywhere.

use crate::record::{Record, Voice, VoiceSource, VoiceTime};
use crate::recording::Recording;
use std::collections::BTreeMap;
use std::io;
use wire::{RelayTime, SessionId};

/// What one person said without coming anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceTrack {
    /// Who spoke.
    pub session: SessionId,
    /// From which source.
    pub source: VoiceSource,
    /// In the order in which they were said; at least one. An hour of speech takes some 20 MB.
    pub packets: Vec<Voice<'static>>,
}

impl VoiceTrack {
    /// When its first packet arrived.
    #[must_use]
    pub fn begins_at(&self) -> Option<RelayTime> {
        self.packets.first().map(|packet| packet.arrived_at)
    }
}

impl Recording {
    /// All tracks, in order of their beginnings.
    ///
    /// # Errors
    /// The system's. A segment that cannot be used is left out; its report says so.
    pub fn voice_tracks(&self) -> io::Result<Vec<VoiceTrack>> {
        let mut found: BTreeMap<(SessionId, VoiceSource), Placed> = BTreeMap::new();
        for report in self.reports() {
            let Ok(mut scanner) = self.scan(report.segment) else {
                continue;
            };
            while let Some(scanned) = scanner.next_record()? {
                if let Record::Voice(voice) = scanned.record {
                    let placed = found.entry((voice.session, voice.source)).or_default();
                    placed.put(voice.into_owned());
                }
            }
        }
        let mut tracks: Vec<VoiceTrack> = found
            .into_iter()
            .map(|((session, source), placed)| VoiceTrack {
                session,
                source,
                packets: placed.packets.into_values().collect(),
            })
            .collect();
        tracks.sort_by_key(|track| (track.begins_at(), track.session, track.source));
        Ok(tracks)
    }
}

/// Packets by their time without its wrap.
#[derive(Debug, Default)]
struct Placed {
    last: Option<(i64, VoiceTime)>,
    packets: BTreeMap<(i64, u16), Voice<'static>>,
}

impl Placed {
    fn put(&mut self, voice: Voice<'static>) {
        // Less than half a round of RTP time, 12 hours, lies between two packets of one source as they arrive.
        let at = self.last.map_or(0, |(at, last)| {
            #[expect(clippy::cast_possible_wrap, reason = "the nearer way around")]
            let step = voice.rtp_time.0.wrapping_sub(last.0) as i32;
            at.saturating_add(i64::from(step))
        });
        self.last = Some((at, voice.rtp_time));
        self.packets.entry((at, voice.number)).or_insert(voice);
    }
}
