//! Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1) in our words.
//!
//! Owns the reading of one report that `rtc` has parsed. Invariant: at most `MAX_FATES` packets are spoken of, however many
//! the report's run lengths claim.

use super::contract::Arrivals;
use bandwidth::Fate;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, SymbolTypeTcc, TransportLayerCc,
};
use std::time::Duration;

/// The reference time counts in steps of 64 ms.
const STEP: Duration = Duration::from_millis(64);
/// Packets taken from one report: a second at 10 Mbit/s. Receivers report ten times a second.
const MAX_FATES: usize = 1_024;

/// Reads a report.
pub(super) fn arrivals(report: &TransportLayerCc) -> Arrivals {
    let mut at = STEP * report.reference_time;
    // `rtc` gives them in microseconds.
    let mut deltas = report.recv_deltas.iter().map(|delta| delta.delta);
    let symbols = report.packet_chunks.iter().flat_map(symbols);
    let count = usize::from(report.packet_status_count).min(MAX_FATES);
    let fates = symbols.take(count).map(|symbol| match symbol {
        SymbolTypeTcc::PacketNotReceived => Fate::Lost,
        SymbolTypeTcc::PacketReceivedWithoutDelta => Fate::Untimed,
        SymbolTypeTcc::PacketReceivedSmallDelta | SymbolTypeTcc::PacketReceivedLargeDelta => {
            let Some(delta) = deltas.next() else {
                return Fate::Untimed;
            };
            let step = Duration::from_micros(delta.unsigned_abs());
            at = if delta < 0 {
                at.saturating_sub(step)
            } else {
                at.saturating_add(step)
            };
            Fate::Arrived(at)
        }
    });
    Arrivals {
        first: report.base_sequence_number,
        fates: fates.collect(),
    }
}

fn symbols(chunk: &PacketStatusChunk) -> Box<dyn Iterator<Item = SymbolTypeTcc> + '_> {
    match chunk {
        PacketStatusChunk::RunLengthChunk(run) => Box::new(std::iter::repeat_n(
            run.packet_status_symbol,
            usize::from(run.run_length),
        )),
        PacketStatusChunk::StatusVectorChunk(vector) => {
            Box::new(vector.symbol_list.iter().copied())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
        RecvDelta, RunLengthChunk, StatusChunkTypeTcc, StatusVectorChunk, SymbolSizeTypeTcc,
    };

    const SMALL: SymbolTypeTcc = SymbolTypeTcc::PacketReceivedSmallDelta;
    const LARGE: SymbolTypeTcc = SymbolTypeTcc::PacketReceivedLargeDelta;

    fn run(symbol: SymbolTypeTcc, length: u16) -> PacketStatusChunk {
        PacketStatusChunk::RunLengthChunk(RunLengthChunk {
            type_tcc: StatusChunkTypeTcc::RunLengthChunk,
            packet_status_symbol: symbol,
            run_length: length,
        })
    }

    fn report(chunks: Vec<PacketStatusChunk>, count: u16, deltas: &[i64]) -> TransportLayerCc {
        TransportLayerCc {
            base_sequence_number: 65_534,
            packet_status_count: count,
            reference_time: 100,
            packet_chunks: chunks,
            recv_deltas: deltas
                .iter()
                .map(|delta| RecvDelta {
                    type_tcc_packet: SMALL,
                    delta: *delta,
                })
                .collect(),
            ..TransportLayerCc::default()
        }
    }

    fn arrived(micros: u64) -> Fate {
        Fate::Arrived(Duration::from_micros(6_400_000 + micros))
    }

    #[test]
    fn runs_and_lists_become_fates_with_times_that_add_up() {
        let list = PacketStatusChunk::StatusVectorChunk(StatusVectorChunk {
            type_tcc: StatusChunkTypeTcc::StatusVectorChunk,
            symbol_size: SymbolSizeTypeTcc::TwoBit,
            symbol_list: vec![LARGE, SymbolTypeTcc::PacketNotReceived, SMALL, SMALL],
        });
        let report = report(vec![run(SMALL, 2), list], 5, &[250, 1_000, -500, 750]);
        let read = arrivals(&report);
        assert_eq!(read.first, 65_534);
        let expected = [
            arrived(250),
            arrived(1_250),
            arrived(750),
            Fate::Lost,
            arrived(1_500),
        ];
        assert_eq!(read.fates, expected, "the list's last entry is filling");
    }

    #[test]
    fn a_report_that_claims_too_much_is_cut() {
        let chunks = vec![run(SymbolTypeTcc::PacketNotReceived, 8_191); 40];
        let read = arrivals(&report(chunks, u16::MAX, &[]));
        assert_eq!(read.fates.len(), MAX_FATES);
        let untimed = arrivals(&report(vec![run(SMALL, 3)], 3, &[250]));
        assert_eq!(untimed.fates[1..], [Fate::Untimed, Fate::Untimed]);
    }
}
