//! Runs beside the ultrasound device: captures, masks, keeps originals and publishes the live picture.
