//! Segmented palette tables (PS3.3 section C.7.9.2): runs, slopes and repeats instead of every entry.
//!
//! Owns the expansion of one colour's segments. The output is bounded by the entry count of the descriptor,
//! repeats are bounded by the words that remain, and an indirect segment may not lead to another one.

use crate::error::ClipError;

const DISCRETE: u16 = 0;
const LINEAR: u16 = 1;
const INDIRECT: u16 = 2;

/// Expands `words` into exactly `count` entries.
pub(crate) fn expand(words: &[u16], count: usize) -> Result<Vec<u16>, ClipError> {
    let mut entries = Vec::with_capacity(count);
    let mut at = 0;
    while at < words.len() && entries.len() < count {
        let rest = words.get(at..).unwrap_or_default();
        at += match rest {
            [INDIRECT, repeats, low, high, ..] => {
                let target = (usize::from(*high) << 16 | usize::from(*low)) / 2;
                repeat(words, target, *repeats, count, &mut entries)?;
                4
            }
            _ => one(rest, count, &mut entries)?,
        };
    }
    if entries.len() == count {
        return Ok(entries);
    }
    Err(fault(
        "holds another number of entries than its descriptor says",
    ))
}

/// Expands one discrete or linear segment and tells how many words it took.
fn one(rest: &[u16], count: usize, entries: &mut Vec<u16>) -> Result<usize, ClipError> {
    let taken = match rest {
        [DISCRETE, len, data @ ..] => {
            let data = data
                .get(..usize::from(*len))
                .ok_or_else(|| fault("ends in a segment"))?;
            entries.extend_from_slice(data);
            2 + data.len()
        }
        [LINEAR, len, end, ..] => {
            let begin = *entries.last().ok_or_else(|| fault("begins with a slope"))?;
            let (begin, end, len) = (i64::from(begin), i64::from(*end), i64::from(*len));
            entries.extend((1..=len).map(|step| {
                let risen = (end - begin) * step * 2 + len * (end - begin).signum();
                (begin + risen / (2 * len)) as u16
            }));
            3
        }
        _ => return Err(fault("has a segment of an unknown kind")),
    };
    if entries.len() > count {
        return Err(fault(
            "holds another number of entries than its descriptor says",
        ));
    }
    Ok(taken)
}

/// An indirect segment copies `repeats` segments from an earlier place.
fn repeat(
    words: &[u16],
    target: usize,
    repeats: u16,
    count: usize,
    entries: &mut Vec<u16>,
) -> Result<(), ClipError> {
    let mut at = target;
    for _ in 0..repeats {
        let rest = words
            .get(at..)
            .ok_or_else(|| fault("repeats a segment it does not have"))?;
        at += one(rest, count, entries)?;
    }
    Ok(())
}

fn fault(what: &str) -> ClipError {
    ClipError::Palette(format!("a segmented table {what}"))
}
