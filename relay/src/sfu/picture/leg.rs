//! One viewer's copy of a stream: its own source, payload type, extension ids and numbering.
//!
//! Owns the rewriting. The RTP timestamp is carried unchanged: marks are anchored by it. Sequence numbers go on without
//! a gap when the viewer starts again at a later keyframe (a new publication, a pause), so that its browser neither
//! freezes nor asks for what never existed. Each packet gets playout-delay 0/0. Invariant: a number that was sent once is
//! sent again only with the very same bytes, or on the retransmission source: its key stream must not be reused (RFC
//! 7714 §8.2).

use super::{Packet, StreamSeq};
use crate::sfu::edge::RtpOut;
use crate::sfu::edge::terms::{Extension, ExtensionIds};
use bytes::Bytes;
use wire::RtpTime;

/// Playout delay: minimum 0, maximum 0 (12 bits each). Anything else lets Chromium hold frames back.
const NO_DELAY: &[u8] = &[0, 0, 0];

/// Retransmissions on a source of their own (RFC 4588).
#[derive(Debug)]
struct Repair {
    ssrc: u32,
    payload_type: u8,
    next: u16,
}

/// Where a viewer's numbering stands.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Stream number of its first packet.
    first: StreamSeq,
    /// What that packet was called for this viewer, without wrap.
    called: u64,
    /// Highest number used.
    highest: u64,
}

/// The copy.
#[derive(Debug)]
pub(crate) struct Leg {
    ssrc: u32,
    payload_type: u8,
    extensions: ExtensionIds,
    repair: Option<Repair>,
    /// Where the numbering begins.
    origin: u64,
    run: Option<Run>,
    /// The highest number of runs that ended.
    ended: Option<u64>,
    /// The newest timestamp written.
    newest: Option<RtpTime>,
    /// Extensions of the packet being written; kept for its allocation.
    written: Vec<(u8, Bytes)>,
}

impl Leg {
    /// A copy that has not begun. `origin` is random; RFC 3711 §3.3.1 wants the first number in the lower half, so that
    /// losing the first packets around a wrap cannot part sender and receiver.
    pub(crate) fn new(
        ssrc: u32,
        payload_type: u8,
        extensions: ExtensionIds,
        repair: Option<(u32, u8)>,
        origin: u16,
    ) -> Self {
        Self {
            ssrc,
            payload_type,
            extensions,
            repair: repair.map(|(ssrc, payload_type)| Repair {
                ssrc,
                payload_type,
                next: origin & 0x3fff,
            }),
            // Room below for packets that overtook the first one.
            origin: u64::from(origin & 0x3fff) + 1_024,
            run: None,
            ended: None,
            newest: None,
            written: Vec::new(),
        }
    }

    /// Whether the viewer can be asked what arrives, and be sent padding.
    pub(crate) fn can_be_measured(&self) -> bool {
        self.repair.is_some() && self.extensions.get(Extension::TransportCc).is_some()
    }

    /// Whether this timestamp is later than all that were written: receivers drop what is not.
    pub(crate) fn is_later(&self, timestamp: u32) -> bool {
        self.newest
            .is_none_or(|newest| RtpTime(timestamp).since(newest) > 0)
    }

    /// The highest sequence number used, as the viewer knows it.
    pub(crate) fn highest(&self) -> Option<u16> {
        self.run.map(|run| run.highest as u16)
    }

    /// Whether packets flow.
    pub(crate) const fn is_live(&self) -> bool {
        self.run.is_some()
    }

    /// Begins, or begins again, at this packet.
    pub(crate) fn start(&mut self, first: StreamSeq) {
        self.pause();
        let called = self.ended.map_or(self.origin, |ended| ended + 1);
        self.run = Some(Run {
            first,
            called,
            highest: called,
        });
    }

    /// Stops until the next `start`.
    pub(crate) fn pause(&mut self) {
        if let Some(run) = self.run.take() {
            self.ended = Some(run.highest);
        }
    }

