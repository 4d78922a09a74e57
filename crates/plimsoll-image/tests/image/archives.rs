//! Image archives: what other tools write is read, and what is written is read by them.
