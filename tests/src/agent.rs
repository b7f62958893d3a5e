//! The real capture agent of one story, with any source.
//!
//! Owns starting it with a device's key, killing it and starting it again as the same device. Invariant: it gets its
//! tickets by itself, as in the field; stories hand it none unless they are about tickets.

use crate::binaries::Binaries;
use crate::process::Program;
use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};
use wire::ConsultId;

/// A running agent, or one that was killed and can come back.
#[derive(Debug)]
pub struct Agent {
    program: Program,
    path: PathBuf,
    args: Vec<String>,
}

impl Agent {
    /// Starts it; it connects by itself.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(binaries: &Binaries, args: Vec<String>) -> Result<Self> {
        let program = Program::start(
            "agent",
            &binaries.agent,
            &args,
            &[("RUST_BACKTRACE", "1".to_owned())],
        )?;
        Ok(Self {
            program,
            path: binaries.agent.clone(),
            args,
        })
    }

    /// The process.
    #[must_use]
    pub const fn program(&self) -> &Program {
        &self.program
    }

    /// The process, to stop it or wait for its end.
    pub const fn program_mut(&mut self) -> &mut Program {
        &mut self.program
    }

    /// Ends it as a crash or a power cut would.
    pub async fn kill(&mut self) {
        self.program.kill().await;
    }

    /// Starts it again as it was.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start_again(&mut self) -> Result<()> {
        self.program = Program::start(
            "agent",
            &self.path,
            &self.args,
            &[("RUST_BACKTRACE", "1".to_owned())],
        )?;
        Ok(())
    }
}

/// Runs the check before a visit to its end.
///
/// # Errors
/// When the program cannot be started or tells nothing.
pub async fn checks(binaries: &Binaries, args: &[String]) -> Result<serde_json::Value> {
    let mut program = tokio::process::Command::new(&binaries.agent);
    let ended = program.args(args).kill_on_drop(true).output().await?;
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    serde_json::from_slice(&ended.stdout).context(told)
}

/// Takes a file of a consult into a spool with which no agent runs.
///
/// # Errors
/// What the program says when it does not take it.
pub async fn import(
    binaries: &Binaries,
    spool: &Path,
    consult: ConsultId,
    file: &Path,
) -> Result<()> {
    let mut program = tokio::process::Command::new(&binaries.agent);
    let program = program
        .arg("import")
        .arg("--spool")
        .arg(spool)
        .arg("--consult")
        .arg(consult.to_string())
        .arg(file)
        .kill_on_drop(true);
    let ended = program.output().await?;
    ensure!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    Ok(())
}

/// Has a running agent save its last second as a clip of the visit.
///
/// # Errors
/// What the program says when it does not.
pub async fn save(binaries: &Binaries, spool: &Path) -> Result<()> {
    let mut program = tokio::process::Command::new(&binaries.agent);
    let program = program
        .args(["save", "--json", "--finished", "--seconds", "1", "--spool"])
        .arg(spool)
        .kill_on_drop(true);
    let ended = program.output().await?;
    ensure!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    Ok(())
}

/// Where a data file of this checkout lies, for sources.
#[must_use]
pub fn dicom_source(path: &Path) -> String {
    format!("dicom:{}", path.display())
}
