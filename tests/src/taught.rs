//! Consults that are over, and the time of the cases that were made of them.
//!
//! Owns what an operator and the years do to a running relay. Callers: stories and the bench.

use crate::story::Story;
use anyhow::{Result, ensure};
use rusqlite::Connection;

impl Story {
    /// Closes the consult with the relay's own tool, beside the running relay.
    ///
    /// # Errors
    /// What the tool says.
    pub async fn closes_consult(&self) -> Result<()> {
        let mut tool = tokio::process::Command::new(&self.binaries().relay);
        let tool = tool
            .args(["consult", "close", "--consult"])
            .arg(self.consult().to_string())
            .arg("--data")
            .arg(self.folder().join("relay"))
            .kill_on_drop(true);
        let ended = tool.output().await?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "{said}");
        Ok(())
    }

    /// Lets all cases end at this time, in microseconds since 1970: what was agreed for a year is not waited for.
    ///
    /// # Errors
    /// The database's.
    pub fn cases_end_at(&self, us: i64) -> Result<()> {
        let db = Connection::open(self.folder().join("relay/relay.db"))?;
        db.execute("UPDATE cases SET expires_at = ?1", [us])?;
        Ok(())
    }
}
