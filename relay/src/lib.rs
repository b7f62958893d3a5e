//! The hospital's server: forwards the picture, owns live consults, serves the viewer.
