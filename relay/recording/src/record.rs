//! What a segment holds: frames, voice packets, moves of pointers, notes on gaps, and the mark of a proper end.
//!
//! Owns turning them into bytes and back, and their limits. A payload is parsed only after its checksum was proven.

use crate::event::Refused;
use crate::format::{
    END, FRAME, GAP, HEAD_BYTES, Head, INDEXED, KEYFRAME, MAX_UNIT_BYTES, MAX_VOICE_BYTES,
    OVER_PICTURE, POINTER, VOICE, checksum, take,
};
use crate::pointers::{Place, PointerMove};
use crate::tick::Tick;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use uuid::Uuid;
use wire::{CaptureTime, FrameIndex, RelayTime, RtpTime, SessionId};

/// One coded frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// As stamped at capture.
    pub rtp_time: RtpTime,
    /// By the clock of the device that stamped it; of a frame that arrived, what its stamp means.
    pub captured_at: CaptureTime,
    /// Position at capture, when it is known.
    pub index: Option<FrameIndex>,
    /// Whether decoding can start here.
    pub keyframe: bool,
    /// The access unit in Annex B form.
    pub unit: Cow<'a, [u8]>,
}

impl Frame<'_> {
    /// Its moment.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        Tick::of(self.rtp_time, self.captured_at)
    }

    /// A copy that stands alone.
    #[must_use]
    pub fn into_owned(self) -> Frame<'static> {
        Frame {
            unit: Cow::Owned(self.unit.into_owned()),
            ..self
        }
    }
}

/// By what two access units are known to be the same: the first half of a SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameHash(pub [u8; 16]);

impl FrameHash {
    /// Of an access unit.
    #[must_use]
    pub fn of(unit: &[u8]) -> Self {
        let whole: [u8; 32] = Sha256::digest(unit).into();
        let (half, _) = whole
            .split_first_chunk()
            .unwrap_or((&[0; 16], Default::default()));
        Self(*half)
    }
}

/// RTP time of a voice packet: 48 kHz from an origin of the sender's choice (RFC 7587 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VoiceTime(pub u32);

/// The source of voice packets (RFC 3550 §3). Somebody who comes anew has another one, with a timeline of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VoiceSource(pub u32);

/// One voice packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice<'a> {
    /// Who speaks.
    pub session: SessionId,
    /// When it arrived, which lays it beside the picture.
    pub arrived_at: RelayTime,
    /// Its place among those of its source.
    pub rtp_time: VoiceTime,
    /// Its source.
    pub source: VoiceSource,
    /// Its number there: where time jumps and this does not, somebody paused; where both do, packets are lost.
    pub number: u16,
    /// As it came.
    pub opus: Cow<'a, [u8]>,
}

/// Why there are no frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The link was away.
    Link,
    /// The source gave no picture.
    Source,
    /// The disk took nothing.
    Disk,
    /// The program was not running.
    Restart,
}

/// A stretch without frames, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GapNote {
    /// Last frame before it.
    pub before: RtpTime,
    /// First frame after it.
    pub after: RtpTime,
    /// Reason.
    pub why: Why,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record<'a> {
    /// A coded frame.
    Frame(Frame<'a>),
    /// A voice packet.
    Voice(Voice<'a>),
    /// A pointer moved.
    Pointer(PointerMove),
    /// A note on a gap.
    Gap(GapNote),
}

/// A payload with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parsed<'a> {
    Frame(Frame<'a>, FrameHash),
    Voice(Voice<'a>),
    Pointer(PointerMove),
    Gap(GapNote),
    End,
}

impl Voice<'_> {
    /// A copy that stands alone.
    #[must_use]
    pub fn into_owned(self) -> Voice<'static> {
        Voice {
            opus: Cow::Owned(self.opus.into_owned()),
            ..self
        }
    }
}

