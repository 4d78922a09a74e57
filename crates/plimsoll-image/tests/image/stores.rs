//! The store: names, removal, several processes.
