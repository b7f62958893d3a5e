//! `make bench`: measures the release programs on this machine and prints one table.
//!
//! One module per kind of figure; each starts what it needs, warms up, measures, and hands values to `figures`. Only
//! what ran is printed. Invariant: figures are medians and percentiles over all samples of all runs, with the warm-up
//! left out and nothing else.

mod figures;
mod floor;

use anyhow::Result;
use figures::Figures;

fn main() -> Result<()> {
    let mut f = Figures::default();
    floor::measure(&mut f)?;
    print!("{}", f.table(&stories::machine::Machine::read()));
    Ok(())
}
