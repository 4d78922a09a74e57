//! Licences: what packages state is read as SPDX expressions (SPDX specification 2.3, annex D) and classified by what
//! it asks of who passes the software on.
//!
//! ```
//! use plimsoll_core::LicenseCategory;
//! use plimsoll_license::{License, read};
//!
//! let License::Expression(expression) = read("GPLv2+ and MIT") else { unreachable!() };
//! assert_eq!(expression.to_string(), "GPL-2.0-or-later AND MIT");
//! assert_eq!(expression.category(), LicenseCategory::Restricted);
//! assert_eq!(read("see COPYING"), License::Name("see COPYING".to_owned()));
//! ```

mod category;
mod expression;
mod findings;
mod gnu;
mod names;
mod read;
mod text;

pub use category::{category, severity};
pub use expression::{Expression, Term};
pub use findings::findings;
pub use read::{License, read};
pub use text::recognized;
