//! What a first visit loads of JavaScript: the module graph of the viewer's index page, compressed.
//!
//! Counts the scripts and module preloads of `viewer/dist/index.html` and everything they import statically; what is
//! imported later, on demand, is not part of the first visit.

use crate::figures::Figures;
use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use stories::binaries::workspace;

/// Measures `viewer_initial_js_gzip_kb`.
pub(crate) fn measure(figures: &mut Figures) -> Result<()> {
    let dist = workspace().join("viewer/dist");
    let page =
        std::fs::read_to_string(dist.join("index.html")).context("the viewer is not built")?;
    let mut waiting: Vec<PathBuf> = quoted_scripts(&page)
        .map(|name| dist.join(name.trim_start_matches('/')))
        .collect();
    ensure!(!waiting.is_empty(), "the index page names no script");
    let (mut counted, mut bytes) = (BTreeSet::new(), 0);
    while let Some(file) = waiting.pop() {
        if !counted.insert(file.clone()) {
            continue;
        }
        let script =
            std::fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        bytes += gzipped(script.as_bytes())?;
        let beside = file.parent().unwrap_or(Path::new(""));
        waiting
            .extend(static_imports(&script).map(|name| beside.join(name.trim_start_matches("./"))));
    }
    #[expect(clippy::cast_precision_loss, reason = "some kilobytes")]
    figures.set("viewer_initial_js_gzip_kb", bytes as f64 / 1_000.0);
    figures.note(format!("viewer: {} scripts load at first", counted.len()));
    Ok(())
}

/// Everything in double quotes that ends like a script.
fn quoted_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split('"')
        .filter(|text| text.ends_with(".js") && !text.contains(' '))
}

/// Files after `from` or `import`, but not in `import(…)`.
fn static_imports(script: &str) -> impl Iterator<Item = &str> {
    [
        "from\"./",
        "from'./",
        "import\"./",
        "import'./",
        "from \"./",
        "import \"./",
    ]
    .into_iter()
    .flat_map(move |before| {
        script.match_indices(before).filter_map(move |(at, _)| {
            let name = script.get(at + before.len() - 2..)?;
            name.split(['"', '\'']).next()
        })
    })
}

fn gzipped(bytes: &[u8]) -> Result<usize> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_loads_at_first_is_counted() {
        let script = "import{a as b}from\"./chunk-1.js\";import\"./side.js\";const c=()=>import(\"./later.js\");";
        assert_eq!(
            static_imports(script).collect::<Vec<_>>(),
            ["./chunk-1.js", "./side.js"]
        );
        let page = "<script type=\"module\" src=\"/assets/index-1.js\"></script><link rel=\"modulepreload\" href=\"/assets/x.js\">";
        assert_eq!(
            quoted_scripts(page).collect::<Vec<_>>(),
            ["/assets/index-1.js", "/assets/x.js"]
        );
    }
}
