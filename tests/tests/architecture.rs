//! Dependencies point inward: `wire` <- core rules (sans-IO) <- adapters (http, udp, store, dicom) <- `main`.
//!
//! Owns the check that each crate and folder names only what it may. It reads `cargo metadata` and the `use`, `import` and
//! path expressions of the sources; it runs nothing. A new crate, or a new folder of a part that has layers, fails here
//! until somebody says where it belongs. Each rule also proves on a planted offence that it can fail.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "architecture/mentions.rs"]
mod mentions;
#[path = "architecture/rules.rs"]
mod rules;
use mentions::{holds_name, rust_paths, ts_imports};
use rules::{
    CORE_DOES_NO_IO, CORE_KNOWS_NO_ADAPTER, CRATES, LAYERED, ONLY_PUBLISH_NAMES_WEBRTC, OUTERMOST,
    Rule, SOURCE_RULES, STAGE_AND_LIVE_ARE_FRAMEWORK_FREE,
};

impl Rule {
    fn covers(&self, path: &str) -> bool {
        let below = |folder: &&str| path == *folder || path.starts_with(&format!("{folder}/"));
        self.within.iter().any(below) && !self.except.iter().any(below)
    }

    /// The forbidden names that `text` holds, each with the line that brings it in.
    fn offences(&self, path: &str, text: &str) -> Vec<String> {
        let mentions = if path.ends_with(".rs") {
            rust_paths(text)
        } else {
            ts_imports(text)
        };
        mentions
            .iter()
            .flat_map(|mention| {
                self.never
                    .iter()
                    .filter(|name| holds_name(mention, name))
                    .map(move |name| format!("{path}: `{name}` in `{mention}` ({})", self.what))
            })
            .collect()
    }
}

