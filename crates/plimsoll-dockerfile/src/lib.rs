//! The Dockerfile language, as BuildKit's `docker/dockerfile:1` frontend reads it.
//!
//! [`parse`] takes the text of a Dockerfile and gives a typed syntax tree in which every part knows its
//! bytes in that text, together with everything that is wrong with it. Words in the tree are not expanded:
//! [`expand`] does that, given an environment. [`ignore`] reads `.dockerignore` files.
//!
//! Nothing here does any input or output.

pub mod ast;
mod diagnostics;
mod directives;
mod duration;
mod error;
pub mod expand;
mod flags;
pub mod glob;
mod heredoc;
pub mod history;
pub mod ignore;
mod instruction;
mod json;
mod lines;
mod parser;
mod text;
mod words;

pub use ast::*;
pub use diagnostics::{Diagnostic, Level};
pub use error::{Error, Result};
pub use glob::{GoPattern, go_match};
pub use ignore::DockerIgnore;
pub use json::to_json;
pub use text::decode;

/// What [`parse`] gives.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The tree of everything that could be understood.
    pub dockerfile: Dockerfile,
    /// What is wrong, in the order of the text. With an error among them the file cannot be built.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether any diagnostic is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.level == Level::Error)
    }
}

/// Reads the text of a Dockerfile.
///
/// Never fails: what is wrong is in [`Parsed::diagnostics`], and instructions that cannot be understood are
/// left out of the tree.
pub fn parse(text: &str) -> Parsed {
    parser::parse(text)
}

#[cfg(test)]
mod tests;
