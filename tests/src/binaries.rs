//! Where the programs under test are: beside the test program in cargo's target folder.
//!
//! Owns finding and, once per process, building them, so that a story never runs a program older than its source.
//! `HIBIKI_STORIES_NO_BUILD=1` trusts what is there (for a caller that has just built everything).

use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// Longest build from nothing on two cores that is waited for.
const BUILD_LIMIT: Duration = Duration::from_secs(1_200);

/// The programs under test and the folders around them.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// `relay`.
    pub relay: PathBuf,
    /// `capture-agent`.
    pub agent: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
    /// The checkout.
    pub workspace: PathBuf,
}

impl Binaries {
    /// Finds the programs in the profile that this program was built with; builds them first, once per process.
    ///
    /// # Errors
    /// When cargo cannot build them or they are not where cargo puts them.
    pub async fn get() -> Result<Self> {
        static BUILT: tokio::sync::OnceCell<Binaries> = tokio::sync::OnceCell::const_new();
        BUILT
            .get_or_try_init(|| async { Self::built(profile_folder()?).await })
            .await
            .cloned()
    }

    /// Finds the programs of the release profile, for the bench, which is built together with them (`make bench`).
    ///
    /// # Errors
    /// When they are missing.
    pub fn release() -> Result<Self> {
        let target = profile_folder()?
            .parent()
            .context("a profile lies in the target folder")?
            .to_owned();
        Self::find(target.join("release"))
    }

    async fn built(folder: PathBuf) -> Result<Self> {
        if std::env::var_os("HIBIKI_STORIES_NO_BUILD").is_none() {
            build(workspace()).await?;
        }
        Self::find(folder)
    }

    fn find(folder: PathBuf) -> Result<Self> {
        let target = folder
            .parent()
            .context("a profile lies in the target folder")?
            .to_owned();
        let workspace = workspace().to_owned();
        let found = Self {
            relay: folder.join("relay"),
            agent: folder.join("capture-agent"),
            target,
            workspace,
        };
        for program in [&found.relay, &found.agent] {
            ensure!(
                program.is_file(),
                "{} is missing: build the workspace first",
                program.display()
            );
        }
        Ok(found)
    }
}

/// The checkout: the parent of this crate.
#[must_use]
pub fn workspace() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.parent().unwrap_or(here).to_owned()
    })
}

/// `target/<profile>`, from where this program lies: `target/<profile>/bench` or `target/<profile>/deps/stories-…`.
fn profile_folder() -> Result<PathBuf> {
    let me = std::env::current_exe().context("where am I")?;
    let folder = me.parent().context("a program lies in a folder")?;
    let profile = if folder.ends_with("deps") {
        folder.parent().context("deps lies in a profile")?
    } else {
        folder
    };
    Ok(profile.to_owned())
}

/// All binaries of the workspace at once: the same selection as `make build`, so that nothing is built twice with
/// other features.
async fn build(workspace: &Path) -> Result<()> {
    let mut cargo =
        tokio::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--quiet", "--workspace", "--bins"])
        .current_dir(workspace)
        .kill_on_drop(true);
    match tokio::time::timeout(BUILD_LIMIT, cargo.status()).await {
        Ok(status) if status.as_ref().is_ok_and(std::process::ExitStatus::success) => Ok(()),
        Ok(status) => bail!(
            "cargo could not build the programs under test: {:?}",
            status?
        ),
        Err(_) => bail!("building the programs under test took longer than {BUILD_LIMIT:?}"),
    }
}
