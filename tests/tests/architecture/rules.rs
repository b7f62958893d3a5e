//! What each crate, folder and file may name: the layers of the whole tree, as data.
//!
//! A rule that hurts is changed here, with the reason beside it. Nothing is checked in this file.

/// What each of our crates may depend on, and what more its tests may.
pub(crate) const CRATES: &[(&str, &[&str], &[&str])] = &[
    ("wire", &[], &[]),
    ("echo-dicom", &["wire"], &["sample-dicom"]),
    ("guarded", &["wire", "echo-dicom"], &[]),
    ("bandwidth", &[], &[]),
    ("recording", &["wire"], &[]),
    ("dimse", &[], &[]),
    ("sample-dicom", &[], &["wire", "echo-dicom"]),
    (
        "capture-agent",
        &[
            "wire",
            "echo-dicom",
            "guarded",
            "bandwidth",
            "recording",
            "dimse",
        ],
        &["sample-dicom"],
    ),
    (
        "relay",
        &[
            "wire",
            "echo-dicom",
            "guarded",
            "bandwidth",
            "recording",
            "dimse",
        ],
        &["sample-dicom"],
    ),
    // The stories drive the built programs; they never link the relay or the agent. They read what both left on disk,
    // and send to archives what a sender sends.
    (
        "stories",
        &["wire", "echo-dicom", "recording", "dimse", "sample-dicom"],
        &[],
    ),
];

/// Sources of more than one layer. Each folder directly below is bound by a rule of its own or stands in `OUTERMOST`.
pub(crate) const LAYERED: &[&str] = &["relay/src", "capture-agent/src", "viewer/src"];

/// Folders that may name what they need: doors, command lines, settings, and the pages with their words.
pub(crate) const OUTERMOST: &[&str] = &[
    "relay/src/cli",
    "relay/src/config",
    "relay/src/dicom_door",
    // A door outwards: it calls other archives and reads files and the queue.
    "relay/src/forward",
    "relay/src/http",
    "relay/src/recording",
    "capture-agent/src/config",
    "capture-agent/src/device_page",
    "capture-agent/src/dicom_door",
    "capture-agent/src/door",
    // It looks at everything, as an agent would use it.
    "capture-agent/src/preflight",
    "capture-agent/src/publish",
    "capture-agent/src/show",
    // A door outwards: it calls the hospital's worklist and writes the agent's file.
    "capture-agent/src/worklist",
    "viewer/src/device",
    "viewer/src/i18n",
    "viewer/src/parts",
    "viewer/src/screens",
    "viewer/src/style",
    "viewer/src/wire",
];

/// Some files, and the names that may not stand in them outside comments and unit tests.
pub(crate) struct Rule {
    pub(crate) what: &'static str,
    /// Folders or files, relative to the top.
    pub(crate) within: &'static [&'static str],
    /// Files below `within` that are adapters and so left out, each for a reason given beside it.
    pub(crate) except: &'static [&'static str],
    /// Whole names: `tokio` also finds `tokio::spawn` and `use {std::fs, tokio::net}`.
    pub(crate) never: &'static [&'static str],
}

/// What runs the core: the loop that owns the media socket, and the tasks that own a consult and its pages' sockets.
pub(crate) const RUNNERS: &[&str] = &["relay/src/sfu/run", "relay/src/consult/live"];

