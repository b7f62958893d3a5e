//! Command sets: what an operation is, in Implicit VR Little Endian whatever the data set is in (PS3.7 section 6.3.1).
//!
//! Owns reading the elements that we need (PS3.7 Annex E) and writing answers. Others are skipped. Nothing is made room for by a
//! declared length.

use crate::status::Status;
use crate::suboperations::SubOperations;
use dicom_core::Tag;
use dicom_dictionary_std::tags;

/// C-STORE-RQ.
pub(crate) const C_STORE: u16 = 0x0001;
/// C-GET-RQ.
pub(crate) const C_GET: u16 = 0x0010;
/// C-FIND-RQ.
pub(crate) const C_FIND: u16 = 0x0020;
/// C-MOVE-RQ.
pub(crate) const C_MOVE: u16 = 0x0021;
/// C-ECHO-RQ.
pub(crate) const C_ECHO: u16 = 0x0030;
/// C-CANCEL-RQ.
pub(crate) const C_CANCEL: u16 = 0x0FFF;
/// Set in the command field of each answer.
pub(crate) const IS_ANSWER: u16 = 0x8000;
/// Priority (PS3.7 Annex E.1).
const MEDIUM: u16 = 0;
/// Command Data Set Type when nothing follows; everything else means that a data set does.
const NO_DATA_SET: u16 = 0x0101;

/// These bytes are no command set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CommandFault {
    /// An element ends after the set, or is none of group 0000.
    #[error("a command set's elements contradict its length")]
    Broken,
    /// Without these nothing can be answered.
    #[error("a command set without command field, message id or data set type")]
    Incomplete,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Command Field.
    pub(crate) field: u16,
    /// Message ID.
    pub(crate) message: u16,
    /// Whether a data set follows.
    pub(crate) has_data_set: bool,
    /// Affected SOP Class UID.
    pub(crate) class: Option<String>,
    /// Affected SOP Instance UID.
    pub(crate) instance: Option<String>,
    /// Move Destination.
    pub(crate) destination: Option<String>,
    /// Status: answers have one.
    pub(crate) status: Option<u16>,
}

impl Command {
    /// Reads a whole command set.
    ///
    /// # Errors
    /// `CommandFault`.
    pub(crate) fn read(mut bytes: &[u8]) -> Result<Self, CommandFault> {
        let (mut field, mut message, mut data_set) = (None, None, None);
        let (mut class, mut instance, mut status, mut destination) = (None, None, None, None);
        while !bytes.is_empty() {
            let (&[g0, g1, e0, e1, a, b, c, d], rest) =
                bytes.split_first_chunk::<8>().ok_or(CommandFault::Broken)?;
            let tag = Tag(u16::from_le_bytes([g0, g1]), u16::from_le_bytes([e0, e1]));
            let length = usize::try_from(u32::from_le_bytes([a, b, c, d]));
            let (value, rest) = length
                .ok()
                .and_then(|length| rest.split_at_checked(length))
                .filter(|_| tag.0 == 0)
                .ok_or(CommandFault::Broken)?;
            match tag {
                tags::COMMAND_FIELD => field = number(value),
                // A C-CANCEL names the message it is about instead of its own.
                tags::MESSAGE_ID | tags::MESSAGE_ID_BEING_RESPONDED_TO => message = number(value),
                tags::COMMAND_DATA_SET_TYPE => data_set = number(value),
                tags::AFFECTED_SOP_CLASS_UID => class = text(value),
                tags::AFFECTED_SOP_INSTANCE_UID => instance = text(value),
                tags::MOVE_DESTINATION => destination = text(value),
                tags::STATUS => status = number(value),
                _ => {}
            }
            bytes = rest;
        }
        match (field, message, data_set) {
            (Some(field), Some(message), Some(data_set)) => Ok(Self {
                field,
                message,
                has_data_set: data_set != NO_DATA_SET,
                class,
                instance,
                destination,
                status,
            }),
            _ => Err(CommandFault::Incomplete),
        }
    }

    /// The command set of the answer (PS3.7 sections 9.3.1.2, 9.3.2.2 and 9.3.5.2).
    pub(crate) fn answer(&self, status: Status) -> Vec<u8> {
        self.answer_before(status, NO_DATA_SET, None)
    }

    /// The same, with a data set that follows.
    pub(crate) fn answer_with_data_set(&self, status: Status) -> Vec<u8> {
        self.answer_before(status, 1, None)
    }

    /// Of a retrieval, with what is given by now (PS3.7 sections 9.3.3.2 and 9.3.4.2).
    pub(crate) fn answer_counting(
        &self,
        status: Status,
        has_data_set: bool,
        counted: &SubOperations,
    ) -> Vec<u8> {
        let data_set = if has_data_set { 1 } else { NO_DATA_SET };
        self.answer_before(status, data_set, Some(counted))
    }

