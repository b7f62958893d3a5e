//! Puts the built pages into the program.
//!
//! Reads `viewer/dist`, compresses what gets smaller by it, and writes a table for `http::pages`. Without that folder the
//! table is empty and the relay says how to build the pages.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../viewer/dist");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    // A folder that does not exist would make cargo run this every time; its parent tells when it appears.
    let watched = if dist.is_dir() {
        dist.as_path()
    } else {
        Path::new("../viewer")
    };
    println!("cargo::rerun-if-changed={}", watched.display());
    let mut files = Vec::new();
    if dist.join("index.html").is_file() {
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("static PAGES: &[Page] = &[\n");
    for (number, file) in files.iter().enumerate() {
        let path = file
            .strip_prefix(&dist)?
            .to_string_lossy()
            .replace('\\', "/");
        let plain = fs::read(file)?;
        fs::write(out.join(format!("page-{number}")), &plain)?;
        let gzip = gzipped(&plain)?;
        let packed = if gzip.len() * 10 < plain.len() * 9 {
            fs::write(out.join(format!("page-{number}.gz")), &gzip)?;
            format!("Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/page-{number}.gz\")))")
        } else {
            "None".to_owned()
        };
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        writeln!(
            table,
            "    Page {{ path: {path:?}, plain: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/page-{number}\")), gzip: {packed}, tag: \"\\\"{:016x}\\\"\" }},",
            hasher.finish()
        )?;
    }
    table.push_str("];\n");
    fs::write(out.join("pages.rs"), table)?;
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

fn gzipped(plain: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    Ok(encoder.finish()?)
}
