//! Real root file systems and real tools.