    fn answer_before(
        &self,
        status: Status,
        data_set: u16,
        counted: Option<&SubOperations>,
    ) -> Vec<u8> {
        let mut set = Vec::new();
        if let Some(class) = &self.class {
            put_text(&mut set, tags::AFFECTED_SOP_CLASS_UID, class, 0);
        }
        put_number(&mut set, tags::COMMAND_FIELD, self.field | IS_ANSWER);
        put_number(&mut set, tags::MESSAGE_ID_BEING_RESPONDED_TO, self.message);
        put_number(&mut set, tags::COMMAND_DATA_SET_TYPE, data_set);
        put_number(&mut set, tags::STATUS, status.code());
        if !status.comment().is_empty() {
            put_text(&mut set, tags::ERROR_COMMENT, status.comment(), b' ');
        }
        if let Some(instance) = &self.instance {
            put_text(&mut set, tags::AFFECTED_SOP_INSTANCE_UID, instance, 0);
        }
        if let Some(counted) = counted {
            // How many remain is told as long as there may be some (PS3.4 sections C.4.2.1.6 and C.4.3.1.3).
            if status.goes_on() || status == Status::CANCELLED {
                let remaining = tags::NUMBER_OF_REMAINING_SUBOPERATIONS;
                put_number(&mut set, remaining, counted.remaining);
            }
            for (tag, number) in [
                (tags::NUMBER_OF_COMPLETED_SUBOPERATIONS, counted.completed),
                (tags::NUMBER_OF_FAILED_SUBOPERATIONS, counted.failed),
                (tags::NUMBER_OF_WARNING_SUBOPERATIONS, counted.warned),
            ] {
                put_number(&mut set, tag, number);
            }
        }
        with_length(set)
    }
}

/// Whose retrieval an object is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Originator<'a> {
    /// AE title of who asked.
    pub title: &'a str,
    /// Its message.
    pub message: u16,
}

/// C-STORE-RQ (PS3.7 section 9.3.1.1).
pub(crate) fn store(
    message: u16,
    (class, instance): (&str, &str),
    originator: Option<Originator<'_>>,
) -> Vec<u8> {
    let mut set = without_length(C_STORE, message, class);
    put_text(&mut set, tags::AFFECTED_SOP_INSTANCE_UID, instance, 0);
    if let Some(originator) = originator {
        let title = tags::MOVE_ORIGINATOR_APPLICATION_ENTITY_TITLE;
        put_text(&mut set, title, originator.title, b' ');
        put_number(
            &mut set,
            tags::MOVE_ORIGINATOR_MESSAGE_ID,
            originator.message,
        );
    }
    with_length(set)
}

/// C-ECHO-RQ, and C-FIND-RQ, which a data set follows (PS3.7 sections 9.3.2.1 and 9.3.5.1).
pub(crate) fn request(field: u16, message: u16, class: &str) -> Vec<u8> {
    with_length(without_length(field, message, class))
}

fn without_length(field: u16, message: u16, class: &str) -> Vec<u8> {
    let mut set = Vec::new();
    put_text(&mut set, tags::AFFECTED_SOP_CLASS_UID, class, 0);
    put_number(&mut set, tags::COMMAND_FIELD, field);
    put_number(&mut set, tags::MESSAGE_ID, message);
    if field != C_ECHO {
        put_number(&mut set, tags::PRIORITY, MEDIUM);
    }
    let data_set = if field == C_ECHO { NO_DATA_SET } else { 1 };
    put_number(&mut set, tags::COMMAND_DATA_SET_TYPE, data_set);
    set
}

/// C-CANCEL-RQ for a message of ours (PS3.7 section 9.3.2.3).
pub(crate) fn cancel(message: u16) -> Vec<u8> {
    let mut set = Vec::new();
    put_number(&mut set, tags::COMMAND_FIELD, C_CANCEL);
    put_number(&mut set, tags::MESSAGE_ID_BEING_RESPONDED_TO, message);
    put_number(&mut set, tags::COMMAND_DATA_SET_TYPE, NO_DATA_SET);
    with_length(set)
}

fn with_length(mut set: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(set.len()).unwrap_or(u32::MAX);
    let mut whole = Vec::with_capacity(set.len() + 12);
    put(
        &mut whole,
        tags::COMMAND_GROUP_LENGTH,
        &length.to_le_bytes(),
    );
    whole.append(&mut set);
    whole
}

fn number(value: &[u8]) -> Option<u16> {
    value.try_into().ok().map(u16::from_le_bytes)
}

/// A UID or a title. What is longer than a UID, or no ASCII, is told as absent.
fn text(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    let text = text.trim_matches(['\0', ' ']);
    (text.is_ascii() && (1..=64).contains(&text.len())).then(|| text.to_owned())
}

fn put(set: &mut Vec<u8>, tag: Tag, value: &[u8]) {
    set.extend_from_slice(&tag.0.to_le_bytes());
    set.extend_from_slice(&tag.1.to_le_bytes());
    set.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
    set.extend_from_slice(value);
}

fn put_number(set: &mut Vec<u8>, tag: Tag, value: u16) {
    put(set, tag, &value.to_le_bytes());
}

