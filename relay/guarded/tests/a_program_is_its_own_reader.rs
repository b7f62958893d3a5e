//! A program that calls `serve_if_asked` first in `main` reads clips, also those whose decoders start threads.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use echo_dicom::Clip;
use guarded::Guard;
use std::path::{Path, PathBuf};
use wire::FrameIndex;

fn main() {
    guarded::serve_if_asked();
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let guard = Guard::of_this_program();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-dicom/plax_small.dcm");
    let foreign = std::env::var_os("HIBIKI_TEST_DATA").map(PathBuf::from);
    let foreign = foreign.and_then(|root| root.join("dicom").read_dir().ok());
    let foreign = foreign
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    for path in std::iter::once(own).chain(foreign) {
        let name = path.display();
        let (free, guarded) = (Clip::open(&path).unwrap(), guard.open(&path).unwrap());
        for index in (0..free.header().frames.min(3)).map(FrameIndex) {
            let shown = guarded.frame(index);
            assert!(
                shown.is_ok_and(|it| it == free.frame(index).unwrap()),
                "{name}"
            );
        }
    }
}
