//! Ids, units and messages that the capture agent, the relay and the viewer exchange. No IO.