/// Text of even length (PS3.5 section 7.1.1).
fn put_text(set: &mut Vec<u8>, tag: Tag, text: &str, padding: u8) {
    let mut value = text.as_bytes().to_vec();
    if value.len() % 2 == 1 {
        value.push(padding);
    }
    put(set, tag, &value);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A request as a sender writes it.
    pub(crate) fn request(field: u16, class: &str, instance: &str) -> Vec<u8> {
        let mut set = Vec::new();
        put(&mut set, tags::COMMAND_GROUP_LENGTH, &0_u32.to_le_bytes());
        put_text(&mut set, tags::AFFECTED_SOP_CLASS_UID, class, 0);
        put_number(&mut set, tags::COMMAND_FIELD, field);
        put_number(&mut set, tags::MESSAGE_ID, 7);
        put_number(&mut set, tags::PRIORITY, 0);
        put_number(
            &mut set,
            tags::COMMAND_DATA_SET_TYPE,
            if instance.is_empty() { 0x0101 } else { 1 },
        );
        if !instance.is_empty() {
            put_text(&mut set, tags::AFFECTED_SOP_INSTANCE_UID, instance, 0);
        }
        set
    }

    #[test]
    fn a_request_is_read_and_its_answer_names_it() {
        let asked = Command::read(&request(C_STORE, "1.2.3", "1.2.3.4")).unwrap();
        assert!(asked.has_data_set && asked.field == C_STORE && asked.message == 7);
        assert_eq!(
            (asked.class.as_deref(), asked.instance.as_deref()),
            (Some("1.2.3"), Some("1.2.3.4"))
        );
        let answer = asked.answer(Status::out_of_resources("no room"));
        let read = Command::read(&answer).unwrap();
        assert_eq!(
            (read.field, read.message, read.has_data_set),
            (0x8001, 7, false)
        );
        assert_eq!(read.instance, asked.instance);
        let length = u32::from_le_bytes(answer[8..12].try_into().unwrap());
        assert_eq!(length as usize, answer.len() - 12);
        let status = [0, 0, 0, 9, 2, 0, 0, 0, 0x00, 0xA7];
        assert!(answer.windows(10).any(|part| part == status));
        let comment = [&[0, 0, 2, 9, 8, 0, 0, 0][..], b"no room "].concat();
        assert!(answer.windows(16).any(|part| part == comment));
    }

    #[test]
    fn what_we_ask_reads_as_what_it_is() {
        let store = Command::read(&super::store(9, ("1.2.3", "1.2.3.4"), None)).unwrap();
        assert!(store.has_data_set && (store.field, store.message) == (C_STORE, 9));
        assert_eq!(store.instance.as_deref(), Some("1.2.3.4"));
        let echo = Command::read(&super::request(C_ECHO, 1, "1.2.840.10008.1.1")).unwrap();
        assert!(!echo.has_data_set && echo.status.is_none());
        let find = Command::read(&super::request(C_FIND, 2, "1.2")).unwrap();
        assert!(find.has_data_set && find.instance.is_none());
        let cancel = Command::read(&cancel(2)).unwrap();
        assert_eq!((cancel.field, cancel.message), (C_CANCEL, 2));
    }

    #[test]
    fn an_answer_to_a_retrieval_counts_and_tells_what_remains_only_while_something_may() {
        let mut asked = Command::read(&request(C_MOVE, "1.2.3", "")).unwrap();
        asked.has_data_set = true;
        let counted = SubOperations::of(5);
        let remaining = [0, 0, 0x20, 0x10, 2, 0, 0, 0, 5, 0];
        for (status, told) in [
            (Status::pending(false), true),
            (Status::CANCELLED, true),
            (Status::SUCCESS, false),
        ] {
            let answer = asked.answer_counting(status, false, &counted);
            assert_eq!(answer.windows(10).any(|part| part == remaining), told);
            assert!(Command::read(&answer).is_ok());
        }
        let originator = Originator {
            title: "PROBE",
            message: 9,
        };
        let store = super::store(1, ("1.2", "1.3"), Some(originator));
        let title = [&[0, 0, 0x30, 0x10, 6, 0, 0, 0][..], b"PROBE "].concat();
        assert!(store.windows(14).any(|part| part == title));
    }

    #[test]
    fn what_is_no_command_is_refused() {
        let whole = request(C_ECHO, "1.2.840.10008.1.1", "");
        assert_eq!(
            Command::read(&whole[..whole.len() - 1]),
            Err(CommandFault::Broken)
        );
        assert_eq!(Command::read(&[]), Err(CommandFault::Incomplete));
        let mut lies = whole.clone();
        lies[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Command::read(&lies), Err(CommandFault::Broken));
        let mut other_group = whole;
        other_group[0] = 8;
        assert_eq!(Command::read(&other_group), Err(CommandFault::Broken));
    }

    proptest! {
        #[test]
        fn spoilt_commands_never_panic(at in prop::collection::vec((0_usize..300, any::<u8>()), 0..6), cut in 0_usize..300) {
            let mut bytes = request(C_STORE, "1.2.840.10008.5.1.4.1.1.3.1", "1.2.3");
            for (at, byte) in at {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            bytes.truncate(cut.max(1));
            if let Ok(command) = Command::read(&bytes) {
                prop_assert!(Command::read(&command.answer(Status::SUCCESS)).is_ok());
            }
        }
    }
}