/// Folders that no rule names and that are not outermost either.
fn unplaced(folders: &[String]) -> Vec<String> {
    let is_placed = |folder: &&String| {
        let named = |rule: &&Rule| rule.within.contains(&folder.as_str());
        OUTERMOST.contains(&folder.as_str()) || SOURCE_RULES.iter().any(named)
    };
    folders
        .iter()
        .filter(|folder| !is_placed(folder))
        .map(|folder| format!("{folder} is new: bind it by a rule, or say that it is outermost"))
        .collect()
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Every source file below `folder`, by its path from the top.
fn sources_below(folder: &Path, into: &mut BTreeMap<String, String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources_below(&path, into);
        } else if path
            .extension()
            .is_some_and(|kind| kind == "rs" || kind == "ts" || kind == "tsx")
        {
            let name = path
                .strip_prefix(top())
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            // A test may import what it likes: it stands outside.
            if !name.contains(".test.") {
                into.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
}

/// Our dependencies that a crate declares and the list does not grant.
fn ungranted(package: &serde_json::Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap();
    let Some((_, may, tests_may)) = CRATES.iter().find(|(known, ..)| *known == name) else {
        return vec![format!(
            "{name} is a new crate: say in CRATES what it may depend on"
        )];
    };
    package["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|dependency| {
            let other = dependency["name"].as_str()?;
            let ours = CRATES.iter().any(|(known, ..)| *known == other);
            let granted = may.contains(&other)
                || (dependency["kind"].as_str() == Some("dev") && tests_may.contains(&other));
            (ours && !granted).then(|| format!("{name} may not depend on {other}"))
        })
        .collect()
}

#[test]
fn crates_depend_inward_only() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(top())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert_eq!(
        packages.len(),
        CRATES.len(),
        "CRATES names a crate that is gone"
    );
    let wrong: Vec<String> = packages.iter().flat_map(ungranted).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sources_name_nothing_that_lies_further_out() {
    let mut sources = BTreeMap::new();
    for part in ["relay", "capture-agent", "viewer/src"] {
        sources_below(&top().join(part), &mut sources);
    }
    let wrong: Vec<String> = SOURCE_RULES
        .iter()
        .flat_map(|rule| {
            sources
                .iter()
                .filter(|(path, _)| rule.covers(path))
                .flat_map(|(path, text)| rule.offences(path, text))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_a_part_with_layers_has_its_place() {
    let mut folders = Vec::new();
    for part in LAYERED {
        for entry in fs::read_dir(top().join(part)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(format!("{part}/{}", entry.file_name().to_string_lossy()));
            }
        }
    }
    assert!(folders.len() > 20, "{folders:?}");
    let wrong = unplaced(&folders);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for place in OUTERMOST {
        assert!(
            folders.iter().any(|folder| folder == place),
            "{place} is gone"
        );
    }
}

#[test]
fn a_new_folder_has_to_find_its_place() {
    let planted = ["relay/src/helpers", "relay/src/http", "relay/src/consult"];
    assert_eq!(unplaced(&planted.map(str::to_owned)).len(), 1);
}

#[test]
fn a_connection_in_the_agents_capture_is_found_under_both_names() {
    for planted in [
        "use rtc::peer_connection::RTCPeerConnection;",
        "use webrtc::ice;",
    ] {
        let found = ONLY_PUBLISH_NAMES_WEBRTC.offences("capture-agent/src/capture.rs", planted);
        assert_eq!(found.len(), 1, "{planted}");
    }
}

#[test]
fn every_rule_still_covers_files() {
    for rule in SOURCE_RULES {
        for place in rule.within.iter().chain(rule.except) {
            assert!(
                top().join(place).exists(),
                "{}: {place} is gone; mend the rule",
                rule.what
            );
        }
    }
}

#[test]
fn an_agent_that_needs_the_relay_is_found() {
    let planted = serde_json::json!({
        "name": "capture-agent",
        "dependencies": [{ "name": "wire", "kind": null }, { "name": "relay", "kind": "dev" }],
    });
    assert_eq!(
        ungranted(&planted),
        ["capture-agent may not depend on relay"]
    );
}

#[test]
fn a_new_crate_has_to_find_its_place() {
    let planted = serde_json::json!({ "name": "helpers", "dependencies": [] });
    assert_eq!(ungranted(&planted).len(), 1);
}

#[test]
fn a_clock_in_the_core_is_found_wherever_it_hides() {
    let path = "relay/src/consult/log.rs";
    for planted in [
        "use std::time::SystemTime;",
        "use std::{\n    collections::BTreeMap,\n    time::{Duration, SystemTime},\n};",
        "pub(crate) use tokio::sync::mpsc;",
        "fn f() { let now = std::time::Instant::now(); }",
        "let t = tokio::spawn(async {});",
    ] {
        assert_eq!(
            CORE_DOES_NO_IO.offences(path, planted).len(),
            1,
            "{planted}"
        );
    }
}

#[test]
fn comments_tests_and_longer_names_are_no_offence() {
    let path = "relay/src/consult/log.rs";
    for harmless in [
        "// tokio runs this",
        "use std::time::{Duration, Instant};",
        "let tokio_like = 1;",
        "let filter = \"http://x,tokio=warn\";",
        "fn f() {}\n#[cfg(test)]\nmod tests { use std::time::SystemTime; }",
    ] {
        assert_eq!(
            CORE_DOES_NO_IO.offences(path, harmless),
            Vec::<String>::new(),
            "{harmless}"
        );
    }
}

#[test]
fn an_adapter_in_the_core_is_found() {
    let planted = "use crate::{consult::Log, http::Socket};";
    assert_eq!(
        CORE_KNOWS_NO_ADAPTER
            .offences("relay/src/sfu/x.rs", planted)
            .len(),
        1
    );
}

#[test]
fn a_component_in_the_stage_is_found() {
    let path = "viewer/src/stage/stage.ts";
    for planted in [
        "import { h } from \"preact\";",
        "import { useRef } from 'preact/hooks';",
        "import { Badge } from \"../parts/badge\";",
        "export { Room } from \"../screens/consult\";",
    ] {
        assert_eq!(
            STAGE_AND_LIVE_ARE_FRAMEWORK_FREE
                .offences(path, planted)
                .len(),
            1,
            "{planted}"
        );
    }
    let free = "import { signal } from \"@preact/signals\";";
    assert!(
        STAGE_AND_LIVE_ARE_FRAMEWORK_FREE
            .offences(path, free)
            .is_empty()
    );
}
