//! Encoders for tests: each name behaves as told, also after it was opened, as hardware does that goes away.
//!
//! What they code is empty. Nothing of this is in the program.

use crate::encode::{
    AccessUnit, BitRate, EncodeError, EncoderFactory, EncoderSettings, VideoEncoder,
};
use crate::picture::Picture;
use crate::sync::{Stop, held};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wire::RtpTime;

/// What an encoder does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Codes each picture in about this time.
    Takes(Duration),
    /// Codes pictures up to this width and opens for no wider ones.
    UpTo(u32),
    /// Opens, and fails on every picture.
    FailsOnPictures,
    /// Gives pictures back later than in the same call.
    HoldsBack,
    /// Gives no keyframe but the first.
    NoKeyframe,
}

impl Way {
    /// Nothing is wrong with it.
    pub(super) const WORKS: Self = Self::Takes(Duration::ZERO);
}

/// Who is here, and how they behave. Who is not in it does not open.
#[derive(Debug, Clone, Default)]
pub(super) struct StandIns(Arc<Mutex<HashMap<&'static str, Way>>>);

impl StandIns {
    /// These are here.
    pub(super) fn with(here: &[(&'static str, Way)]) -> Self {
        Self(Arc::new(Mutex::new(here.iter().copied().collect())))
    }

    /// From now on it behaves like this.
    pub(super) fn set(&self, name: &'static str, way: Way) {
        held(&self.0).insert(name, way);
    }

    /// From now on it is gone: it fails where it is open and opens no more.
    pub(super) fn lose(&self, name: &str) {
        held(&self.0).remove(name);
    }

    fn way(&self, name: &str) -> Option<Way> {
        held(&self.0).get(name).copied()
    }
}

impl EncoderFactory for StandIns {
    fn open(
        &self,
        name: &str,
        settings: &EncoderSettings,
    ) -> Result<Box<dyn VideoEncoder>, EncodeError> {
        let opens = match self.way(name) {
            None => false,
            Some(Way::UpTo(width)) => settings.width <= width,
            Some(_) => true,
        };
        if !opens {
            let (name, reason) = (name.to_owned(), "no such hardware".to_owned());
            return Err(EncodeError::Open { name, reason });
        }
        Ok(Box::new(StandIn {
            name: name.to_owned(),
            all: self.clone(),
            coded: 0,
        }))
    }
}

struct StandIn {
    name: String,
    all: StandIns,
    coded: u32,
}

impl VideoEncoder for StandIn {
    fn encode(
        &mut self,
        _picture: &Picture,
        rtp_time: RtpTime,
        force_idr: bool,
        out: &mut Vec<AccessUnit>,
    ) -> Result<(), EncodeError> {
        let way = self.all.way(&self.name);
        if let Some(Way::Takes(time)) = way {
            Stop::default().wait(time);
        }
        match way {
            None | Some(Way::FailsOnPictures) => Err(EncodeError::Picture {
                name: self.name.clone(),
                reason: "it is gone".to_owned(),
            }),
            Some(Way::HoldsBack) => Ok(()),
            Some(way) => {
                let keyframe = self.coded == 0 || (force_idr && way != Way::NoKeyframe);
                self.coded += 1;
                out.push(AccessUnit {
                    rtp_time,
                    keyframe,
                    data: Bytes::new(),
                });
                Ok(())
            }
        }
    }

    fn set_rate(&mut self, _bit_rate: BitRate, _frame_rate: f64) {}

    fn name(&self) -> &str {
        &self.name
    }
}
