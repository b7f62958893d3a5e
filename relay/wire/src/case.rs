//! Cases (症例): stored visits without identity, for replay and training.
//!
//! Owns the JSON of `/api/v1/cases`. Nothing here names a patient, a consult that a case was made of is named once, when it
//! is made, and never told again. Places on a picture are whole pixels, because a case's frames have one size.

use crate::clip::ClipHead;
use crate::mark::Point;
use crate::original::Digest;
use crate::{CaseId, ClipId, ConsultId, FrameIndex, RelayTime};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Most cases of one answer.
pub const MAX_CASES: usize = 100;
/// Most clips of one case.
pub const MAX_CASE_CLIPS: usize = 20;
/// Most characters of a title, a finding, a licence and a collection's name.
pub const MAX_CASE_WORDS: usize = 80;
/// Most findings, and most collections, of one case.
pub const MAX_CASE_LIST: usize = 12;
/// Most rectangles of a kind that a person draws on a clip.
pub const MAX_CASE_RECTANGLES: usize = 32;
/// From easy to hard.
pub const MAX_DIFFICULTY: u8 = 3;
/// The last moment at which a case may end, 9999-12-31 23:59:59.999999 UTC: a day after it cannot be written.
pub const MAX_CASE_END: RelayTime = RelayTime(253_402_300_799_999_999);

/// How far a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub enum CaseState {
    /// Somebody has to look at its clips.
    Draft,
    /// Every clip was looked at as it is now.
    Reviewed,
    /// In the library.
    Published,
    /// Its time is over: nothing of it is shown or leaves.
    Expired,
    /// Taken back: what was made of it is gone.
    Withdrawn,
}

/// What the patient agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub enum CaseConsent {
    /// Teaching at this installation.
    Teaching,
    /// Teaching, also with copies that leave it.
    TeachingAndExport,
}

/// What a trainer says of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseFacts {
    /// In the trainer's words, without identity.
    pub title: String,
    /// What is to be seen.
    pub findings: Vec<String>,
    /// 1 to `MAX_DIFFICULTY`.
    pub difficulty: u8,
    /// Which collections it is in.
    pub collections: Vec<String>,
    /// What the patient agreed to.
    pub consent: CaseConsent,
    /// Under which licence it is taught with.
    pub licence: String,
    /// Until when.
    pub expires_at: RelayTime,
}

impl CaseFacts {
    /// Whether they can stand: words of some length without control characters, a difficulty that there is, and an end that can be
    /// written.
    #[must_use]
    pub fn are_sound(&self) -> bool {
        are_words(&self.title)
            && are_words(&self.licence)
            && is_list(&self.findings)
            && is_list(&self.collections)
            && (1..=MAX_DIFFICULTY).contains(&self.difficulty)
            && self.expires_at <= MAX_CASE_END
    }
}

fn are_words(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= MAX_CASE_WORDS
        && !text.chars().any(char::is_control)
}

fn is_list(list: &[String]) -> bool {
    list.len() <= MAX_CASE_LIST && list.iter().all(|words| are_words(words))
}

/// The collections that a case is to be in, in place of those that it is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseCollections {
    /// Their names.
    pub collections: Vec<String>,
    /// Whether somebody looked at the names that are new to the case and found no identity.
    pub looked: bool,
}

impl CaseCollections {
    /// Whether they can stand, as in `CaseFacts`.
    #[must_use]
    pub fn are_sound(&self) -> bool {
        is_list(&self.collections)
    }
}

/// A case that is to be made of clips of a consult that is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewCase {
    /// Of which consult.
    pub consult: ConsultId,
    /// Which of its clips, in the order in which they are shown: 1 to `MAX_CASE_CLIPS`.
    pub clips: Vec<ClipId>,
    /// What is said of it.
    pub facts: CaseFacts,
}

/// Cases, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseList {
    /// At most `MAX_CASES`.
    pub cases: Vec<CaseSummary>,
    /// Whether older ones were left out: narrow the search.
    pub more: bool,
    /// All collections that there are, by name; at most `MAX_CASES`.
    pub collections: Vec<String>,
}

