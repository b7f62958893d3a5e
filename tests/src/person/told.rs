//! What the page tells a person in words and states: who they are, how the picture stands, what the log says.
//!
//! Owns the questions about what is shown beside the picture. A state counts as told only when its words can be read.

use super::Person;
use crate::wait::ms;
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;
use wire::StreamId;

/// The state of the picture as the frame around it shows it, with the words that go with it.
const SCENERY: &str = "() => { const frame = document.querySelector('[data-testid=frame]');
    const words = document.querySelector('[data-testid=scenery]')?.innerText ?? '';
    return frame ? [frame.dataset.scenery, words] : null; }";

impl Person {
    /// Under which name the others see this person.
    ///
    /// # Errors
    /// When the relay has not welcomed this page.
    pub async fn name(&self) -> Result<String> {
        let name = "() => hibikiWitness.messages.findLast((m) => m.message.type === 'welcome')?.message.you.name ?? null";
        self.page
            .eval::<Option<String>>(name, ())
            .await?
            .context("not welcomed yet")
    }

    /// The stream that runs or ran last, as the log says.
    ///
    /// # Errors
    /// When the log knows none.
    pub async fn stream(&self) -> Result<StreamId> {
        self.page
            .until(
                "a stream in the log",
                ms(5_000),
                "() => hibikiWitness.state.stream",
                (),
            )
            .await
    }

    /// The host's wall clock in milliseconds, as this page has it.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn now(&self) -> Result<f64> {
        self.page.eval("() => hibikiWitness.wall()", ()).await
    }

    /// Kinds of the log's entries that came as news since this page was loaded.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn log_events(&self) -> Result<Vec<String>> {
        let kinds = "() => hibikiWitness.messages.filter((m) => m.dir === 'in' && m.message.type === 'entries')
            .flatMap((m) => m.message.entries.map((entry) => entry.event.type))";
        self.page.eval(kinds, ()).await
    }

    /// Waits until the relay has said this on the socket as the reason for closing or refusing.
    ///
    /// # Errors
    /// When it has not.
    pub async fn was_told_on_the_socket(&self, code: &str) -> Result<()> {
        let told = "(code) => hibikiWitness.messages.some((m) => m.dir === 'in' && m.message.code === code)";
        self.page
            .until::<bool>(code, ms(2_000), told, code)
            .await
            .map(drop)
    }

    /// Waits until the page says in border and words that the picture stopped.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn is_told_that_the_picture_stopped_within(&self, within: Duration) -> Result<()> {
        self.sees_scenery_within(&["stale"], within).await
    }

    /// Waits until the page says that the picture runs.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn is_told_that_the_picture_runs_within(&self, within: Duration) -> Result<()> {
        self.sees_scenery_within(&["live"], within).await
    }

    /// Waits until the page says that the picture is frozen for everybody.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn is_told_of_the_freeze_within(&self, within: Duration) -> Result<()> {
        self.sees_scenery_within(
            &["frozen", "frozenOriginal", "frozenNear", "frozenMissing"],
            within,
        )
        .await
    }

    /// Waits until the page says that the relay does not answer.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn is_told_that_the_relay_is_away_within(&self, within: Duration) -> Result<()> {
        let told = "() => { const link = window.hibiki?.link; const words = document.querySelector('.banner')?.innerText;
            return (link === 'lost' || link === 'connecting') && Boolean(words); }";
        self.page
            .until::<bool>("a word that the relay is away", within, told, ())
            .await
            .map(drop)
    }

    async fn sees_scenery_within(&self, wanted: &[&str], within: Duration) -> Result<()> {
        let there = format!(
            "(wanted) => {{ const it = ({SCENERY})(); return it && wanted.includes(it[0]) && it[1].length > 0 ? it : null; }}"
        );
        let seen: Result<(String, String)> = self
            .page
            .until(&format!("{wanted:?}"), within, &there, wanted)
            .await;
        match seen {
            Ok((state, words)) => {
                ensure!(!words.trim().is_empty(), "{state} without words");
                Ok(())
            }
            Err(why) => {
                let instead: Option<(String, String)> = self.page.eval(SCENERY, ()).await?;
                Err(why.context(format!("the page says instead: {instead:?}")))
            }
        }
    }
}
