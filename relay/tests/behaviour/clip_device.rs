//! A device that sends clips: offers one, sends it where the relay wants it, and hears what became of it.

use crate::media::client::{Client, ClipMessage, Kind};
use crate::one_publisher::{buy, demo_device};
use crate::support::{Entered, Relay, consult};
use echo_dicom::write::{
    ClipFacts, Context, Date, Equipment, LocalTime, Mp4, Patient, Series, Study, Uid, UtcOffset,
    Video, VideoMatrix,
};
use echo_dicom::{Clip, TransferSyntax};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::time::Duration;
use wire::clip::{
    CLIP_PIECE_BYTES, ClipCoding, ClipFromAgent, ClipGap, ClipHead, ClipOrigin, ClipPiece,
    ClipSpan, ClipTable, ClipToAgent,
};
use wire::original::Digest;
use wire::{CaptureTime, ClipId, FrameIndex, RtpTime};

/// Pieces sent before the relay is waited for.
const AHEAD: u64 = 1024 * 1024;

/// A clip with what is said of it.
#[derive(Clone)]
pub struct Sample {
    pub head: ClipHead,
    pub times: Vec<RtpTime>,
    pub bytes: Vec<u8>,
}

/// A phantom that lies in the repository.
pub fn phantom(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../sample-dicom");
    std::fs::read(path.join(name)).unwrap()
}

/// A clip of H.264 video whose frames are no pictures, a key frame at every fourth of them.
pub fn video(frames: u32) -> Vec<u8> {
    let stored: Vec<Vec<u8>> = (0..frames).map(stored_frame).collect();
    let sizes: Vec<u32> = stored.iter().map(|frame| frame.len() as u32).collect();
    let times: Vec<Duration> = (0..u64::from(frames))
        .map(|n| Duration::from_micros(n * 40_000 + (n % 5) * 3_000))
        .collect();
    let mp4 = Mp4 {
        columns: 64,
        rows: 48,
        matrix: VideoMatrix::Bt601,
        sequence: &[0x67, 100, 0, 41, 0xAC],
        picture: &[0x68, 0xEB],
        sizes: &sizes,
        times: &times,
        keys: &(0..frames).step_by(4).collect::<Vec<u32>>(),
    };
    let context = Context {
        patient: Patient::default(),
        study: Study::new(Uid::from_uuid(1)),
        series: Series {
            uid: Uid::from_uuid(2),
            number: 1,
            began_at: None,
            description: String::new(),
        },
        equipment: Equipment::default(),
        utc_offset: UtcOffset::JAPAN,
    };
    let taken_at = LocalTime::new(Date::new(2026, 1, 2).unwrap(), 9, 0, 0, 0).unwrap();
    let facts = ClipFacts {
        times: times.clone(),
        ..ClipFacts::new(Uid::from_uuid(3), 1, taken_at)
    };
    let object = Video {
        mp4: &[&mp4.head().unwrap(), &stored.concat()],
        columns: 64,
        rows: 48,
    };
    let mut bytes = Vec::new();
    object.write_to(&context, &facts, &mut bytes).unwrap();
    bytes
}

/// The stored bytes of one of its frames: large enough that some of them arrive later than others.
pub fn stored_frame(index: u32) -> Vec<u8> {
    let unit = vec![index as u8 | 1; 3_000 + index as usize];
    [&(unit.len() as u32).to_be_bytes()[..], &unit].concat()
}

impl Sample {
    /// As if the agent's ring had held its frames, across the wrap of RTP time.
    pub fn captured(bytes: Vec<u8>) -> Self {
        let mut sample = Self::imported(bytes);
        let clip = sample.opened();
        let first = u32::MAX - 20_000;
        let tick = |index| {
            let at = clip.header().frame_times.at(FrameIndex(index)).as_micros();
            u32::try_from(at * 9 / 100).unwrap()
        };
        sample.times = (0..sample.head.frames)
            .map(|index| RtpTime(first.wrapping_add(tick(index))))
            .collect();
        sample.head.origin = ClipOrigin::Captured;
        sample.head.captured = Some(ClipSpan {
            stream: crate::support::stream(),
            first: sample.times[0],
            last: sample.times[sample.times.len() - 1],
        });
        sample
    }

    /// As if the handheld had exported it.
    pub fn imported(bytes: Vec<u8>) -> Self {
        let clip = Clip::from_bytes(bytes.clone()).unwrap();
        let header = clip.header();
        let frame_times = &header.frame_times;
        let head = ClipHead {
            clip: ClipId::random(),
            instance: header.sop_instance_uid.clone(),
            bytes: bytes.len() as u64,
            digest: digest(&bytes),
            frames: header.frames,
            width: header.layout.columns,
            height: header.layout.rows,
            coding: match header.transfer_syntax {
                TransferSyntax::JpegBaseline => ClipCoding::Jpeg,
                TransferSyntax::Rle | TransferSyntax::ExplicitLittleEndian => ClipCoding::Lossless,
                TransferSyntax::H264Level41 => ClipCoding::Video,
                _ => ClipCoding::Other,
            },
            origin: ClipOrigin::Imported,
            taken_at: CaptureTime(1),
            span_us: u64::try_from(frame_times.at(FrameIndex(header.frames - 1)).as_micros())
                .unwrap(),
            view: None,
            marker: None,
            captured: None,
        };
        let times = Vec::new();
        Self { head, times, bytes }
    }

