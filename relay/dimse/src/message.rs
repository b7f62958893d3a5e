//! From fragments to messages: a command, and where it says so a data set behind it (PS3.7 section 6.3, PS3.8 Annex E).
//!
//! Owns the order of fragments. The data set is passed on as it comes; only the command is held until it is whole. One message at
//! a time: nobody was offered more (PS3.7 Annex D.3.3.3).

use crate::command::{Command, CommandFault};
use crate::limits::MAX_COMMAND_BYTES;
use dicom_ul::pdu::{PDataValue, PDataValueType};

/// These fragments are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum OrderFault {
    /// A data set without a command, a command within a data set, or another presentation context than the message began with.
    #[error("fragments of two messages are mixed")]
    Mixed,
    /// More than a command is.
    #[error("a command set is longer than any real one")]
    LongCommand,
    /// Not a command.
    #[error(transparent)]
    Command(#[from] CommandFault),
}

/// What a fragment brought to an end or is part of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A command is whole.
    Command {
        /// In which presentation context.
        context: u8,
        /// It.
        command: Command,
    },
    /// Bytes of the data set that belongs to the last command.
    Data {
        /// They.
        bytes: Vec<u8>,
        /// Whether that was all.
        last: bool,
    },
}

/// Where in a message we are.
#[derive(Debug, Default)]
pub(crate) enum Assembler {
    /// Between messages.
    #[default]
    Idle,
    /// In a command.
    Command {
        /// Its presentation context.
        context: u8,
        /// What is here of it.
        held: Vec<u8>,
    },
    /// In a data set.
    Data {
        /// Its presentation context.
        context: u8,
    },
}

impl Assembler {
    /// Whether no message is under way.
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    /// The next fragment.
    ///
    /// # Errors
    /// `OrderFault`; then the association cannot go on.
    pub(crate) fn take(&mut self, value: PDataValue) -> Result<Option<Part>, OrderFault> {
        let context = value.presentation_context_id;
        match (std::mem::take(self), value.value_type) {
            (Self::Idle, PDataValueType::Command) => {
                self.command(context, Vec::new(), &value.data, value.is_last)
            }
            (
                Self::Command {
                    context: begun,
                    held,
                },
                PDataValueType::Command,
            ) if begun == context => self.command(context, held, &value.data, value.is_last),
            (Self::Data { context: begun }, PDataValueType::Data) if begun == context => {
                if !value.is_last {
                    *self = Self::Data { context };
                }
                Ok(Some(Part::Data {
                    bytes: value.data,
                    last: value.is_last,
                }))
            }
            _ => Err(OrderFault::Mixed),
        }
    }

    fn command(
        &mut self,
        context: u8,
        mut held: Vec<u8>,
        bytes: &[u8],
        last: bool,
    ) -> Result<Option<Part>, OrderFault> {
        if held.len() + bytes.len() > MAX_COMMAND_BYTES {
            return Err(OrderFault::LongCommand);
        }
        held.extend_from_slice(bytes);
        if !last {
            *self = Self::Command { context, held };
            return Ok(None);
        }
        let command = Command::read(&held)?;
        if command.has_data_set {
            *self = Self::Data { context };
        }
        Ok(Some(Part::Command { context, command }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::request;
    use crate::command::{C_ECHO, C_STORE};
    use proptest::prelude::*;

    fn fragment(context: u8, is_command: bool, is_last: bool, data: &[u8]) -> PDataValue {
        PDataValue {
            presentation_context_id: context,
            value_type: if is_command {
                PDataValueType::Command
            } else {
                PDataValueType::Data
            },
            is_last,
            data: data.to_vec(),
        }
    }

    #[test]
    fn a_command_in_pieces_and_its_data_set_come_out_in_order() {
        let (store, mut assembler) = (request(C_STORE, "1.2", "1.3"), Assembler::default());
        let (first, second) = store.split_at(11);
        assert_eq!(assembler.take(fragment(3, true, false, first)), Ok(None));
        let part = assembler.take(fragment(3, true, true, second)).unwrap();
        assert!(
            matches!(part, Some(Part::Command { context: 3, command }) if command.has_data_set)
        );
        assert!(!assembler.is_idle());
        for (bytes, last) in [(&b"ab"[..], false), (b"", false), (b"c", true)] {
            let part = assembler.take(fragment(3, false, last, bytes)).unwrap();
            assert_eq!(
                part,
                Some(Part::Data {
                    bytes: bytes.to_vec(),
                    last
                })
            );
        }
        assert!(assembler.is_idle());
        let echo = request(C_ECHO, "1.2.840.10008.1.1", "");
        assert!(
            assembler
                .take(fragment(1, true, true, &echo))
                .unwrap()
                .is_some()
        );
        assert!(assembler.is_idle());
    }

    #[test]
    fn fragments_of_two_messages_are_never_mixed() {
        let store = request(C_STORE, "1.2", "1.3");
        let mixed = Err(OrderFault::Mixed);
        assert_eq!(
            Assembler::default().take(fragment(1, false, true, b"x")),
            mixed
        );
        let mut other_context = Assembler::default();
        other_context
            .take(fragment(1, true, false, &store[..9]))
            .unwrap();
        assert_eq!(
            other_context.take(fragment(3, true, true, &store[9..])),
            mixed
        );
        let mut in_data = Assembler::default();
        in_data.take(fragment(1, true, true, &store)).unwrap();
        assert_eq!(in_data.take(fragment(1, true, true, &store)), mixed);
        let long = vec![0; MAX_COMMAND_BYTES + 1];
        assert_eq!(
            Assembler::default().take(fragment(1, true, false, &long)),
            Err(OrderFault::LongCommand)
        );
    }

    proptest! {
        #[test]
        fn any_fragments_never_panic(
            fragments in prop::collection::vec((1_u8..4, any::<bool>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..20)
        ) {
            let mut assembler = Assembler::default();
            for (context, is_command, is_last, data) in fragments {
                let _ = assembler.take(fragment(context, is_command, is_last, &data));
            }
        }
    }
}
