//! How a person comes to a consult, reads words on the page, and goes.
//!
//! Owns the browser context of one person. Signing in is by a fresh ticket in the link, as in the field.

use crate::browser::{Context, Page};
use crate::door::Door;
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;
use wire::ConsultId;
use wire::people::{Page as WhichPage, Role};

/// Longest load of a page on a busy machine.
const LOAD_LIMIT: Duration = Duration::from_secs(10);

/// Somebody at a screen.
#[derive(Debug)]
pub struct Person {
    /// As what they came.
    pub role: Role,
    pub(super) page: Page,
    _context: Context,
    door: Door,
    consult: ConsultId,
}

impl Person {
    /// Opens a page of the consult with a fresh ticket and waits until the relay knows them.
    ///
    /// # Errors
    /// When the ticket is refused or the page does not come up.
    pub async fn arrive(
        context: Context,
        door: &Door,
        consult: ConsultId,
        role: Role,
        which: WhichPage,
    ) -> Result<Self> {
        let ticket = door.ticket(door.person(role).await?, consult).await?;
        let person = Self::open(context, door, consult, role).await?;
        let status = person
            .page
            .goto(&format!("{}#ticket={ticket}", person.address(which)))
            .await?;
        ensure!(status == Some(200), "the page answered {status:?}");
        person.is_connected_within(LOAD_LIMIT).await?;
        Ok(person)
    }

    /// A person with an empty page, who has not entered yet.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn open(
        context: Context,
        door: &Door,
        consult: ConsultId,
        role: Role,
    ) -> Result<Self> {
        let page = context.page().await?;
        Ok(Self {
            role,
            page,
            _context: context,
            door: door.clone(),
            consult,
        })
    }

    /// Where a page of this person's consult is.
    #[must_use]
    pub fn address(&self, which: WhichPage) -> String {
        let path = match which {
            WhichPage::Consult => "consults",
            WhichPage::Bedside => "visits",
        };
        format!("{}/{path}/{}", self.door.origin(), self.consult)
    }

    /// Their page, for what has no verb here.
    #[must_use]
    pub const fn page(&self) -> &Page {
        &self.page
    }

    /// Waits until the relay has welcomed this page and it holds all of the log.
    ///
    /// # Errors
    /// When that does not happen in time, with what stands on the page instead.
    pub async fn is_connected_within(&self, within: Duration) -> Result<()> {
        let welcomed = "() => { const w = hibikiWitness; const last = w.messages.findLast((m) => m.message.type === 'welcome');
            return last !== undefined && w.state.open && (w.state.seq ?? 0) >= last.message.head; }";
        let came: Result<bool> = self
            .page
            .until("the relay's welcome", within, welcomed, ())
            .await;
        if came.is_ok() {
            return Ok(());
        }
        let words = self.page.text("body").await.unwrap_or_default();
        let console = self.page.console().await.unwrap_or_default().join("\n");
        came.map(drop)
            .with_context(|| format!("the page says:\n{words}\nits console says:\n{console}"))
    }

    /// Loads the page anew, as a person does who is unsure.
    ///
    /// # Errors
    /// When the page does not come back into the consult.
    pub async fn reloads(&self) -> Result<()> {
        self.page.reload().await?;
        self.is_connected_within(LOAD_LIMIT).await
    }

    /// Loads the page anew while nobody serves it: the browser says so, and the page is gone.
    ///
    /// # Errors
    /// When the page comes all the same.
    pub async fn reloads_in_vain(&self) -> Result<()> {
        ensure!(
            self.page.reload().await.is_err(),
            "the page came although nobody serves it"
        );
        let gone = "() => location.protocol === 'chrome-error:'";
        self.page
            .until::<bool>("the browser's own page", LOAD_LIMIT, gone, ())
            .await
            .map(drop)
    }

    /// Opens the page of the consult again in the same tab, without a link.
    ///
    /// # Errors
    /// When the page does not come back into the consult.
    pub async fn comes_back(&self, which: WhichPage) -> Result<()> {
        self.page.goto(&self.address(which)).await?;
        self.is_connected_within(LOAD_LIMIT).await
    }

    /// Waits until words can be read anywhere on the page.
    ///
    /// # Errors
    /// When they cannot be read in time, with what stands there instead.
    pub async fn reads_within(&self, words: &str, within: Duration) -> Result<()> {
        let there = "(words) => document.body.innerText.includes(words)";
        let read: Result<bool> = self
            .page
            .until(&format!("the words {words:?}"), within, there, words)
            .await;
        if read.is_ok() {
            return Ok(());
        }
        let instead = self.page.text("body").await?;
        read.map(drop)
            .with_context(|| format!("the page says:\n{instead}"))
    }

    /// Waits until words have gone from the page.
    ///
    /// # Errors
    /// When they are still there after `within`.
    pub async fn no_longer_reads_within(&self, words: &str, within: Duration) -> Result<()> {
        let gone = "(words) => !document.body.innerText.includes(words)";
        self.page
            .until::<bool>(&format!("the words {words:?} to go"), within, gone, words)
            .await
            .map(drop)
    }

    /// Checks that the page never complained: no error on its console, nothing thrown.
    ///
    /// # Errors
    /// What it complained about.
    pub async fn has_a_clean_console(&self) -> Result<()> {
        self.page.has_a_clean_console().await
    }

    /// Closes the page.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn goes(self) -> Result<()> {
        self.page.clone().close().await
    }
}
