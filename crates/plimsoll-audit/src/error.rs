use plimsoll_core::Hint;

/// Why an image cannot be graded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A policy file is not TOML or has a key or value that the policy does not know.
    #[error("policy `{file}`: {reason}")]
    Policy {
        /// The file as it was named.
        file: String,
        /// What is wrong and where.
        reason: String,
    },
    /// The image could not be run or watched.
    #[error(transparent)]
    Sandbox(#[from] plimsoll_sandbox::Error),
}

impl Error {
    /// What to do next.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Policy { .. } => Some(Hint::new(
                "`plimsoll audit --show-policy` prints every key with its default",
            )),
            Self::Sandbox(error) => error.hint(),
        }
    }
}

/// What this crate's functions give.
pub type Result<T> = std::result::Result<T, Error>;
