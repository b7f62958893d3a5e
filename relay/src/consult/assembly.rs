//! Puts an original together from what comes on the channel `originals`: a head, then its blob in pieces.
//!
//! Sans-IO. Owns the order and the bounds of one publisher's channel. Whether the blob is what its head says is checked
//! where it is stored. Invariant: never more bytes are held than the head announced, and none without a head.

use super::admission::Admission;
use wire::original::OriginalHead;

/// What came of a piece.
#[derive(Debug, PartialEq)]
pub enum Pieced {
    /// More is to come.
    More,
    /// The original is whole.
    Whole {
        /// What was said of it.
        head: OriginalHead,
        /// Its bytes.
        blob: Vec<u8>,
    },
    /// It made no sense; what was held of it is dropped.
    Refused,
}

/// One publisher's channel. A head that nobody asked for is refused, and its pieces with it.
#[derive(Debug, Default)]
pub struct Assembly {
    open: Option<(OriginalHead, Vec<u8>)>,
}

impl Assembly {
    /// A head came. One that comes before the blob of the last one was whole ends that one.
    pub fn head(&mut self, text: &str, admission: &mut Admission) -> Pieced {
        let cut_short = self.open.take().is_some();
        match serde_json::from_str::<OriginalHead>(text) {
            Ok(head) if head.check().is_ok() && admission.takes(&head) => {
                self.open = Some((head, Vec::new()));
                if cut_short {
                    Pieced::Refused
                } else {
                    Pieced::More
                }
            }
            _ => Pieced::Refused,
        }
    }

    /// A piece of the blob came.
    pub fn piece(&mut self, bytes: &[u8]) -> Pieced {
        let Some((head, mut blob)) = self.open.take() else {
            return Pieced::Refused;
        };
        let whole = head.original.bytes as usize;
        if bytes.is_empty() || blob.len() + bytes.len() > whole {
            return Pieced::Refused;
        }
        blob.extend_from_slice(bytes);
        if blob.len() == whole {
            return Pieced::Whole { head, blob };
        }
        self.open = Some((head, blob));
        Pieced::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use wire::RtpTime;
    use wire::agent::RelayToAgent;
    use wire::original::{Digest, FrameFacts, Original, PixelForm};

    fn head(bytes: u32) -> OriginalHead {
        OriginalHead {
            rtp_time: RtpTime(7),
            asked: RtpTime(7),
            original: Original {
                width: 4,
                height: 2,
                form: PixelForm::Gray8,
                pixels: Digest::from_bytes([1; 32]),
                blob: Digest::from_bytes([2; 32]),
                bytes,
            },
            beat: None,
            facts: FrameFacts::default(),
        }
    }

    fn text(bytes: u32) -> String {
        serde_json::to_string(&head(bytes)).unwrap()
    }

    /// A head of the frame that was asked for.
    fn comes(assembly: &mut Assembly, text: &str) -> Pieced {
        let mut admission = Admission::default();
        admission.asked(&RelayToAgent::SendOriginal {
            rtp_time: RtpTime(7),
            step: 0,
        });
        assembly.head(text, &mut admission)
    }

    #[test]
    fn what_nobody_asked_for_is_refused_with_all_its_pieces() {
        let mut assembly = Assembly::default();
        let refused = assembly.head(&text(2), &mut Admission::default());
        assert_eq!(refused, Pieced::Refused);
        assert_eq!(assembly.piece(b"ab"), Pieced::Refused);
    }

    #[test]
    fn pieces_become_what_the_head_said() {
        let mut assembly = Assembly::default();
        assert_eq!(comes(&mut assembly, &text(5)), Pieced::More);
        assert_eq!(assembly.piece(b"abc"), Pieced::More);
        let whole = Pieced::Whole {
            head: head(5),
            blob: b"abcde".to_vec(),
        };
        assert_eq!(assembly.piece(b"de"), whole);
        assert_eq!(assembly.piece(b"f"), Pieced::Refused, "no head");
    }

    #[test]
    fn too_much_too_little_and_nonsense_are_refused_and_the_next_one_is_taken() {
        let mut assembly = Assembly::default();
        comes(&mut assembly, &text(3));
        assert_eq!(assembly.piece(b"abcd"), Pieced::Refused);
        comes(&mut assembly, &text(3));
        assert_eq!(comes(&mut assembly, &text(2)), Pieced::Refused, "cut short");
        assert!(matches!(assembly.piece(b"ok"), Pieced::Whole { .. }));
        assert_eq!(comes(&mut assembly, "{}"), Pieced::Refused);
        assert_eq!(comes(&mut assembly, &text(0)), Pieced::Refused);
        assert_eq!(comes(&mut assembly, &text(u32::MAX)), Pieced::Refused);
        assert_eq!(assembly.piece(b"x"), Pieced::Refused);
    }

    proptest! {
        #[test]
        fn however_it_is_cut_it_is_the_same(blob in prop::collection::vec(any::<u8>(), 1..400), cut in 1usize..50) {
            let mut assembly = Assembly::default();
            let length = u32::try_from(blob.len()).unwrap();
            comes(&mut assembly, &text(length));
            let mut last = Pieced::More;
            for piece in blob.chunks(cut) {
                prop_assert_eq!(last, Pieced::More);
                last = assembly.piece(piece);
            }
            prop_assert_eq!(last, Pieced::Whole { head: head(length), blob });
        }
    }
}
