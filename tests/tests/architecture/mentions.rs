//! What a source file names: the paths of its Rust code and the modules that TypeScript imports.
//!
//! Reads text, not a syntax tree: enough for code that rustfmt and Biome have laid out, and nothing else lands.
//! Strings are blanked; macros that build paths, and code below `#[cfg(test)]` are not looked at.

/// Does `name` stand in `text` as a whole, not as a part of a longer word?
pub(crate) fn holds_name(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        // `@preact/signals` is not `preact`.
        !before.is_some_and(|c| word(c) || c == '@') && !after.is_some_and(word)
    })
}

/// Every `use`d path, written out, and every other line of code before the unit tests.
pub(crate) fn rust_paths(text: &str) -> Vec<String> {
    let code: Vec<String> = text
        .lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .map(without_strings)
        .map(|line| {
            line.split("//")
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
        .filter(|line| !line.is_empty())
        .collect();
    let mut mentions = Vec::new();
    let mut lines = code.into_iter();
    while let Some(line) = lines.next() {
        let Some(start) = use_start(&line) else {
            mentions.push(line);
            continue;
        };
        let mut tree = start.to_owned();
        while !tree.contains(';') {
            let Some(more) = lines.next() else { break };
            tree.push_str(&more);
        }
        written_out(
            "",
            tree.split(';').next().unwrap_or_default(),
            &mut mentions,
        );
    }
    mentions
}

/// `"rtc=error"` in a log filter names no crate.
fn without_strings(line: &str) -> String {
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// What follows `use`, with or without a visibility before it.
fn use_start(line: &str) -> Option<&str> {
    let bare = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(')')?.1.trim_start(),
        Some(rest) => rest.trim_start(),
        None => line,
    };
    bare.strip_prefix("use ")
}

/// `a::{b, c::{d, e}}` becomes `a::b`, `a::c::d`, `a::c::e`.
fn written_out(prefix: &str, tree: &str, into: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        into.push(format!("{prefix}{tree}"));
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut from) = (0_usize, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                written_out(&prefix, &inner[from..at], into);
                from = at + 1;
            }
            _ => {}
        }
    }
    if !inner[from..].trim().is_empty() {
        written_out(&prefix, &inner[from..], into);
    }
}

/// The module names of `import ... from "x"`, `export ... from "x"`, `import "x"` and `import("x")`.
pub(crate) fn ts_imports(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//") && !line.trim_start().starts_with('*'))
        .filter_map(|line| {
            let (_, after) = line
                .split_once(" from ")
                .or_else(|| line.split_once("import"))?;
            let mut quoted = after.split(['"', '\'']);
            quoted.next()?;
            quoted.next().map(str::to_owned)
        })
        .collect()
}