/// The relay's rules of a consult and of forwarding take `now` and return actions.
pub(crate) const CORE_DOES_NO_IO: Rule = Rule {
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
pub(crate) const CORE_KNOWS_NO_ADAPTER: Rule = Rule {
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

/// Rows, blobs and clip files; who may read them is asked elsewhere.
pub(crate) const STORE_KEEPS_AND_KNOWS_NO_CALLER: Rule = Rule {
    what: "the store knows no door, no consult and no media",
    within: &["relay/src/store"],
    except: &[],
    never: &[
        "axum",
        "hyper",
        "crate::http",
        "crate::app",
        "crate::router",
        "crate::cli",
        "crate::auth",
        "crate::consult",
        "crate::sfu",
    ],
};

/// Whoever comes in by whatever door is judged in one place.
pub(crate) const ENTRANCE_KNOWS_NO_DOOR: Rule = Rule {
    what: "the entrance decides who may, and knows neither doors nor what is behind them",
    within: &["relay/src/auth"],
    except: &[],
    never: &[
        "crate::http",
        "crate::app",
        "crate::router",
        "crate::cli",
        "crate::consult",
        "crate::sfu",
        "echo_dicom",
    ],
};

/// Objects come by the network today, by HTTP and from agents tomorrow; SQL is the store's.
pub(crate) const ARCHIVE_KNOWS_NO_DOOR: Rule = Rule {
    what: "the archive keeps objects and knows neither sockets nor SQL",
    within: &["relay/src/archive"],
    except: &[],
    never: &[
        "axum",
        "hyper",
        "rusqlite",
        "tokio::net",
        "std::net",
        "crate::http",
        "crate::app",
        "crate::router",
        "crate::cli",
        "crate::auth",
        "crate::consult",
        "crate::sfu",
    ],
};

/// What a peer sends is judged without a socket; only those who take or make associations have one.
pub(crate) const DICOM_ASSOCIATIONS_ARE_RULES: Rule = Rule {
    what: "PDUs, messages and commands are judged without input or output",
    within: &["relay/dimse/src"],
    except: &[
        "relay/dimse/src/asked.rs",
        "relay/dimse/src/association.rs",
        "relay/dimse/src/line.rs",
        "relay/dimse/src/requestor.rs",
        "relay/dimse/src/serving.rs",
        "relay/dimse/src/shelf.rs",
        "relay/dimse/src/stream.rs",
        "relay/dimse/src/tls",
    ],
    never: &["tokio", "std::fs", "Instant", "SystemTime"],
};

/// Where objects go is the shelf's business.
pub(crate) const DICOM_DOOR_KEEPS_NOTHING: Rule = Rule {
    what: "the DICOM door writes no file",
    within: &["relay/dimse/src"],
    except: &[],
    never: &["std::fs", "tokio::fs", "rusqlite", "echo_dicom"],
};

/// Frames and DICOM objects are made for HTTP and for the command line alike.
pub(crate) const CLIPS_KNOW_NO_DOOR: Rule = Rule {
    what: "reading clips and writing marks on them know no door",
    within: &[
        "relay/src/replay",
        "relay/src/dicom_marks",
        "relay/src/recorded_clips",
        "relay/src/cases",
    ],
    except: &[],
    never: &[
        "axum",
        "hyper",
        "rusqlite",
        "crate::http",
        "crate::app",
        "crate::router",
        "crate::cli",
        "crate::auth",
        "crate::sfu",
    ],
};

/// Another engine could drive the same relay (decision 0002).
pub(crate) const ONLY_THE_EDGE_NAMES_RTC: Rule = Rule {
    what: "only the media edge names the WebRTC crate",
    within: &["relay/src"],
    except: &["relay/src/sfu/edge"],
    never: &["rtc", "webrtc"],
};

/// Publishing can be done otherwise; capture and encode know nothing of it.
pub(crate) const ONLY_PUBLISH_NAMES_WEBRTC: Rule = Rule {
    what: "only the agent's publishing names the WebRTC crates",
    within: &["capture-agent/src"],
    except: &[
        "capture-agent/src/publish",
        // Cuts coded frames into RTP payloads (RFC 6184) on the encode thread; see the next rule.
        "capture-agent/src/pipeline.rs",
        // The same for the journal's lane and the low layer, each on its own thread.
        "capture-agent/src/pipeline",
        "capture-agent/src/low_layer.rs",
    ],
    never: &["webrtc", "rtc"],
};

/// Of the WebRTC crates the encode thread takes the packetiser: a rule for bytes, without a connection.
pub(crate) const ENCODE_THREAD_CUTS_PAYLOADS_ONLY: Rule = Rule {
    what: "the encode threads name no connection",
    within: &[
        "capture-agent/src/pipeline.rs",
        "capture-agent/src/pipeline",
        "capture-agent/src/low_layer.rs",
    ],
    except: &[],
    never: &[
        "webrtc",
        "rtc::peer_connection",
        "rtc::ice",
        "rtc::dtls",
        "rtc::sctp",
        "rtc::srtp",
        "rtc::rtcp",
        "crate::publish",
    ],
};

/// From a device's pixels to access units; who looks at them is nobody's business there.
pub(crate) const PICTURES_KNOW_NO_NETWORK: Rule = Rule {
    what: "sources and encoders know no receiver",
    within: &["capture-agent/src/source", "capture-agent/src/encode"],
    except: &[],
    never: &[
        "axum",
        "reqwest",
        "crate::publish",
        "crate::device_page",
        "crate::door",
        "crate::spool",
        "crate::clip",
        "crate::config",
    ],
};

/// A clip is saved without any network.
pub(crate) const SAVING_KNOWS_NO_NETWORK: Rule = Rule {
    what: "saving clips knows no network",
    within: &["capture-agent/src/clip"],
    except: &[],
    never: &[
        "axum",
        "reqwest",
        "crate::publish",
        "crate::device_page",
        "crate::door",
        "crate::config",
    ],
};

/// Clips leave the spool by any way; HTTPS will be the next.
pub(crate) const SPOOL_KNOWS_NO_WAY_OUT: Rule = Rule {
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

/// The journal is written whatever the link does, and read by any way out.
pub(crate) const JOURNAL_KNOWS_NO_WAY_OUT: Rule = Rule {
    what: "the journal knows no network and no pixels",
    within: &["capture-agent/src/journal"],
    except: &[],
    never: &[
        "webrtc",
        "rtc",
        "axum",
        "reqwest",
        "echo_dicom",
        "image",
        "crate::publish",
    ],
};

/// What a recording lacks and how packets become frames is decided without doing anything.
pub(crate) const RECORDING_IS_DECIDED_WITHOUT_IO: Rule = Rule {
    what: "assembler, healer, receipt, frames of voices and what is told of a recording, and the window of what is sent again, do no input or output",
    within: &[
        "relay/src/recording/assembler.rs",
        "relay/src/recording/healer.rs",
        "relay/src/recording/healer/spans.rs",
        "relay/src/recording/receipt.rs",
        "relay/src/recording/telling.rs",
        "relay/src/recording/voice_frames.rs",
        "capture-agent/src/publish/backfill/window.rs",
    ],
    except: &[],
    never: &["tokio", "std::fs", "Instant::now", "getrandom"],
};

/// What is sent next, and how fast, is decided without doing it.
pub(crate) const COURIER_DOES_NO_IO: Rule = Rule {
    what: "the courier and the pacer of clips take time as an argument and do no input or output",
    within: &[
        "capture-agent/src/publish/clips/courier.rs",
        "capture-agent/src/publish/clips/pacer.rs",
    ],
    except: &[],
    never: &["tokio", "webrtc", "std::fs", "crate::spool", "Instant::now"],
};

/// A simulated link stands behind it in its tests; only its `chain` knows the connection.
pub(crate) const UPLINK_DECIDES_WITHOUT_A_CONNECTION: Rule = Rule {
    what: "the agent's uplink takes time as an argument; only its chain names the WebRTC crates",
    within: &["capture-agent/src/publish/uplink"],
    except: &[
        "capture-agent/src/publish/uplink/chain.rs",
        "capture-agent/src/publish/uplink/tests.rs",
    ],
    never: &[
        "webrtc",
        "rtc",
        "std::net",
        "std::fs",
        "tokio::time",
        "tokio::spawn",
    ],
};

/// What becomes of a packet on a link of the lab is a rule that runs without a network.
pub(crate) const LINKS_ARE_RULES: Rule = Rule {
    what: "what a link does to packets takes time as an argument and does no input or output",
    within: &[
        "tests/src/link/jitter.rs",
        "tests/src/link/kinds.rs",
        "tests/src/link/loss.rs",
        "tests/src/link/meter.rs",
        "tests/src/link/path.rs",
        "tests/src/link/random.rs",
        "tests/src/link/sdp.rs",
        "tests/src/link/trace.rs",
    ],
    except: &[],
    never: &[
        "tokio",
        "reqwest",
        "Instant",
        "SystemTime",
        "std::fs",
        "std::env",
        "UdpSocket",
        "TcpStream",
    ],
};

pub(crate) const WIRE_DOES_NO_IO: Rule = Rule {
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

/// Stories over a simulated link are the same each time only without a clock and without dice.
pub(crate) const BANDWIDTH_TAKES_TIME_AS_AN_ARGUMENT: Rule = Rule {
    what: "estimator, pacer and ladder take time as an argument and know neither sockets nor WebRTC types",
    within: &["relay/bandwidth/src"],
    except: &[],
    never: &[
        "tokio",
        "rtc",
        "webrtc",
        "std::net",
        "std::fs",
        "std::env",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "getrandom",
        "rand",
    ],
};

pub(crate) const DICOM_KNOWS_NO_NETWORK: Rule = Rule {
    what: "echo-dicom reads files and knows no network",
    within: &["relay/echo-dicom/src"],
    except: &[],
    never: &["tokio", "std::net", "axum", "reqwest"],
};

/// Whatever a foreign file does happens in a process that can do no harm (decision 0029).
pub(crate) const FOREIGN_DICOM_IS_READ_CONFINED: Rule = Rule {
    what: "relay and agent open DICOM files through guarded only",
    within: &["relay/src", "capture-agent/src"],
    // It reads what it wrote itself.
    except: &["relay/src/dicom_marks/tests.rs"],
    never: &[
        "echo_dicom::Clip",
        "Clip::open",
        "Clip::from_bytes",
        "Provenance::read",
    ],
};

/// The agent's journal and the relay's recorder are the same code; both tell it the time.
pub(crate) const RECORDING_KNOWS_NO_NETWORK: Rule = Rule {
    what: "recording takes time as an argument and knows no network",
    within: &["relay/recording/src"],
    except: &[],
    never: &[
        "tokio",
        "std::net",
        "axum",
        "webrtc",
        "rtc",
        "SystemTime",
        "Instant::now",
        "getrandom",
        "Uuid::new_v4",
    ],
};

/// What is where, what is missing and what a timeline shows are sets and arithmetic.
pub(crate) const FRAME_TABLES_DO_NO_IO: Rule = Rule {
    what: "frame tables, their differences and the timeline open no file",
    within: &[
        "relay/recording/src/table.rs",
        "relay/recording/src/missing.rs",
        "relay/recording/src/timeline.rs",
        "relay/recording/src/tick.rs",
        "relay/recording/src/digest.rs",
    ],
    except: &[],
    never: &[
        "std::fs",
        "std::io",
        "crate::files",
        "crate::writer",
        "crate::recording",
    ],
};

/// The viewer holds the same rules, which have no file and no clock.
pub(crate) const MEASURING_IS_ARITHMETIC: Rule = Rule {
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
pub(crate) const STAGE_AND_LIVE_ARE_FRAMEWORK_FREE: Rule = Rule {
    what: "stage, clip, files, replay, live, voice, net, marks and measure import no component",
    within: &[
        "viewer/src/stage",
        "viewer/src/clip",
        "viewer/src/files",
        "viewer/src/replay",
        "viewer/src/live",
        "viewer/src/voice",
        "viewer/src/net",
        "viewer/src/marks",
        "viewer/src/measure",
    ],
    except: &[],
    never: &["preact", "react", "screens", "parts"],
};

pub(crate) const SOURCE_RULES: &[&Rule] = &[
    &CORE_DOES_NO_IO,
    &CORE_KNOWS_NO_ADAPTER,
    &STORE_KEEPS_AND_KNOWS_NO_CALLER,
    &ENTRANCE_KNOWS_NO_DOOR,
    &CLIPS_KNOW_NO_DOOR,
    &ONLY_THE_EDGE_NAMES_RTC,
    &ONLY_PUBLISH_NAMES_WEBRTC,
    &ENCODE_THREAD_CUTS_PAYLOADS_ONLY,
    &PICTURES_KNOW_NO_NETWORK,
    &SAVING_KNOWS_NO_NETWORK,
    &SPOOL_KNOWS_NO_WAY_OUT,
    &COURIER_DOES_NO_IO,
    &JOURNAL_KNOWS_NO_WAY_OUT,
    &RECORDING_IS_DECIDED_WITHOUT_IO,
    &UPLINK_DECIDES_WITHOUT_A_CONNECTION,
    &LINKS_ARE_RULES,
    &WIRE_DOES_NO_IO,
    &BANDWIDTH_TAKES_TIME_AS_AN_ARGUMENT,
    &DICOM_KNOWS_NO_NETWORK,
    &FOREIGN_DICOM_IS_READ_CONFINED,
    &ARCHIVE_KNOWS_NO_DOOR,
    &DICOM_ASSOCIATIONS_ARE_RULES,
    &DICOM_DOOR_KEEPS_NOTHING,
    &RECORDING_KNOWS_NO_NETWORK,
    &FRAME_TABLES_DO_NO_IO,
    &MEASURING_IS_ARITHMETIC,
    &STAGE_AND_LIVE_ARE_FRAMEWORK_FREE,
];
