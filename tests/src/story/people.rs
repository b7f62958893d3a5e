//! Who comes to a story, directly or over a link with a name from the field.
//!
//! Owns the verbs. A link is whoever's it was made for: an agent's (`Plan::agent_over`), a person's, or that of both at one
//! bedside. Callers: stories and the bench, for publishers of other makers too.

use super::Story;
use crate::browser::{Browser, Context, Screen};
use crate::door::Door;
use crate::link::{Link, LinkKind};
use crate::person::Person;
use anyhow::{Context as _, Result};
use wire::people::{Page as WhichPage, Role};

impl Story {
    /// A cardiologist at a desk, on the consult page.
    ///
    /// # Errors
    /// When they cannot enter.
    pub async fn cardiologist(&self) -> Result<Person> {
        self.enter(Role::Cardiologist, WhichPage::Consult, Screen::DESK)
            .await
    }

    /// The visiting physician, on the bedside page.
    ///
    /// # Errors
    /// When they cannot enter.
    pub async fn bedside(&self) -> Result<Person> {
        self.enter(Role::VisitingPhysician, WhichPage::Bedside, Screen::DESK)
            .await
    }

    /// The cardiologist and the visiting physician, who come at the same time.
    ///
    /// # Errors
    /// When one of them cannot enter.
    pub async fn both(&self) -> Result<(Person, Person)> {
        tokio::try_join!(self.cardiologist(), self.bedside())
    }

    /// Anybody, on the consult page.
    ///
    /// # Errors
    /// When they cannot enter.
    pub async fn arrives(&self, role: Role) -> Result<Person> {
        self.enter(role, WhichPage::Consult, Screen::DESK).await
    }

    /// Anybody, on any page and screen.
    ///
    /// # Errors
    /// When they cannot enter.
    pub async fn enter(&self, role: Role, page: WhichPage, screen: Screen) -> Result<Person> {
        Person::arrive(
            self.browser(screen).await?,
            self.door(),
            self.consult(),
            role,
            page,
        )
        .await
    }

    /// A fresh person's browser.
    ///
    /// # Errors
    /// When Chromium cannot be started.
    pub async fn browser(&self, screen: Screen) -> Result<Context> {
        Browser::shared().await?.context(screen).await
    }

    /// A link to this story's relay; it ends when it is dropped.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn link(&self, kind: LinkKind) -> Result<Link> {
        self.relay().await.over(kind).await
    }

    /// The link over which the agent comes.
    ///
    /// # Errors
    /// When the plan has none.
    pub fn agent_link(&self) -> Result<&Link> {
        let link = self.0.agent_link.as_ref();
        link.context("the plan says over which link the agent comes")
    }

    /// The relay's HTTP side as it is seen through a link: where another maker's publisher or player goes.
    ///
    /// # Errors
    /// When TLS cannot be set up, which HTTP clients need even for plain addresses.
    pub fn door_over(&self, link: &Link) -> Result<Door> {
        Door::new(link.origin().to_owned())
    }

    /// A cardiologist at a desk, on the consult page, over a link.
    ///
    /// # Errors
    /// When they cannot enter.
    pub async fn cardiologist_over(&self, link: &Link) -> Result<Person> {
        self.enter_over(link, Role::Cardiologist, WhichPage::Consult)
            .await
    }

    /// The visiting physician, on the bedside page, over a link.
    ///
    /// # Errors
    /// When they cannot enter.
    pub async fn bedside_over(&self, link: &Link) -> Result<Person> {
        self.enter_over(link, Role::VisitingPhysician, WhichPage::Bedside)
            .await
    }

    /// Anybody, on any page, over a link.
    ///
    /// # Errors
    /// When they cannot enter.
    pub async fn enter_over(&self, link: &Link, role: Role, page: WhichPage) -> Result<Person> {
        let (browser, door) = (self.browser(Screen::DESK).await?, self.door_over(link)?);
        Person::arrive(browser, &door, self.consult(), role, page).await
    }
}
