//! Dependencies point inward: `wire` <- core rules (sans-IO) <- adapters (http, udp, store, dicom) <- `main`.
//!
//! Owns the list of what each crate and folder may name. It reads `cargo metadata` and the `use`, `import` and path
//! expressions of the sources; it runs nothing. A new crate or folder fails here until somebody says where it belongs.
//! Each rule also proves on a planted offence that it can fail.
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
use mentions::{holds_name, rust_paths, ts_imports};

/// What each of our crates may depend on, and what more its tests may.
const CRATES: &[(&str, &[&str], &[&str])] = &[
    ("wire", &[], &[]),
    ("echo-dicom", &["wire"], &["sample-dicom"]),
    ("sample-dicom", &[], &["wire", "echo-dicom"]),
    ("capture-agent", &["wire", "echo-dicom"], &["sample-dicom"]),
    ("relay", &["wire", "echo-dicom"], &["sample-dicom"]),
    // The stories drive the built programs; they never link the relay or the agent.
    ("stories", &["wire", "echo-dicom", "sample-dicom"], &[]),
];

/// Some files, and the names that may not stand in them outside comments and unit tests.
struct Rule {
    what: &'static str,
    /// Folders or files, relative to the top.
    within: &'static [&'static str],
    /// Files below `within` that are adapters and so left out, each for a reason given beside it.
    except: &'static [&'static str],
    /// Whole names: `tokio` also finds `tokio::spawn` and `use {std::fs, tokio::net}`.
    never: &'static [&'static str],
}

/// What runs the core: the loop that owns the media socket, and the tasks that own a consult and its pages' sockets.
const RUNNERS: &[&str] = &["relay/src/sfu/run", "relay/src/consult/live"];

/// The relay's rules of a consult and of forwarding take `now` and return actions.
const CORE_DOES_NO_IO: Rule = Rule {
    what: "the relay's core takes time as an argument and does no input or output",
    within: &["relay/src/consult", "relay/src/sfu"],
    except: RUNNERS,
    never: &[
        "tokio",
        "axum",
        "hyper",
        "reqwest",
        "rusqlite",
        "socket2",
        "libc",
        "getrandom",
        "rand",
        "SystemTime",
        "Instant::now",
        "std::fs",
        "std::env",
        "UdpSocket",
        "TcpListener",
        "TcpStream",
        "Uuid::new_v4",
    ],
};

/// The core knows none of those who call it.
const CORE_KNOWS_NO_ADAPTER: Rule = Rule {
    what: "the relay's core imports no adapter",
    within: &["relay/src/consult", "relay/src/sfu"],
    except: RUNNERS,
    never: &[
        "crate::http",
        "crate::store",
        "crate::auth",
        "crate::app",
        "crate::router",
        "crate::config",
    ],
};

/// Another engine could drive the same relay (decision 0002).
const ONLY_THE_EDGE_NAMES_RTC: Rule = Rule {
    what: "only the media edge names the WebRTC crate",
    within: &["relay/src"],
    except: &["relay/src/sfu/edge"],
    never: &["rtc", "webrtc"],
};

/// Publishing can be done otherwise; capture and encode know nothing of it.
const ONLY_PUBLISH_NAMES_WEBRTC: Rule = Rule {
    what: "only the agent's publishing names the WebRTC crate",
    within: &["capture-agent/src"],
    except: &["capture-agent/src/publish"],
    never: &["webrtc"],
};

/// Clips leave the spool by any way; HTTPS will be the next.
const SPOOL_KNOWS_NO_WAY_OUT: Rule = Rule {
    what: "the spool knows no network and no pixels",
    within: &["capture-agent/src/spool"],
    except: &[],
    never: &[
        "webrtc",
        "axum",
        "reqwest",
        "echo_dicom",
        "image",
        "crate::publish",
    ],
};

/// What is sent next, and how fast, is decided without doing it.
const COURIER_DOES_NO_IO: Rule = Rule {
    what: "the courier and the pacer of clips take time as an argument and do no input or output",
    within: &[
        "capture-agent/src/publish/clips/courier.rs",
        "capture-agent/src/publish/clips/pacer.rs",
    ],
    except: &[],
    never: &["tokio", "webrtc", "std::fs", "crate::spool", "Instant::now"],
};

const WIRE_DOES_NO_IO: Rule = Rule {
    what: "wire types are data",
    within: &["relay/wire/src"],
    except: &[],
    never: &[
        "tokio",
        "std::fs",
        "std::net",
        "std::env",
        "SystemTime",
        "Instant",
    ],
};

const DICOM_KNOWS_NO_NETWORK: Rule = Rule {
    what: "echo-dicom reads files and knows no network",
    within: &["relay/echo-dicom/src"],
    except: &[],
    never: &["tokio", "std::net", "axum", "reqwest"],
};

/// The viewer holds the same rules, which have no file and no clock.
const MEASURING_IS_ARITHMETIC: Rule = Rule {
    what: "measuring takes regions and points, not files",
    within: &["relay/echo-dicom/src/measure"],
    except: &[],
    never: &[
        "std::fs",
        "std::env",
        "SystemTime",
        "Instant",
        "crate::clip",
        "crate::source",
        "crate::scan",
    ],
};

/// The drawing stage and the live connection run without a component tree; signals are how components read them.
const STAGE_AND_LIVE_ARE_FRAMEWORK_FREE: Rule = Rule {
    what: "stage, live, net, marks and measure import no component",
    within: &[
        "viewer/src/stage",
        "viewer/src/live",
        "viewer/src/net",
        "viewer/src/marks",
        "viewer/src/measure",
    ],
    except: &[],
    never: &["preact", "react", "screens", "parts"],
};

const SOURCE_RULES: &[&Rule] = &[
    &CORE_DOES_NO_IO,
    &CORE_KNOWS_NO_ADAPTER,
    &ONLY_THE_EDGE_NAMES_RTC,
    &ONLY_PUBLISH_NAMES_WEBRTC,
    &SPOOL_KNOWS_NO_WAY_OUT,
    &COURIER_DOES_NO_IO,
    &WIRE_DOES_NO_IO,
    &DICOM_KNOWS_NO_NETWORK,
    &MEASURING_IS_ARITHMETIC,
    &STAGE_AND_LIVE_ARE_FRAMEWORK_FREE,
];

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
