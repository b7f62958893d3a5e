//! The terminal: one live line where a person looks, plain lines where a log is kept.
//!
//! Log lines and the live line share standard error; both go through the same lock, so that they never mix. The live line
//! is cut to the screen, so what happened is told whole above it, once for each change: that is where a person reads what
//! still works and what to do.

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
    /// Standard error.
    out: Box<dyn Write + Send>,
    /// Live line on the screen now.
    line: String,
    /// Headline told last.
    headline: String,
    /// When the whole line was told last in plain mode.
    told: Option<Instant>,
}

impl Terminal {
    /// Standard error.
    #[must_use]
    pub fn new() -> Self {
        Self::on(Box::new(io::stderr()), io::stderr().is_terminal())
    }

    fn on(out: Box<dyn Write + Send>, is_live: bool) -> Self {
        let shown = Shown {
            out,
            line: String::new(),
            headline: String::new(),
            told: None,
        };
        Self {
            state: Arc::new(Mutex::new(shown)),
            is_live,
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
            shown.tell(&line);
        }
    }

    /// Something changed.
    pub(super) fn changed(&self, status: &Status, second: &Figures, now: Instant) {
        let headline = headline(status);
        let mut shown = held(&self.state);
        if shown.headline != headline {
            shown.tell(&headline);
            shown.headline = headline;
        }
        drop(shown);
        if self.is_live {
            self.tick(status, second, now);
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

impl Shown {
    /// Replaces the live line.
    fn redraw(&mut self, line: String) {
        if !(self.line.is_empty() && line.is_empty()) {
            self.write(&[CLEAR, &line]);
        }
        self.line = line;
    }

    /// A line that stays, above the live line.
    fn tell(&mut self, line: &str) {
        self.put_above(&format!("{line}\n"));
    }

    fn put_above(&mut self, text: &str) {
        let clear = if self.line.is_empty() { "" } else { CLEAR };
        let line = self.line.clone();
        self.write(&[clear, text, &line]);
    }

    /// In one piece. A terminal that went away is no reason to stop.
    fn write(&mut self, parts: &[&str]) {
        let _ = self.out.write_all(parts.concat().as_bytes());
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
        held(&self.terminal.state).put_above(&String::from_utf8_lossy(&self.text));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::BitRate;
    use crate::publish::Refusal;
    use crate::status::{Link, StatusBoard};

    /// What was written.
    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            held(&self.0).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Screen {
        fn text(&self) -> String {
            String::from_utf8(held(&self.0).clone()).unwrap()
        }
    }

    #[test]
    fn what_happened_is_told_whole_and_once_although_the_live_line_is_cut() {
        let reason = Refusal::NoMedia(10).to_string();
        assert!(reason.len() > COLUMNS, "the live line cannot hold it");
        for is_live in [true, false] {
            let screen = Screen::default();
            let terminal = Terminal::on(Box::new(screen.clone()), is_live);
            let mut status = StatusBoard::new(BitRate::from_kbps(2000).unwrap()).now();
            let (second, now) = (Figures::default(), Instant::now());
            terminal.tick(&status, &second, now);
            for tenths in [7, 12, 24] {
                // Another wait each time is no news.
                status.link = Link::Waiting {
                    reason: reason.clone(),
                    retry_in: Duration::from_millis(tenths * 100),
                };
                terminal.changed(&status, &second, now);
                terminal.tick(&status, &second, now);
            }
            let told = screen.text();
            assert_eq!(told.matches(reason.as_str()).count(), 1, "{told}");
            assert_eq!(told.contains(CLEAR), is_live, "{told}");
        }
    }

    #[test]
    fn a_log_line_stands_above_the_live_line() {
        let screen = Screen::default();
        let terminal = Terminal::on(Box::new(screen.clone()), true);
        let status = StatusBoard::new(BitRate::from_kbps(2000).unwrap()).now();
        terminal.tick(&status, &Figures::default(), Instant::now());
        let live = screen.text();
        terminal.make_writer().write_all(b"a word\n").unwrap();
        let line = live.strip_prefix(CLEAR).unwrap();
        assert_eq!(screen.text(), format!("{live}{CLEAR}a word\n{line}"));
    }
}
