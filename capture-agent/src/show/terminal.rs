//! The terminal: one live line where a person looks, plain lines where a log is kept.
//!
//! Log lines and the live line share standard error; both go through the same lock, so that they never mix.

use crate::show::line::{headline, line};
use crate::stats::Figures;
use crate::status::Status;
use crate::sync::held;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tracing_subscriber::fmt::MakeWriter;

/// Where nobody watches, the whole line is told this often.
const PLAIN_EVERY: Duration = Duration::from_secs(30);
/// Back to the first column and clear the line.
const CLEAR: &str = "\r\x1b[2K";
/// Columns of the live line: a longer one would wrap and could not be cleared.
const COLUMNS: usize = 120;

/// The terminal, shared by the log and the state.
#[derive(Clone)]
pub struct Terminal {
    state: Arc<Mutex<Shown>>,
    is_live: bool,
}

struct Shown {
    /// Live line on the screen now.
    line: String,
    /// Headline told last in plain mode.
    headline: String,
    /// When the whole line was told last in plain mode.
    told: Option<Instant>,
}

impl Terminal {
    /// Standard error.
    #[must_use]
    pub fn new() -> Self {
        let shown = Shown {
            line: String::new(),
            headline: String::new(),
            told: None,
        };
        Self {
            state: Arc::new(Mutex::new(shown)),
            is_live: io::stderr().is_terminal(),
        }
    }

    /// Whether a person may be looking: colours and a changing line make sense.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.is_live
    }

    /// A second passed.
    pub(super) fn tick(&self, status: &Status, second: &Figures, now: Instant) {
        let line = line(status, second, now);
        let mut shown = held(&self.state);
        if self.is_live {
            shown.redraw(line.chars().take(COLUMNS).collect());
        } else if shown
            .told
            .is_none_or(|told| now.saturating_duration_since(told) >= PLAIN_EVERY)
        {
            shown.told = Some(now);
            tell(&line);
        }
    }

    /// Something changed.
    pub(super) fn changed(&self, status: &Status, second: &Figures, now: Instant) {
        if self.is_live {
            return self.tick(status, second, now);
        }
        let headline = headline(status);
        let mut shown = held(&self.state);
        if shown.headline != headline {
            tell(&headline);
            shown.headline = headline;
        }
    }

    /// Ends the live line, so that what follows starts on a line of its own.
    pub fn finish(&self) {
        held(&self.state).redraw(String::new());
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

/// A terminal that went away is no reason to stop.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

impl Shown {
    fn redraw(&mut self, line: String) {
        if !(self.line.is_empty() && line.is_empty()) {
            let _ = write!(io::stderr(), "{CLEAR}{line}");
        }
        self.line = line;
    }
}

/// Writes one log event above the live line.
pub struct LogLine {
    terminal: Terminal,
    text: Vec<u8>,
}

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        let shown = held(&self.terminal.state);
        let mut out = io::stderr().lock();
        let clear = if shown.line.is_empty() { "" } else { CLEAR };
        let _ = out.write_all(&[clear.as_bytes(), &self.text, shown.line.as_bytes()].concat());
    }
}

impl<'a> MakeWriter<'a> for Terminal {
    type Writer = LogLine;

    fn make_writer(&'a self) -> LogLine {
        LogLine {
            terminal: self.clone(),
            text: Vec::new(),
        }
    }
}