    /// Whether a packet belongs to what flows: not before its start.
    pub(crate) fn covers(&self, packet: &Packet) -> bool {
        self.run.is_some_and(|run| packet.seq >= run.first)
    }

    /// The packet as this viewer gets it, with a number across its sources if it has one; None before its start.
    pub(crate) fn rewrite<'a>(
        &'a mut self,
        packet: &'a Packet,
        number: Option<u16>,
    ) -> Option<RtpOut<'a>> {
        let run = self.run.as_mut()?;
        let called = run.called + packet.seq.checked_sub(run.first)?;
        run.highest = run.highest.max(called);
        if self.is_later(packet.timestamp) {
            self.newest = Some(RtpTime(packet.timestamp));
        }
        self.rewrite_extensions(packet, number);
        Some(RtpOut {
            ssrc: self.ssrc,
            payload_type: self.payload_type,
            seq: called as u16,
            timestamp: packet.timestamp,
            marker: packet.marker,
            extensions: &self.written,
            original: None,
            payload: &packet.payload,
            padding: 0,
        })
    }

    fn rewrite_extensions(&mut self, packet: &Packet, number: Option<u16>) {
        self.written.clear();
        self.write_number(number);
        if let Some(id) = self.extensions.get(Extension::PlayoutDelay) {
            self.written.push((id, Bytes::from_static(NO_DELAY)));
        }
        for (extension, value) in &packet.extensions {
            if let Some(id) = self.extensions.get(*extension) {
                self.written.push((id, value.clone()));
            }
        }
    }

    fn write_number(&mut self, number: Option<u16>) {
        if let (Some(number), Some(id)) = (number, self.extensions.get(Extension::TransportCc)) {
            let value = Bytes::copy_from_slice(&number.to_be_bytes());
            self.written.push((id, value));
        }
    }

    /// Padding on the retransmission source, where receivers expect it and show nothing of it; none without one.
    pub(crate) fn pad(&mut self, padding: u8, number: Option<u16>) -> Option<RtpOut<'_>> {
        let timestamp = self.newest?.0;
        self.written.clear();
        self.write_number(number);
        let repair = self.repair.as_mut()?;
        let seq = repair.next;
        repair.next = seq.wrapping_add(1);
        Some(RtpOut {
            ssrc: repair.ssrc,
            payload_type: repair.payload_type,
            seq,
            timestamp,
            marker: false,
            extensions: &self.written,
            original: None,
            payload: &[],
            padding,
        })
    }

    /// The stream number of what this viewer reports missing; None when it was not sent in this run.
    pub(crate) fn stream_seq(&self, missing: u16) -> Option<StreamSeq> {
        let run = self.run?;
        let behind = (run.highest as u16).wrapping_sub(missing);
        let called = run.highest.checked_sub(u64::from(behind))?;
        Some(run.first + called.checked_sub(run.called)?)
    }

    /// The packet once more: on the retransmission source when there is one, else exactly as before.
    pub(crate) fn retransmit<'a>(
        &'a mut self,
        packet: &'a Packet,
        number: Option<u16>,
    ) -> Option<RtpOut<'a>> {
        let repair = self.repair.as_mut().map(|repair| {
            let seq = repair.next;
            repair.next = seq.wrapping_add(1);
            (repair.ssrc, repair.payload_type, seq)
        });
        // Without a source for it the very same bytes go out again, and those had no such number or another one.
        let number = number.filter(|_| repair.is_some());
        let original = self.rewrite(packet, number)?;
        Some(match repair {
            None => original,
            Some((ssrc, payload_type, seq)) => RtpOut {
                ssrc,
                payload_type,
                seq,
                original: Some(original.seq),
                ..original
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(seq: u64) -> Packet {
        Packet {
            seq,
            timestamp: 0xdead_beef,
            marker: true,
            extensions: vec![(Extension::VideoOrientation, Bytes::from_static(&[1]))],
            payload: Bytes::from_static(b"picture"),
        }
    }

    fn leg(repair: Option<(u32, u8)>) -> Leg {
        let mut ids = ExtensionIds::default();
        ids.set(Extension::PlayoutDelay, 5);
        ids.set(Extension::VideoOrientation, 9);
        Leg::new(0x1234, 102, ids, repair, 40_000)
    }

    #[test]
    fn source_type_and_extensions_are_the_viewers_and_the_timestamp_is_the_publishers() {
        let mut leg = leg(None);
        leg.start(70);
        let packet = packet(70);
        let out = leg.rewrite(&packet, None).unwrap();
        assert_eq!((out.ssrc, out.payload_type), (0x1234, 102));
        assert_eq!(out.timestamp, 0xdead_beef);
        assert!(out.marker);
        assert_eq!(
            out.extensions,
            [
                (5, Bytes::from_static(&[0, 0, 0])),
                (9, Bytes::from_static(&[1]))
            ]
        );
    }

    #[test]
    fn extensions_that_the_viewer_did_not_agree_to_are_left_out() {
        let mut leg = Leg::new(1, 96, ExtensionIds::default(), None, 0);
        leg.start(0);
        assert!(leg.rewrite(&packet(0), None).unwrap().extensions.is_empty());
    }

    #[test]
    fn numbering_goes_on_without_a_gap_when_it_starts_again() {
        let mut leg = leg(None);
        leg.start(100);
        let first = leg.rewrite(&packet(100), None).unwrap().seq;
        assert!(first < 0x8000, "the first number is in the lower half");
        assert_eq!(leg.rewrite(&packet(105), None).unwrap().seq, first + 5);
        assert_eq!(
            leg.rewrite(&packet(103), None).unwrap().seq,
            first + 3,
            "late"
        );
        leg.start(9_000);
        assert_eq!(
            leg.rewrite(&packet(8_999), None),
            None,
            "from before the start"
        );
        assert_eq!(leg.rewrite(&packet(9_000), None).unwrap().seq, first + 6);
        leg.pause();
        assert_eq!(leg.rewrite(&packet(9_001), None), None);
        leg.start(20_000);
        assert_eq!(leg.rewrite(&packet(20_000), None).unwrap().seq, first + 7);
    }

    #[test]
    fn a_report_of_loss_leads_back_to_the_packet_across_the_wrap() {
        let mut leg = leg(None);
        leg.start(100);
        let called: Vec<u16> = (100..100_000)
            .map(|seq| leg.rewrite(&packet(seq), None).unwrap().seq)
            .collect();
        let last = *called.last().unwrap();
        assert_eq!(leg.stream_seq(last), Some(99_999));
        assert_eq!(leg.stream_seq(last.wrapping_sub(500)), Some(99_499));
    }

    #[test]
    fn what_was_never_sent_in_this_run_is_not_found() {
        let mut leg = leg(None);
        assert_eq!(leg.stream_seq(5), None);
        leg.start(100);
        let first = leg.rewrite(&packet(100), None).unwrap().seq;
        assert_eq!(leg.stream_seq(first.wrapping_sub(1)), None);
        assert_eq!(leg.stream_seq(first.wrapping_add(1)), None, "not sent yet");
    }

    #[test]
    fn a_retransmission_is_the_same_bytes_or_goes_on_its_own_source() {
        let mut plain = leg(None);
        plain.start(0);
        let packet = packet(0);
        let sent = format!("{:?}", plain.rewrite(&packet, None));
        assert_eq!(format!("{:?}", plain.retransmit(&packet, None)), sent);

        let mut with_repair = leg(Some((0x5678, 103)));
        with_repair.start(0);
        let sent = with_repair.rewrite(&packet, None).unwrap().seq;
        let first = with_repair.retransmit(&packet, None).unwrap();
        assert_eq!((first.ssrc, first.payload_type), (0x5678, 103));
        assert_eq!(first.original, Some(sent));
        assert_eq!(first.payload, packet.payload);
        assert_eq!(first.timestamp, packet.timestamp);
        let first = first.seq;
        let second = with_repair.retransmit(&packet, None).unwrap().seq;
        assert_eq!(second, first.wrapping_add(1));
    }
}
