//! Makes phantom echo clips whose true size, volume and timing are known.
