//! Stories over the real binaries, a real browser and real DICOM files; the bench.
