//! Every command and flag.

use crate::config::Layers;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use wire::original::Digest;
use wire::people::Role;
use wire::{ConsultId, DeviceId, PersonId};

const AFTER_HELP: &str = "\
A flag wins over the environment, the environment over the file, the file over the default.

Examples:
  relay serve --demo --data .demo/data                 try it on this machine: http://127.0.0.1:8080
  relay --config /etc/hibiki/relay.toml serve          run it
  relay --config /etc/hibiki/relay.toml check-config   say what is wrong with a configuration
  relay --config … consult open --alias '訪問 12'       prints the consult's id
  relay --config … person add --name … --role cardiologist --consult ID
  relay --config … ticket --person ID --consult ID     prints a link that works once
  relay --config … device add --name … --consult ID    prints the device's id and its key, once

Exit codes:
  0  done, or stopped in order
  1  a fault while running
  2  the command line or the configuration
  3  the data folder or the database
  4  an address cannot be listened on";

/// The hospital's server for Hibiki: forwards the picture, owns live consults, serves the pages.
#[derive(Debug, Parser)]
#[command(name = "relay", version, after_help = AFTER_HELP, max_term_width = 110)]
pub struct Args {
    /// Configuration file (TOML); its keys are the long flags of `serve` with _ for -.
    #[arg(long, env = "HIBIKI_RELAY_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the relay until it is told to stop (Ctrl-C, SIGTERM).
    Serve {
        /// What is set.
        #[command(flatten)]
        settings: Box<Layers>,
        /// Print one line of JSON with the addresses once they are open; then port 0 takes any free port.
        #[arg(long)]
        announce: bool,
    },
    /// Say whether a configuration can be used, and what is wrong with it.
    CheckConfig {
        /// What is set.
        #[command(flatten)]
        settings: Box<Layers>,
    },
    /// Make a link that lets a person into a consult, once.
    Ticket {
        /// Who.
        #[arg(long, value_name = "ID")]
        person: PersonId,
        /// Where to; they need a role there.
        #[arg(long, value_name = "ID")]
        consult: ConsultId,
        /// Which installation.
        #[command(flatten)]
        place: Place,
    },
    /// Add a person, or give one a role in a consult.
    Person {
        /// What.
        #[command(subcommand)]
        what: Person,
        /// Which installation.
        #[command(flatten)]
        place: Place,
    },
    /// Enrol or revoke a device.
    Device {
        /// What.
        #[command(subcommand)]
        what: Device,
        /// Which installation.
        #[command(flatten)]
        place: Place,
    },
    /// See and settle what somebody has to look at in the archive.
    Archive {
        /// What.
        #[command(subcommand)]
        what: Archive,
        /// Which installation.
        #[command(flatten)]
        place: Place,
    },
    /// See and steer what is sent on to other archives (the hospital's PACS).
    Forwards {
        /// What.
        #[command(subcommand)]
        what: Forwards,
        /// Which installation.
        #[command(flatten)]
        place: Place,
    },
    /// Open, list or close consults.
    Consult {
        /// What.
        #[command(subcommand)]
        what: Consult,
        /// Which installation.
        #[command(flatten)]
        place: Place,
    },
}

/// The archive.
#[derive(Debug, Subcommand)]
pub enum Archive {
    /// List objects that are kept beside another of their UID, and instances that name another patient than their study
    /// does; the newest first: when, why, who sent it, the object and the one that it does not agree with, by their files' names
    /// in archive/objects. Those that somebody settled are left out.
    Conflicts {
        /// With those that are settled.
        #[arg(long)]
        all: bool,
    },
    /// Note that somebody looked at such objects: they are listed and counted no more. Nothing of the objects changes.
    Settle {
        /// The objects, by their files' names in archive/objects.
        #[arg(required = true, value_name = "OBJECT")]
        objects: Vec<Digest>,
    },
}

