//! What the agent's journal and the relay's recording of a story hold, read from their disks.
//!
//! Owns where both lie and the comparison. It reads while both programs run or after they were killed, and changes nothing.
//! Callers: stories and the bench.

use crate::story::Story;
use crate::wait::until_every;
use anyhow::{Context as _, Result, ensure};
use recording::{Held, Recording, Tick};
use std::time::Duration;
use wire::StreamId;

/// Time between looks: each reads both folders.
const LOOK: Duration = Duration::from_millis(200);

impl Story {
    /// The agent's journal of this consult.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn journal(&self) -> Result<Recording> {
        let owner = StreamId::from_uuid(self.consult().uuid());
        Ok(Recording::open(
            &self.folder().join("spool-journal"),
            owner,
        )?)
    }

    /// The relay's recording of this consult's one picture; nothing before it began.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn recording(&self) -> Result<Option<Recording>> {
        let folder = self.folder().join("relay/recordings");
        let folder = folder.join(self.consult().to_string());
        if !folder.is_dir() {
            return Ok(None);
        }
        let Some(entry) = std::fs::read_dir(folder)?.next().transpose()? else {
            return Ok(None);
        };
        let name = entry.file_name();
        let stream: StreamId = serde_json::from_value(name.to_string_lossy().into_owned().into())?;
        Ok(Some(Recording::open(&entry.path(), stream)?))
    }

    /// How many packets of voices the relay has recorded in this consult.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn recorded_voice(&self) -> Result<usize> {
        let folder = self.folder().join("relay/voices");
        let folder = folder.join(self.consult().to_string());
        if !folder.is_dir() {
            return Ok(0);
        }
        let mut packets = 0;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let recording = Recording::open(&entry.path(), serde_json::from_value(name.into())?)?;
            let tracks = recording.voice_tracks()?;
            packets += tracks.iter().map(|it| it.packets.len()).sum::<usize>();
        }
        Ok(packets)
    }

    /// Waits until the relay has recorded so many packets of voices.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn has_recorded_voice(&self, packets: usize, within: Duration) -> Result<()> {
        until_every(LOOK, "recorded voices", within, || async {
            Ok((self.recorded_voice()? >= packets).then_some(()))
        })
        .await
    }

    /// Waits until the relay has recorded so many frames.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn has_recorded(&self, frames: usize, within: Duration) -> Result<()> {
        until_every(LOOK, "a recording", within, || async {
            let recording = self.recording()?;
            Ok(recording
                .filter(|recording| recording.table().count() >= frames)
                .map(drop))
        })
        .await
    }

    /// How many frames the recording has as a weak link let them through, where the journal has better ones.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn weak_frames(&self) -> Result<usize> {
        let (journal, recording) = (self.journal()?, self.recording()?);
        let missing = recording.map(|it| journal.table().missing_from(it.table()));
        Ok(missing.map_or(0, |missing| missing.differing.len()))
    }

    /// The last moment that is durable in the journal.
    ///
    /// # Errors
    /// When there is none.
    pub fn journaled_until(&self) -> Result<Tick> {
        let journal = self.journal()?;
        journal.table().last_tick().context("the journal is empty")
    }

    /// Waits until the recording holds what the journal holds, from its own first frame to a moment, and proves that it is
    /// the same byte for byte. Gives how many frames that are, and how many of them were sent again.
    ///
    /// # Errors
    /// When it does not in time, or holds something else.
    pub async fn is_recorded_until(&self, last: Tick, within: Duration) -> Result<(u64, u64)> {
        let span = until_every(LOOK, "a complete recording", within, || async {
            let (journal, recording) = (self.journal()?, self.recording()?);
            let table = recording.as_ref().map(Recording::table);
            let first = table.and_then(|table| table.first()).map(|it| it.at);
            let span = first.map(|first| first..=last);
            Ok(span.filter(|span| {
                let ours = table.map(|table| table.fingerprint(span.clone()));
                ours == Some(journal.table().fingerprint(span.clone()))
            }))
        })
        .await?;
        let mut recording = self.recording()?.context("it was there")?;
        let (ours, theirs) = (
            recording.digest(span.clone())?,
            self.journal()?.digest(span.clone())?,
        );
        ensure!(ours == theirs, "recorded {ours:?}, coded {theirs:?}");
        let filled = recording
            .table()
            .range(span)
            .filter(|frame| frame.segment.lane == recording::Lane::Fill);
        Ok((ours.frames, filled.count() as u64))
    }

    /// Waits until the recording lacks nothing that the journal holds, from its own first frame to a moment. It may hold
    /// more: what a killed agent had sent and not made durable.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn lacks_nothing_until(&self, last: Tick, within: Duration) -> Result<()> {
        until_every(LOOK, "a recording without gaps", within, || async {
            let (journal, recording) = (self.journal()?, self.recording()?);
            let Some(recording) = recording else {
                return Ok(None);
            };
            let Some(first) = recording.table().first().map(|it| it.at) else {
                return Ok(None);
            };
            let missing = journal.table().missing_in(first..=last, |frame| {
                let held = recording.table().at(frame.at);
                held.map_or(Held::No, |held| Held::Is(held.hash))
            });
            Ok(missing.is_empty().then_some(()))
        })
        .await
    }
}
