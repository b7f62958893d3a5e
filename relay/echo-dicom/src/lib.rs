//! Ultrasound DICOM: guarded reading, frame decoding, frame times and regions. No network.