/// What is sent on to other archives.
#[derive(Debug, Subcommand)]
pub enum Forwards {
    /// List it, the oldest first.
    List {
        /// How far it is.
        #[arg(long, default_value = "waiting")]
        state: ForwardStateName,
    },
    /// Try again now what waits, was refused or was given up: one, or all for a destination.
    Retry {
        /// Its number in the list.
        #[arg(long, required_unless_present = "to", conflicts_with = "to")]
        id: Option<i64>,
        /// All for this destination.
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
    },
    /// Leave one that need not go any more.
    GiveUp {
        /// Its number in the list.
        #[arg(long)]
        id: i64,
    },
    /// Queue what is here already. What is or was in the queue for that destination stays as it is.
    #[command(group = clap::ArgGroup::new("chosen").required(true))]
    Send {
        /// A destination of the configuration.
        #[arg(long, value_name = "NAME")]
        to: String,
        /// The clips of a consult.
        #[arg(long, value_name = "ID", group = "chosen")]
        consult: Option<ConsultId>,
        /// What has this SOP Instance UID.
        #[arg(long, value_name = "UID", group = "chosen")]
        instance: Option<String>,
        /// All objects and clips.
        #[arg(long, group = "chosen")]
        everything: bool,
    },
}

/// How far something is on its way, as a word of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ForwardStateName {
    /// Tried until it is there.
    Waiting,
    /// There.
    Sent,
    /// The destination will never take it.
    Refused,
    /// Left by an operator.
    GivenUp,
}

impl From<ForwardStateName> for crate::store::ForwardState {
    fn from(name: ForwardStateName) -> Self {
        match name {
            ForwardStateName::Waiting => Self::Waiting,
            ForwardStateName::Sent => Self::Sent,
            ForwardStateName::Refused => Self::Refused,
            ForwardStateName::GivenUp => Self::GivenUp,
        }
    }
}

/// Which installation a tool works on.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// Folder with the database.
    #[arg(long, env = "HIBIKI_RELAY_DATA", value_name = "FOLDER", global = true)]
    pub data: Option<PathBuf>,
}

/// People.
#[derive(Debug, Subcommand)]
pub enum Person {
    /// Add somebody with a role in a consult; prints their id.
    Add {
        /// Name as others see it.
        #[arg(long)]
        name: String,
        /// One or two characters for small places [default: the first of the name].
        #[arg(long)]
        initials: Option<String>,
        /// As what.
        #[arg(long)]
        role: RoleName,
        /// Where.
        #[arg(long, value_name = "ID")]
        consult: ConsultId,
    },
    /// Give somebody who is there a role in a consult.
    Role {
        /// Who.
        #[arg(long, value_name = "ID")]
        person: PersonId,
        /// As what.
        #[arg(long)]
        role: RoleName,
        /// Where.
        #[arg(long, value_name = "ID")]
        consult: ConsultId,
    },
}

/// Devices.
#[derive(Debug, Subcommand)]
pub enum Device {
    /// Enrol a device for a consult; prints its id and, once, its key.
    Add {
        /// Name as others see it.
        #[arg(long)]
        name: String,
        /// Where it may publish.
        #[arg(long, value_name = "ID")]
        consult: ConsultId,
    },
    /// Let a device that is there publish to one more consult.
    Allow {
        /// Which.
        #[arg(long, value_name = "ID")]
        device: DeviceId,
        /// Where it may publish.
        #[arg(long, value_name = "ID")]
        consult: ConsultId,
    },
    /// Take a device's right away for good.
    Revoke {
        /// Which.
        #[arg(long, value_name = "ID")]
        device: DeviceId,
    },
}

/// Consults.
#[derive(Debug, Subcommand)]
pub enum Consult {
    /// Open one; prints its id.
    Open {
        /// Name without identity, for example 訪問 12.
        #[arg(long)]
        alias: String,
    },
    /// List those that are open.
    List,
    /// Close one: nobody gets in any more, its log stays, and what was drawn and measured on its clips is kept as DICOM
    /// beside them. No measurements where `relay serve` was last started without measuring. Can be run again, for example when
    /// the recording has become whole.
    Close {
        /// Which.
        #[arg(long, value_name = "ID")]
        consult: ConsultId,
        /// Also keep its recording as DICOM (H.264), as with recording_dicom = true in the configuration.
        #[arg(long)]
        recording: bool,
    },
}

/// Roles as words of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// 訪問医
    VisitingPhysician,
    /// 循環器医
    Cardiologist,
    /// 指導医
    Trainer,
    /// 研修者
    Trainee,
    /// 見学
    Observer,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::VisitingPhysician => Self::VisitingPhysician,
            RoleName::Cardiologist => Self::Cardiologist,
            RoleName::Trainer => Self::Trainer,
            RoleName::Trainee => Self::Trainee,
            RoleName::Observer => Self::Observer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn help_tells_the_exit_codes_and_how_to_begin() {
        let help = Args::command().render_help().to_string();
        for word in ["Exit codes", "serve --demo", "check-config"] {
            assert!(help.contains(word), "{word}");
        }
    }
}
