//! Limits of a process's resources, as `--ulimit` has them.

use std::io;
use std::str::FromStr;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// One limit; `None` is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// The resource as `ulimit` and Docker call it: `nofile`.
    name: String,
    soft: Option<u64>,
    hard: Option<u64>,
}

const RESOURCES: [(&str, Resource); 16] = [
    ("core", Resource::Core),
    ("cpu", Resource::Cpu),
    ("data", Resource::Data),
    ("fsize", Resource::Fsize),
    ("locks", Resource::Locks),
    ("memlock", Resource::Memlock),
    ("msgqueue", Resource::Msgqueue),
    ("nice", Resource::Nice),
    ("nofile", Resource::Nofile),
    ("nproc", Resource::Nproc),
    ("rss", Resource::Rss),
    ("rtprio", Resource::Rtprio),
    ("rttime", Resource::Rttime),
    ("sigpending", Resource::Sigpending),
    ("stack", Resource::Stack),
    ("as", Resource::As),
];

impl FromStr for Ulimit {
    type Err = Error;

    /// Reads `NAME=SOFT[:HARD]`, with `-1` for no limit.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for an unknown name, for what is no number, and for a soft limit above the hard one.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |reason: &str| Error::InvalidOption(format!("`{text}` is not a limit: {reason}"));
        let (name, values) = text
            .split_once('=')
            .ok_or_else(|| wrong("write it as `NAME=SOFT[:HARD]`"))?;
        if !RESOURCES.iter().any(|(known, _)| *known == name) {
            return Err(wrong("the resource is not known"));
        }
        let value = |text: &str| match text {
            "-1" | "unlimited" => Ok(None),
            number => number
                .parse()
                .map(Some)
                .map_err(|_| wrong("the value is not a number")),
        };
        let (soft, hard) = values.split_once(':').unwrap_or((values, values));
        let (soft, hard) = (value(soft)?, value(hard)?);
        if hard.is_some_and(|hard| soft.is_none_or(|soft| soft > hard)) {
            return Err(wrong("the soft limit is above the hard one"));
        }
        Ok(Self {
            name: name.to_owned(),
            soft,
            hard,
        })
    }
}

impl Ulimit {
    /// Limits the calling process.
    pub(crate) fn apply(&self) -> Result<()> {
        let Some((_, resource)) = RESOURCES.iter().find(|(known, _)| *known == self.name) else {
            return Err(Error::InvalidOption(format!("`{}` is not a resource", self.name)));
        };
        let limit = Rlimit {
            current: self.soft,
            maximum: self.hard,
        };
        setrlimit(*resource, limit)
            .map_err(|error| Error::system("limit the resources", io::Error::from(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let limit: Ulimit = "nofile=10:20".parse().unwrap();
        assert_eq!((limit.soft, limit.hard), (Some(10), Some(20)));
        let limit: Ulimit = "core=0".parse().unwrap();
        assert_eq!((limit.soft, limit.hard), (Some(0), Some(0)));
        let limit: Ulimit = "memlock=5:-1".parse().unwrap();
        assert_eq!((limit.soft, limit.hard), (Some(5), None));
        for wrong in [
            "",
            "nofile",
            "nofile=",
            "nofile=x",
            "nosuch=1",
            "nofile=3:2",
            "nofile=-1:5",
            "nofile=1:2:3",
        ] {
            assert!(wrong.parse::<Ulimit>().is_err(), "{wrong}");
        }
    }
}