impl Record<'_> {
    /// Appends the record to `out`; gives the hash of a frame's unit.
    pub(crate) fn write(
        &self,
        sequence: u64,
        salt: u32,
        out: &mut Vec<u8>,
    ) -> Result<Option<FrameHash>, Refused> {
        match self {
            Self::Frame(frame) => {
                within(&frame.unit, MAX_UNIT_BYTES)?;
                let hash = FrameHash::of(&frame.unit);
                let mut flags = 0;
                if frame.keyframe {
                    flags |= KEYFRAME;
                }
                if frame.index.is_some() {
                    flags |= INDEXED;
                }
                put(out, (FRAME, flags), (sequence, salt), |out| {
                    out.extend(frame.rtp_time.0.to_be_bytes());
                    out.extend(frame.captured_at.0.to_be_bytes());
                    out.extend(frame.index.unwrap_or_default().0.to_be_bytes());
                    out.extend(hash.0);
                    out.extend_from_slice(&frame.unit);
                });
                Ok(Some(hash))
            }
            Self::Voice(voice) => {
                within(&voice.opus, MAX_VOICE_BYTES)?;
                put(out, (VOICE, 0), (sequence, salt), |out| {
                    out.extend(voice.session.uuid().as_bytes());
                    out.extend(voice.arrived_at.0.to_be_bytes());
                    out.extend(voice.rtp_time.0.to_be_bytes());
                    out.extend(voice.source.0.to_be_bytes());
                    out.extend(voice.number.to_be_bytes());
                    out.extend_from_slice(&voice.opus);
                });
                Ok(None)
            }
            Self::Pointer(moved) => {
                let place = moved.place.unwrap_or_default();
                let flags = moved.place.map_or(0, |_| OVER_PICTURE);
                put(out, (POINTER, flags), (sequence, salt), |out| {
                    out.extend(moved.session.uuid().as_bytes());
                    out.extend(moved.at.0.to_be_bytes());
                    out.extend(place.x.to_be_bytes());
                    out.extend(place.y.to_be_bytes());
                });
                Ok(None)
            }
            Self::Gap(note) => {
                put(out, (GAP, 0), (sequence, salt), |out| {
                    out.extend(note.before.0.to_be_bytes());
                    out.extend(note.after.0.to_be_bytes());
                    out.push(match note.why {
                        Why::Link => 1,
                        Why::Source => 2,
                        Why::Disk => 3,
                        Why::Restart => 4,
                    });
                });
                Ok(None)
            }
        }
    }
}

/// Appends the mark of a proper end.
pub(crate) fn write_end(frames: u32, sequence: u64, salt: u32, out: &mut Vec<u8>) {
    put(out, (END, 0), (sequence, salt), |out| {
        out.extend(frames.to_be_bytes());
    });
}

fn within(bytes: &[u8], most: usize) -> Result<(), Refused> {
    match bytes.len() {
        0 => Err(Refused::Empty),
        length if length > most => Err(Refused::TooLong),
        _ => Ok(()),
    }
}

fn put(
    out: &mut Vec<u8>,
    (kind, flags): (u8, u8),
    (sequence, salt): (u64, u32),
    payload: impl FnOnce(&mut Vec<u8>),
) {
    let begin = out.len();
    out.resize(begin + HEAD_BYTES, 0);
    payload(out);
    let (_, rest) = out.split_at_mut(begin);
    let Some((place, payload)) = rest.split_first_chunk_mut::<HEAD_BYTES>() else {
        return;
    };
    let head = Head {
        kind,
        flags,
        // Below 2^24 by the limits above.
        length: u32::try_from(payload.len()).unwrap_or(u32::MAX),
        sequence,
        sum: checksum(salt, payload),
    };
    place.copy_from_slice(&head.bytes(salt));
}