/// One case in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseSummary {
    /// Which.
    pub case: CaseId,
    /// What stands in its files in place of a name.
    pub alias: String,
    /// How far it is.
    pub state: CaseState,
    /// What is said of it.
    pub facts: CaseFacts,
    /// View labels of its clips.
    pub views: Vec<String>,
    /// How many clips it has.
    pub clips: u32,
}

/// A case with its clips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseAbout {
    /// As in a list.
    pub summary: CaseSummary,
    /// What was typed for it.
    pub typed: CaseTyped,
    /// In order.
    pub clips: Vec<CaseClip>,
}

/// What was typed for a case: title, findings, licence and names of collections. Somebody looks at it as at a clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseTyped {
    /// SHA-256 over it as it is now: whoever looks says what they looked at.
    pub digest: Digest,
    /// Who looked at it as it is now.
    pub looks: Vec<CaseLook>,
}

/// The clips of a consult that is over, to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseSources {
    /// In the order in which they were kept.
    pub clips: Vec<ClipHead>,
}

/// A clip of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseClip {
    /// Its place, from 1.
    pub number: u32,
    /// View label, if it has one.
    pub view: Option<String>,
    /// What a person drew.
    pub cover: CaseCover,
    /// What was made of it; nothing when it could not be.
    pub made: Option<CaseMade>,
    /// Why it could not be.
    pub fault: Option<CaseFault>,
    /// Who looked at what was made, as it is now.
    pub looks: Vec<CaseLook>,
}

/// Why nothing was made of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub enum CaseFault {
    /// No region says what may stay of the picture: draw it.
    NothingKept,
    /// It cannot be read or does not say whose it is.
    Unreadable,
}

/// What was made of a clip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseMade {
    /// SHA-256 over all of it: whoever looks says what they looked at.
    pub digest: Digest,
    /// Frames.
    pub frames: u32,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Whether marks go with it.
    pub marks: bool,
    /// Whether measurements go with it.
    pub measurements: bool,
    /// Whether a log goes with it; not with what was made before there were any.
    #[serde(default)]
    pub log: bool,
    /// All words that stand in its files.
    pub words: Vec<CaseWords>,
}

/// Words that stand in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseWords {
    /// The attribute's keyword.
    pub name: String,
    /// What it says.
    pub words: String,
}

/// What was drawn and measured on a clip, read from the very files that leave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseDrawn {
    /// In the order of drawing.
    pub lines: Vec<CaseLine>,
    /// In the order of the report.
    pub numbers: Vec<CaseNumber>,
}

/// A line on one frame; one point is a dot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseLine {
    /// On which.
    pub frame: FrameIndex,
    /// Where.
    pub points: Vec<Point>,
}

/// A number that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseNumber {
    /// The code of what was measured.
    pub code: String,
    /// What the code means, in English.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Its unit (UCUM).
    pub unit: String,
    /// On which frames of this clip.
    pub frames: Vec<FrameIndex>,
}

/// Somebody looked at all frames and words of a clip and found no identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase")]
pub struct CaseLook {
    /// Their name.
    pub name: String,
    /// When.
    pub at: RelayTime,
}

/// What somebody looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseLookRequest {
    /// `CaseMade::digest` or `CaseTyped::digest` of what was shown.
    pub digest: Digest,
}

/// What a person drew on a clip.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseCover {
    /// Stays, where no region of the clip says what does.
    pub keep: Vec<CaseRectangle>,
    /// Is made black, wherever it lies.
    pub blank: Vec<CaseRectangle>,
}

/// A rectangle in pixels, both corners included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export_to = "case.ts")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseRectangle {
    /// From the left.
    pub left: u32,
    /// From the top.
    pub top: u32,
    /// From the left.
    pub right: u32,
    /// From the top.
    pub bottom: u32,
}

impl CaseCover {
    /// Whether it can stand: not more rectangles than there may be, and none turned inside out.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        [&self.keep, &self.blank].iter().all(|list| {
            list.len() <= MAX_CASE_RECTANGLES
                && list
                    .iter()
                    .all(|one| one.left <= one.right && one.top <= one.bottom)
        })
    }
}
