//! Stories over a simulated link: what the estimator, the pacer and an encoder make of a link from the field.
//!
//! One seed, one run: the link, the encoder and everybody else on the link draw from seeded generators, and time is
//! virtual. Each story prints its figures (`--nocapture`). `link` is the bottleneck, `sender` a leg with its encoder and its
//! receiver, `world` runs them together, `recorded` replays what real programs sent; the other files are one behaviour each.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod everybody_shares;
mod link;
mod loss_is_not_congestion;
mod nonsense;
mod random;
mod recorded;
mod sender;
mod the_link_changes;
mod the_link_is_cut;
mod the_start_is_quick;
mod world;
