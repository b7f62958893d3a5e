//! TLS under an association: the secure transport connection profiles of PS3.15 Annexes B.12 and B.13 (BCP 195: RFC 8996, RFC 9325).
//!
//! ```text
//! files ── pem ──┬─ Acceptor  (a port: our certificate, and whose certificates callers have to show)
//!                └─ Connector (calls: whose certificates we trust, and our certificate for peers that ask for one)
//! ```
//!
//! TLS 1.3 and 1.2, with the AEAD suites and forward secrecy that are all that the library has; nothing below, for nobody. No session
//! is resumed: an association lasts longer than a handshake costs, and each caller's certificate is looked at each time. Files are
//! read once, at the start. Invariants: each handshake has an end; a fault of one says which side has what to do, and names nobody.

mod acceptor;
mod connector;
mod fault;
mod files;
pub mod pem;

pub use acceptor::Acceptor;
pub(crate) use acceptor::Unsecured;
pub use connector::{Connector, PeerName};
pub use fault::TlsFault;
pub use files::{Own, TlsFiles, TlsFilesFault};
