//! What was found, in English, for the command line.
//!
//! Owns these words; the device page says the same in its own dictionaries. Called by `finding`.

use wire::check::{CheckAction, CheckSays, CheckSubject};

pub(super) const fn of_subject(what: CheckSubject) -> &'static str {
    match what {
        CheckSubject::Source => "source",
        CheckSubject::Encoder => "encoder",
        CheckSubject::Disk => "disk",
        CheckSubject::Versions => "versions",
        CheckSubject::Relay => "relay",
        CheckSubject::Clock => "clock",
        CheckSubject::Link => "link",
        CheckSubject::LinkUdp => "link udp",
        CheckSubject::LinkTcp => "link tcp",
        CheckSubject::LinkTurn => "link turn",
    }
}

pub(super) fn of(says: &CheckSays) -> String {
    match says {
        CheckSays::Pictures { width, height, fps } => {
            format!("{width} x {height}, {fps} pictures a second")
        }
        CheckSays::AtWorkElsewhere => "a capture agent of this device is at work".to_owned(),
        CheckSays::Codes { name, ms: Some(ms) } => format!("{name}, {ms} ms a picture"),
        CheckSays::Codes { name, ms: None } => format!("{name}, at work"),
        CheckSays::CodesNothing => "at rest, because nobody receives".to_owned(),
        CheckSays::NoSpool => "no spool: clips cannot be saved".to_owned(),
        CheckSays::Room { mib, sync_ms } => format!("{mib} MiB free, a sync takes {sync_ms} ms"),
        CheckSays::DiskRefused { detail } => {
            format!("the spool folder cannot be used: {detail}")
        }
        CheckSays::Versions { agent, libraries } => format!("capture-agent {agent}, {libraries}"),
        CheckSays::NoRelay => "none: pictures are not sent".to_owned(),
        CheckSays::Answers { ms } => format!("answers in {ms} ms"),
        CheckSays::NotReady => "answers and says that it is not ready".to_owned(),
        CheckSays::NoPicture { detail }
        | CheckSays::NoEncoder { detail }
        | CheckSays::Refused { detail }
        | CheckSays::Blocked { detail } => detail.clone(),
        CheckSays::SameTime => "as the relay's".to_owned(),
        CheckSays::OffBy { seconds, ahead } => {
            let word = if *ahead { "ahead of" } else { "behind" };
            format!("{seconds} s {word} the relay's")
        }
        CheckSays::NoTime => "the relay tells no time".to_owned(),
        CheckSays::Passes { ms } => format!("media passes, connected in {ms} ms"),
        CheckSays::Sending => "the picture goes out".to_owned(),
        CheckSays::NotSending { detail } if detail.is_empty() => "being connected".to_owned(),
        CheckSays::NotSending { detail } => detail.clone(),
        CheckSays::TicketOnce => "not tried: a ticket works once".to_owned(),
    }
}

pub(super) const fn of_action(action: CheckAction) -> &'static str {
    match action {
        CheckAction::ChooseFormat => {
            "choose another format or a lower size at the grabber; USB 3 if it can"
        }
        CheckAction::CheckCable => {
            "check cable and power; \"capture-agent sources\" lists what can be opened"
        }
        CheckAction::SeeOtherAgent => {
            "look at that agent's page or terminal, or stop it and check again"
        }
        CheckAction::EaseCoding => "close other programs, or lower the size of the picture",
        CheckAction::InstallEncoder => "install FFmpeg with libx264, or name another encoder",
        CheckAction::NameSpool => "name a folder with --spool",
        CheckAction::WritableFolder => {
            "give the agent's user a folder that it may write, on a disk with room"
        }
        CheckAction::FreeRoomNow => "free some room: clips cannot be saved",
        CheckAction::FreeRoom => "free some room: a visit's clips may not fit",
        CheckAction::QuickerDisk => "put the spool on a quicker disk: saving is told late",
        CheckAction::NameRelay => "name it with --relay, --consult and the device's key",
        CheckAction::AskOperator => "tell the operator: the relay's log says more",
        CheckAction::CheckNetwork => "check the network of this device and the relay's address",
        CheckAction::SetClock => "let this device set its clock from the network (NTP)",
        CheckAction::ClockByHand => "check it by hand",
        CheckAction::OpenPorts => {
            "let UDP or TCP to the relay's media port through, or check its public address"
        }
        CheckAction::NotNeededHere => {
            "not needed on this network; on one that blocks the other ways there would be no picture"
        }
        CheckAction::LetUdpThrough => {
            "let UDP through: over TCP a lossy link shows a later picture"
        }
        CheckAction::CheckTurn => "check the TURN server, its certificate and its secret",
        CheckAction::UseKey => "give the device a key, which can be tried and comes back by itself",
        CheckAction::Wait => "it goes on by itself; check the network if it does not",
    }
}
