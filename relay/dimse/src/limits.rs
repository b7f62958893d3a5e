//! The bounds that a peer must respect, each with its reason.

use std::time::Duration;

/// Longest PDU that we take and announce (PS3.8 Annex D.1), without its head of 6 bytes. Longer ones gain nothing on a loopback,
/// and each association holds one.
pub const MAX_PDU_BYTES: u32 = 128 * 1024;
/// Most presentation contexts of an association: odd ids from 1 to 255 (PS3.8 section 9.3.2.2).
pub const MAX_CONTEXTS: usize = 128;
/// Longest command set. Those of C-STORE take some 200 bytes.
pub const MAX_COMMAND_BYTES: usize = 8 * 1024;
/// Associations at the same time, unless somebody says otherwise.
pub const DEFAULT_ASSOCIATIONS: usize = 32;
/// More than that no relay carries.
pub const MOST_ASSOCIATIONS: usize = 256;
/// Connections beyond the associations that are held only to tell them that there are too many.
pub const MAX_REFUSED_AT_ONCE: usize = 32;
/// Longest identifier of a question or of an answer to one. Real ones take some hundred bytes.
pub const MAX_IDENTIFIER_BYTES: usize = 256 * 1024;
/// A peer that we call has to take the connection in this time.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// TLS has to be agreed on so long after the connection, before the time below begins.
pub const HANDSHAKE_WITHIN: Duration = Duration::from_secs(5);
/// Handshakes at the same time: more are no hospital's, and each costs a signature.
pub const MAX_HANDSHAKES: usize = 32;
/// A-ASSOCIATE-RQ has to be here so long after the connection (the ARTIM timer of PS3.8 section 9.1.5).
pub const ASSOCIATE_WITHIN: Duration = Duration::from_secs(10);
/// The next PDU has to be whole so long after the last, unless somebody says otherwise: 128 KiB at 35 kbit/s.
pub const DEFAULT_IDLE: Duration = Duration::from_secs(30);
/// A message has to be whole so long after its first fragment: 2 GiB at 10 Mbit/s.
pub const MESSAGE_WITHIN: Duration = Duration::from_secs(30 * 60);
/// An answer that a peer does not read in this time ends the association.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// An object that we give has to be answered in this time: some archives store a long clip anew first.
pub const GIVEN_WITHIN: Duration = Duration::from_secs(120);
/// Most UIDs in the list of what was not given: all that its VR has room for (PS3.5 section 7.1.2, 65,534 bytes).
pub const MAX_FAILED_LISTED: usize = 1_000;
/// After the last word the peer closes (PS3.8 section 9.2, state 13); we wait so long…
pub const LINGER: Duration = Duration::from_secs(2);
/// …and read so much meanwhile, so that the word is not lost in a reset.
pub const MAX_LINGER_BYTES: usize = 1024 * 1024;
/// Largest error comment: VR LO (PS3.7 Annex C.1, (0000,0902)).
pub const MAX_COMMENT_BYTES: usize = 64;
