//! A clip without identity.
//!
//! Owns which facts of a clip come over: size, times, regions that keep their pixels, the view that a person named. All else
//! is new. The pixels are asked for frame by frame from whoever decodes them, so a foreign file is read where the caller has it
//! read; what is asked for is decoded, never copied. One after the other, because a frame of a video stands on those before it.

use super::cover::{Cover, kept};
use super::error::DeidentifyError;
use super::identity::CaseIdentity;
use super::object::anew;
use crate::clip::ClipReader;
use crate::write::{
    ClipFacts, ClipWriter, Context, Date, Equipment, Frame, FrameFault, Frames, LocalTime, Object,
    Origin, Patient, Rewrite, ScaleByHand, Series, Study, Uid, UtcOffset, ViewLabel, Written,
    region_fits,
};
use std::io::{Seek, Write};
use wire::FrameIndex;

/// Where the object stood before, as its file and its archive name it.
#[derive(Debug, Clone)]
pub struct Whose {
    /// Study Instance UID.
    pub study: Uid,
    /// Series Instance UID.
    pub series: Uid,
    /// SOP Instance UID.
    pub instance: Uid,
}

/// A clip that is to be written without identity.
#[derive(Debug)]
pub struct CleanClip<'a, R> {
    /// Gives its frames.
    pub reader: &'a R,
    /// Its UIDs, which do not come over.
    pub whose: &'a Whose,
    /// Whose case it becomes part of.
    pub identity: &'a CaseIdentity,
    /// What of its pixels stays.
    pub cover: &'a Cover,
    /// The view that a person named.
    pub view: Option<ViewLabel>,
    /// Its place in the case, from 1.
    pub number: u32,
}

impl<R: ClipReader + Sync> CleanClip<'_, R> {
    /// Writes it.
    ///
    /// # Errors
    /// `NothingKept`, or the step of writing that failed.
    pub fn write(&self, out: &mut (impl Write + Seek)) -> Result<Written, DeidentifyError> {
        let header = self.reader.header();
        if self.cover.keeps_nothing() {
            return Err(DeidentifyError::NothingKept);
        }
        let (context, facts) = (self.context()?, self.facts()?);
        let writer = match header.frames {
            1 => ClipWriter::still(&context, &facts, self)?,
            _ => ClipWriter::clip(&context, &facts, self)?,
        };
        let clean = |object: &Object| anew(object, self.identity);
        Ok(writer.rewritten(Rewrite(&clean)).write_seekable(out)?)
    }

    fn context(&self) -> Result<Context, DeidentifyError> {
        Ok(Context {
            patient: Patient::default(),
            study: Study::new(self.whose.study.clone()),
            series: Series {
                uid: self.whose.series.clone(),
                number: 1,
                began_at: None,
                description: String::new(),
            },
            equipment: Equipment::default(),
            utc_offset: UtcOffset::UTC,
        })
    }

    fn facts(&self) -> Result<ClipFacts, DeidentifyError> {
        let header = self.reader.header();
        let (columns, rows) = (header.layout.columns, header.layout.rows);
        let no_time = no_time()?;
        Ok(ClipFacts {
            times: (0..header.frames)
                .map(|index| header.frame_times.at(FrameIndex(index)))
                .collect(),
            regions: kept(header)
                .filter(|region| region_fits(region, columns, rows))
                .cloned()
                .collect(),
            hand_scale: header.hand_scale.then_some(ScaleByHand {
                at: no_time,
                by: None,
            }),
            view: self.view.clone(),
            origin: Origin::Derived(Vec::new()),
            burned_in_annotation: Some(false),
            lossy_before: header.lossy_before,
            ..ClipFacts::new(self.whose.instance.clone(), self.number, no_time)
        })
    }
}

/// The writer wants a time; the table puts the one in its place that stands for none.
fn no_time() -> Result<LocalTime, DeidentifyError> {
    let day = Date::new(1900, 1, 1).and_then(|day| LocalTime::new(day, 0, 0, 0, 0));
    day.ok_or(DeidentifyError::Kind)
}

impl<R: ClipReader + Sync> Frames for CleanClip<'_, R> {
    fn count(&self) -> usize {
        self.reader.header().frames as usize
    }

    fn frame(&self, index: FrameIndex) -> Result<Frame<'_>, FrameFault> {
        let rows = self.cover.over(self.reader.rows(index)?);
        Ok(Frame::Rows(Box::new(rows)))
    }
}
