//! Puts the built device page into the program.
//!
//! Reads `viewer/dist-device` and writes a table for `device_page::pages`. Without that folder the table is empty and the
//! agent says how to build the page.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../viewer/dist-device");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    // A folder that does not exist would make cargo run this every time; its parent tells when it appears.
    let watched = if dist.is_dir() {
        dist.as_path()
    } else {
        Path::new("../viewer")
    };
    println!("cargo::rerun-if-changed={}", watched.display());
    let mut files = Vec::new();
    if dist.join("device.html").is_file() {
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("static PAGES: &[Page] = &[\n");
    for (number, file) in files.iter().enumerate() {
        let path = file
            .strip_prefix(&dist)?
            .to_string_lossy()
            .replace('\\', "/");
        fs::copy(file, out.join(format!("device-page-{number}")))?;
        writeln!(
            table,
            "    Page {{ path: {path:?}, bytes: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/device-page-{number}\")) }},"
        )?;
    }
    table.push_str("];\n");
    fs::write(out.join("device_pages.rs"), table)?;
    Ok(())
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, into)?;
        } else {
            into.push(path);
        }
    }
    Ok(())
}
