//! A file that somebody drags onto a page: a real drop with a real file in it, but for the hand.

use crate::browser::Page;
use anyhow::{Context as _, Result};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// Each character is a byte.
const DROP: &str = "([name, text, ageMs]) => {
    const bytes = Uint8Array.from(text, (byte) => byte.charCodeAt(0));
    const dropped = new DataTransfer();
    dropped.items.add(new File([bytes], name, { lastModified: Date.now() - ageMs }));
    const kind = { dataTransfer: dropped, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new DragEvent('dragover', kind));
    document.body.dispatchEvent(new DragEvent('drop', kind)); }";

/// Drops a file that was written so long ago.
///
/// # Errors
/// When it cannot be read, or the page is gone.
pub async fn drops_file(page: &Page, file: &Path, age: Duration) -> Result<()> {
    let name = file.file_name().context("a file's name")?;
    let text: String = std::fs::read(file)?.into_iter().map(char::from).collect();
    let age_ms = u64::try_from(age.as_millis())?;
    page.eval::<()>(DROP, json!([name.to_string_lossy(), text, age_ms]))
        .await
}
