//! Container images at rest: what they are made of, where they are kept, and how they come and go.
//!
//! - [`config`]: the image configuration, as Docker and the OCI write it.
//! - [`Store`]: the images of this machine, in the shape of an OCI image layout with unpacked layers beside it.
//! - [`Layer`]: one filesystem change set, as a tree or as a tar; both are walked the same way.
//! - [`FileTree`]: a directory of this machine, such as an unpacked root file system.
//! - [`source`]: docker-archive, oci-archive and OCI layout files read in place.
//! - [`registry`]: images pulled.
//! - [`sink`]: the same formats written.

mod beside;
pub mod compression;
pub mod config;
mod error;
mod hashing;
mod image;
pub mod layer;
mod limits;
mod manifest;
pub mod registry;
pub mod sink;
pub mod source;
mod store;
mod tar;
pub mod user_namespace;

pub use config::{ContainerConfig, Healthcheck, History, ImageConfig, RootFs};
pub use error::{Error, Result};
pub use image::Image;
pub use layer::{Entry, EntryKind, FileTree, Files, Layer, Opener, Place, Verification};
pub use limits::Limits;
pub use store::{Damaged, LayerUse, Listing, LockWait, NewLayer, Pruned, Removed, Store};
