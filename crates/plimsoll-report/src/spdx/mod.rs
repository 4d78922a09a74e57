//! SPDX, written as version 2.3 in JSON or tag-value form and read from versions 2.2 and 2.3 in JSON.

mod model;
mod read;
mod tag_value;
mod write;

pub use read::read;
pub use tag_value::render as render_tag_value;
pub use write::write;