/// The meaning of a proven payload; nothing for a kind of a later program or a form that no writer makes.
pub(crate) fn parse<'a>(head: &Head, payload: &'a [u8]) -> Option<Parsed<'a>> {
    let mut rest = payload;
    let from = &mut rest;
    match head.kind {
        FRAME => {
            let rtp_time = RtpTime(u32::from_be_bytes(take(from)?));
            let captured_at = CaptureTime(u64::from_be_bytes(take(from)?));
            let index = FrameIndex(u32::from_be_bytes(take(from)?));
            let hash = FrameHash(take(from)?);
            within(rest, MAX_UNIT_BYTES).ok()?;
            let frame = Frame {
                rtp_time,
                captured_at,
                index: (head.flags & INDEXED != 0).then_some(index),
                keyframe: head.flags & KEYFRAME != 0,
                unit: Cow::Borrowed(rest),
            };
            Some(Parsed::Frame(frame, hash))
        }
        VOICE => {
            let session = SessionId::from_uuid(Uuid::from_bytes(take(from)?));
            let arrived_at = RelayTime(u64::from_be_bytes(take(from)?));
            let rtp_time = VoiceTime(u32::from_be_bytes(take(from)?));
            let source = VoiceSource(u32::from_be_bytes(take(from)?));
            let number = u16::from_be_bytes(take(from)?);
            within(rest, MAX_VOICE_BYTES).ok()?;
            Some(Parsed::Voice(Voice {
                session,
                arrived_at,
                rtp_time,
                source,
                number,
                opus: Cow::Borrowed(rest),
            }))
        }
        POINTER => {
            let session = SessionId::from_uuid(Uuid::from_bytes(take(from)?));
            let at = RelayTime(u64::from_be_bytes(take(from)?));
            let place = Place {
                x: u16::from_be_bytes(take(from)?),
                y: u16::from_be_bytes(take(from)?),
            };
            Some(Parsed::Pointer(PointerMove {
                session,
                at,
                place: (head.flags & OVER_PICTURE != 0).then_some(place),
            }))
        }
        GAP => {
            let before = RtpTime(u32::from_be_bytes(take(from)?));
            let after = RtpTime(u32::from_be_bytes(take(from)?));
            let why = match take(from)? {
                [1] => Why::Link,
                [2] => Why::Source,
                [3] => Why::Disk,
                [4] => Why::Restart,
                _ => return None,
            };
            Some(Parsed::Gap(GapNote { before, after, why }))
        }
        END => Some(Parsed::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(record: &Record<'_>) {
        let mut bytes = vec![0xff; 3];
        let hash = record.write(5, 9, &mut bytes).unwrap();
        let head = Head::parse(&bytes[3..], 9).unwrap();
        let payload = &bytes[3 + HEAD_BYTES..];
        assert_eq!(head.length as usize, payload.len());
        assert_eq!((head.sequence, head.sum), (5, checksum(9, payload)));
        let parsed = match parse(&head, payload).unwrap() {
            Parsed::Frame(frame, found) => {
                assert_eq!(Some(found), hash);
                Record::Frame(frame)
            }
            Parsed::Voice(voice) => Record::Voice(voice),
            Parsed::Pointer(moved) => Record::Pointer(moved),
            Parsed::Gap(note) => Record::Gap(note),
            Parsed::End => panic!("no end was written"),
        };
        assert_eq!(&parsed, record);
    }

    #[test]
    fn every_kind_comes_back_as_it_was_written() {
        let frame = Frame {
            rtp_time: RtpTime(u32::MAX),
            captured_at: CaptureTime(1_795_000_000_000_000),
            index: Some(FrameIndex(7)),
            keyframe: true,
            unit: Cow::Borrowed(&[0, 0, 0, 1, 0x65, 1]),
        };
        round(&Record::Frame(frame.clone()));
        round(&Record::Frame(Frame {
            index: None,
            keyframe: false,
            ..frame
        }));
        round(&Record::Voice(Voice {
            session: SessionId::random(),
            arrived_at: RelayTime(12),
            rtp_time: VoiceTime(960),
            source: VoiceSource(0xfeed_beef),
            number: u16::MAX,
            opus: Cow::Borrowed(&[0xf8]),
        }));
        for place in [None, Some(Place { x: 0, y: u16::MAX })] {
            round(&Record::Pointer(PointerMove {
                session: SessionId::random(),
                at: RelayTime(1_795_000_000_000_000),
                place,
            }));
        }
        for why in [Why::Link, Why::Source, Why::Disk, Why::Restart] {
            let (before, after) = (RtpTime(u32::MAX), RtpTime(9));
            round(&Record::Gap(GapNote { before, after, why }));
        }
    }

    #[test]
    fn what_is_empty_or_too_long_is_refused() {
        let mut frame = Frame {
            rtp_time: RtpTime(1),
            captured_at: CaptureTime(1),
            index: None,
            keyframe: false,
            unit: Cow::Borrowed(&[]),
        };
        let mut out = Vec::new();
        let write = |frame: &Frame<'_>, out: &mut Vec<u8>| {
            Record::Frame(frame.clone()).write(0, 0, out).unwrap_err()
        };
        assert_eq!(write(&frame, &mut out), Refused::Empty);
        frame.unit = Cow::Owned(vec![0; MAX_UNIT_BYTES + 1]);
        assert_eq!(write(&frame, &mut out), Refused::TooLong);
        assert!(out.is_empty());
    }

    #[test]
    fn a_payload_cut_anywhere_is_none() {
        let mut bytes = Vec::new();
        let note = GapNote {
            before: RtpTime(1),
            after: RtpTime(2),
            why: Why::Link,
        };
        Record::Gap(note).write(0, 0, &mut bytes).unwrap();
        let head = Head::parse(&bytes, 0).unwrap();
        for end in HEAD_BYTES..bytes.len() {
            assert_eq!(parse(&head, &bytes[HEAD_BYTES..end]), None);
        }
    }
}
