//! Systems on which a process cannot be confined yet: there no reader can be had, and foreign files are refused.

use crate::guard::Program;
use crate::protocol::{Answer, Ask};
use crate::refusal::Fate;
use std::fs::File;
use std::time::Duration;

/// A confined process, of which there is none.
#[derive(Debug)]
pub(crate) enum Process {}

impl Process {
    pub(crate) fn start(_: &Program) -> Result<Self, Fate> {
        let why = "reading foreign files needs Linux".to_owned();
        Err(Fate::NoReader(why))
    }

    pub(crate) fn give(&mut self, _: &File, _: &Ask) -> Result<Answer, Fate> {
        match *self {}
    }

    pub(crate) fn give_for(
        &mut self,
        _: &File,
        _: &Ask,
        _: usize,
    ) -> Result<(Answer, Vec<u8>), Fate> {
        match *self {}
    }

    pub(crate) fn ask(&mut self, _: &Ask, _: usize) -> Result<(Answer, Vec<u8>), Fate> {
        match *self {}
    }

    pub(crate) fn more(&mut self, _: &mut Vec<u8>) -> Result<Answer, Fate> {
        match *self {}
    }

    pub(crate) fn is_worn(&self, _: u32, _: Duration) -> bool {
        match *self {}
    }
}