    pub fn opened(&self) -> Clip {
        Clip::from_bytes(self.bytes.clone()).unwrap()
    }

    /// The same object in another file: the preamble belongs to nobody (PS3.10 section 7.1).
    pub fn with_another_preamble(&self) -> Self {
        self.with_another_byte(0)
    }

    /// Another object under the same UID: a pixel of its last frame.
    pub fn with_another_pixel(&self) -> Self {
        self.with_another_byte(self.bytes.len() - 100)
    }

    fn with_another_byte(&self, at: usize) -> Self {
        let mut other = self.clone();
        other.bytes[at] ^= 1;
        other.head.digest = digest(&other.bytes);
        other.head.clip = ClipId::random();
        other
    }

    pub fn path(&self) -> String {
        format!("consults/{}/clips/{}", consult(), self.head.clip)
    }

    pub async fn table(&self, relay: &Relay, who: &Entered) -> ClipTable {
        let answer = relay.asks(who, "GET", &self.path()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }
}

pub fn digest(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

/// A connected device.
pub struct Device {
    pub client: Client,
}

impl Device {
    /// With the channels of our agent.
    pub async fn connect(relay: &Relay) -> Self {
        let (device, key) = demo_device(relay);
        let grant = buy(relay, &device, &key).await;
        let mut client = Client::new(Kind {
            control: true,
            clips: true,
            ..Kind::publisher(9)
        })
        .await;
        let request = relay
            .client
            .post(relay.api(&format!("consults/{}/whip", consult())))
            .bearer_auth(grant["ticket"].as_str().unwrap())
            .header("content-type", "application/sdp")
            .body(client.offer.clone());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 201);
        client.accept(answer.text().await.unwrap());
        client.connected().await;
        let open = |seen: &mut crate::media::client::Seen| {
            (seen.control_open && seen.clips_open).then_some(())
        };
        client.until("the channels", open).await;
        Self { client }
    }

    pub fn offers(&self, sample: &Sample) {
        let offer = ClipFromAgent::Offer {
            head: sample.head.clone(),
            times: sample.times.clone(),
        };
        self.says(&serde_json::to_string(&offer).unwrap());
    }

    pub fn says(&self, text: &str) {
        self.client.send_clip(ClipMessage::Text(text.to_owned()));
    }

    pub fn sends(&self, clip: ClipId, offset: u64, bytes: &[u8]) {
        let message = [&ClipPiece::head(clip, offset)[..], bytes].concat();
        self.client.send_clip(ClipMessage::Piece(message));
    }

    /// The next thing that is said of a clip and was not heard yet.
    pub async fn hears(&self, of: ClipId) -> ClipToAgent {
        self.client
            .until("a word about the clip", |seen| {
                let about = |text: &String| {
                    let word: ClipToAgent = serde_json::from_str(text).unwrap();
                    let clip = match word {
                        ClipToAgent::Wanted { clip, .. }
                        | ClipToAgent::Durable { clip, .. }
                        | ClipToAgent::Kept { clip }
                        | ClipToAgent::KeptBeside { clip }
                        | ClipToAgent::Refused { clip, .. } => clip,
                    };
                    (clip == of).then_some(word)
                };
                let at = seen
                    .clip_texts
                    .iter()
                    .position(|text| about(text).is_some())?;
                about(&seen.clip_texts.remove(at))
            })
            .await
    }

    /// Offers and gives where the relay wants it to begin.
    pub async fn is_wanted(&self, sample: &Sample) -> u64 {
        self.offers(sample);
        match self.hears(sample.head.clip).await {
            ClipToAgent::Wanted { offset, .. } => offset,
            other => panic!("{other:?}"),
        }
    }

    pub async fn is_refused(&self, sample: &Sample) -> ClipGap {
        loop {
            match self.hears(sample.head.clip).await {
                ClipToAgent::Refused { reason, .. } => return reason,
                ClipToAgent::Kept { .. } => panic!("it is kept"),
                _ => {}
            }
        }
    }

    /// Sends from an offset on, up to `to`, not far ahead of what is durable; follows the relay when it wants another
    /// place. Gives the last word.
    pub async fn sends_up_to(&self, sample: &Sample, from: u64, to: u64) -> ClipToAgent {
        let (clip, mut at, mut durable) = (sample.head.clip, from, from);
        loop {
            while at < to && at - durable.min(at) < AHEAD {
                let start = usize::try_from(at).unwrap();
                let end = (start + CLIP_PIECE_BYTES).min(usize::try_from(to).unwrap());
                self.sends(clip, at, &sample.bytes[start..end]);
                at = end as u64;
            }
            match self.hears(clip).await {
                ClipToAgent::Durable { offset, .. } => {
                    durable = offset;
                    if durable >= to && to < sample.head.bytes {
                        return ClipToAgent::Durable { clip, offset };
                    }
                }
                ClipToAgent::Wanted { offset, .. } => (at, durable) = (offset, offset),
                last => return last,
            }
        }
    }

    /// Offers a clip and sends all of it.
    pub async fn brings(&self, sample: &Sample) {
        let from = self.is_wanted(sample).await;
        let last = self.sends_up_to(sample, from, sample.head.bytes).await;
        assert_eq!(
            last,
            ClipToAgent::Kept {
                clip: sample.head.clip
            }
        );
    }
}
