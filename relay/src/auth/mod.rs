//! Who may enter: one entrance, closed by default.
//!
//! ```text
//! request ─► origin (does it come from our pages?) ─► entrance (who is it?) ─► Entry ─► the action
//!              ticket ─ redeemed once ─► session (cookie)     person
//!              device key ─► ticket ─ redeemed once ─► media session     device
//!              token of the configuration                               hospital system
//! ```
//!
//! `entrance` is all that the HTTP side calls; it turns headers into an `Entry` or a refusal and says nothing about what
//! exists. `secret` makes and compares secrets, `systems` knows
//! hospital systems by theirs, `private_file` reads what only we may, `turn` makes those that open TURN servers, `origin` and `cookie` read headers, `attempts` slows guessing.
//! Individual accounts, passkeys and enrolled devices with certificates come behind the same entrance.

mod attempts;
mod cookie;
mod entrance;
mod grants;
mod origin;
mod private_file;
mod secret;
mod systems;
mod turn;

pub use attempts::{Attempts, place};
pub use cookie::{cookie_name, expired_cookie, session_cookie};
pub use entrance::{Entrance, Entry, Identity, SessionEntry, bearer};
pub use grants::{GrantError, Grants, MadeSession, MadeTicket};
pub use origin::Origins;
pub use private_file::{PrivateFileError, read_private};
pub use secret::{NoRandomness, Secret, SecretHash};
pub use systems::{System, SystemRights};
pub use turn::{IceServer, TurnError, TurnServers};
