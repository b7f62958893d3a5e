//! Bounded waiting: a condition is asked again until it holds or its time is over.
//!
//! Owns the one place in the stories where time passes without a signal. Everything that can signal readiness (a ready
//! line, a log line, a browser callback) is awaited there instead. Invariant: a wait that fails says what it waited for.

use anyhow::{Result, bail};
use std::future::Future;
use std::time::{Duration, Instant};

/// How often a condition is asked: well under the shortest limit that a story states (100 ms).
const ASK_EVERY: Duration = Duration::from_millis(15);

/// Milliseconds, as stories say them.
#[must_use]
pub const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Seconds, as stories say them.
#[must_use]
pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Asks `question` until it answers `Some`, at most for `within`.
///
/// # Errors
/// What was awaited, when the time is over; or the question's own error at once.
pub async fn until<T, F, Fut>(what: &str, within: Duration, question: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    until_every(ASK_EVERY, what, within, question).await
}

/// As `until`, for a question that costs something.
///
/// # Errors
/// As `until`.
pub async fn until_every<T, F, Fut>(
    every: Duration,
    what: &str,
    within: Duration,
    mut question: F,
) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    let start = Instant::now();
    loop {
        if let Some(answer) = question().await? {
            return Ok(answer);
        }
        if start.elapsed() > within {
            bail!("waited {within:?} in vain for: {what}");
        }
        tokio::time::sleep(every).await;
    }
}

/// Checks that `question` stays `None` for the whole of `time`: something that must not happen.
///
/// # Errors
/// What happened although it must not, or the question's own error.
pub async fn never<T: std::fmt::Debug, F, Fut>(
    what: &str,
    time: Duration,
    mut question: F,
) -> Result<()>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    let start = Instant::now();
    while start.elapsed() < time {
        if let Some(answer) = question().await? {
            bail!("must not happen, but did: {what}: {answer:?}");
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_ends_with_what_it_waited_for() {
        let mut asked = 0;
        let seen = until("the third time", secs(1), || {
            asked += 1;
            let now = asked;
            async move { Ok((now == 3).then_some(now)) }
        });
        assert_eq!(seen.await.unwrap(), 3);
        let vain = until("the moon", ms(20), || async { Ok(None::<()>) })
            .await
            .unwrap_err();
        assert!(vain.to_string().contains("the moon"));
    }
}
