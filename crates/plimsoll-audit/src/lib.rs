//! Grades an image against the readiness matrix.
//!
//! The [`Policy`] says what each line asks for; [`probe`](probe::probe) runs the image and writes down what it saw;
//! [`assess`] turns that and what is known of the image at rest into the [`Matrix`](plimsoll_core::Matrix), one file for
//! each criterion under `criteria/`; [`checklist`] gives the points that stand beside it. A requirement that could not
//! be looked at is `not assessed` with its reason, never met.

mod checklist;
mod criteria;
mod error;
mod observed;
mod policy;
pub mod probe;
mod subject;

pub use checklist::checklist;
pub use criteria::assess;
pub use error::{Error, Result};
pub use observed::Observed;
pub use policy::{Override, Policy, ProbeLimits, Thresholds};
pub use subject::{ContextSecrets, Gate, Subject};
