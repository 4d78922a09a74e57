use crate::error::Problem;

/// What `--chmod` makes of the mode of a file: an octal number, or clauses as the `chmod` command takes them
/// (POSIX `chmod`, without a umask).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModeChange {
    /// These bits, whatever there was.
    Octal(u32),
    /// One change after the other.
    Symbolic(Vec<Clause>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    /// For whom: a mask of 0700, 0070 and 0007.
    who: u32,
    /// Whether nobody was named, which means all.
    everybody: bool,
    operator: u8,
    permissions: Permissions,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Permissions {
    /// Of `rwx`, as the bits of one digit; `X`, `s` and `t` apart.
    Named {
        bits: u32,
        conditional_execute: bool,
        set_id: bool,
        sticky: bool,
    },
    /// Those that the user, group or others have: the number of bits to shift by.
    CopyOf(u32),
}

impl ModeChange {
    /// Reads the value of `--chmod`.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let wrong = || {
            Problem::invalid_with(
                format!("`{text}` is not a file mode"),
                "write it as an octal number up to `7777`, or as `chmod` takes it: `u=rwX,go=rX`",
            )
        };
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return match u32::from_str_radix(text, 8) {
                Ok(mode) if mode <= 0o7777 => Ok(Self::Octal(mode)),
                _ => Err(wrong()),
            };
        }
        let mut clauses = Vec::new();
        for part in text.split(',') {
            parse_clauses(part.as_bytes(), &mut clauses).ok_or_else(wrong)?;
        }
        Ok(Self::Symbolic(clauses))
    }

    /// The new mode of a file with the permission bits `mode`.
    pub(crate) fn apply(&self, mode: u32, is_dir: bool) -> u32 {
        match self {
            Self::Octal(new) => *new,
            Self::Symbolic(clauses) => clauses
                .iter()
                .fold(mode, |mode, clause| clause.apply(mode, is_dir)),
        }
    }
}

/// `[ugoa...]` and then one or more times `+`, `-` or `=` with permissions.
fn parse_clauses(text: &[u8], clauses: &mut Vec<Clause>) -> Option<()> {
    let end = text.iter().position(|byte| !b"ugoa".contains(byte))?;
    let (names, mut rest) = text.split_at(end);
    let who = names.iter().fold(0, |who, name| {
        who | match name {
            b'u' => 0o700,
            b'g' => 0o070,
            b'o' => 0o007,
            _ => 0o777,
        }
    });
    while let [operator @ (b'+' | b'-' | b'='), tail @ ..] = rest {
        let end = tail
            .iter()
            .position(|byte| b"+-=".contains(byte))
            .unwrap_or(tail.len());
        let (letters, next) = tail.split_at(end);
        clauses.push(Clause {
            who: if names.is_empty() { 0o777 } else { who },
            everybody: names.is_empty(),
            operator: *operator,
            permissions: parse_permissions(letters)?,
        });
        rest = next;
    }
    rest.is_empty().then_some(())
}

fn parse_permissions(letters: &[u8]) -> Option<Permissions> {
    match letters {
        b"u" => return Some(Permissions::CopyOf(6)),
        b"g" => return Some(Permissions::CopyOf(3)),
        b"o" => return Some(Permissions::CopyOf(0)),
        _ => {}
    }
    let (mut bits, mut conditional_execute, mut set_id, mut sticky) = (0, false, false, false);
    for letter in letters {
        match letter {
            b'r' => bits |= 4,
            b'w' => bits |= 2,
            b'x' => bits |= 1,
            b'X' => conditional_execute = true,
            b's' => set_id = true,
            b't' => sticky = true,
            _ => return None,
        }
    }
    Some(Permissions::Named {
        bits,
        conditional_execute,
        set_id,
        sticky,
    })
}

impl Clause {
    fn apply(&self, mode: u32, is_dir: bool) -> u32 {
        let spread = |digit: u32| (digit << 6 | digit << 3 | digit) & self.who;
        let mut special = 0;
        let bits = match &self.permissions {
            Permissions::CopyOf(shift) => spread(mode >> shift & 7),
            Permissions::Named {
                bits,
                conditional_execute,
                set_id,
                sticky,
            } => {
                let execute = *conditional_execute && (is_dir || mode & 0o111 != 0);
                if *set_id {
                    special |= if self.who & 0o700 != 0 { 0o4000 } else { 0 };
                    special |= if self.who & 0o070 != 0 { 0o2000 } else { 0 };
                }
                if *sticky && (self.everybody || self.who & 0o007 != 0) {
                    special |= 0o1000;
                }
                spread(bits | u32::from(execute))
            }
        };
        match self.operator {
            b'+' => mode | bits | special,
            b'-' => mode & !(bits | special),
            // `=` takes away what it does not name; a directory keeps its set-ID bits unless they are named.
            _ => {
                let mut cleared = self.who;
                if !is_dir {
                    cleared |= if self.who & 0o700 != 0 { 0o4000 } else { 0 };
                    cleared |= if self.who & 0o070 != 0 { 0o2000 } else { 0 };
                }
                if self.who & 0o007 != 0 {
                    cleared |= 0o1000;
                }
                mode & !cleared | bits | special
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn octal_and_symbolic_modes() {
        for (text, mode, is_dir, expected) in [
            ("755", 0o644, false, 0o755),
            ("0", 0o644, false, 0),
            ("4711", 0o644, false, 0o4711),
            ("+x", 0o644, false, 0o755),
            ("a+x", 0o644, false, 0o755),
            ("u+x,go-r", 0o644, false, 0o700),
            ("u=rwX,go=rX", 0o600, false, 0o644),
            ("u=rwX,go=rX", 0o700, false, 0o755),
            ("u=rwX,go=rX", 0o600, true, 0o755),
            ("g=u", 0o640, false, 0o660),
            ("go=", 0o777, false, 0o700),
            ("u+s", 0o755, false, 0o4755),
            ("g+s", 0o755, true, 0o2755),
            ("+t", 0o777, true, 0o1777),
            ("u-x+w", 0o500, false, 0o600),
            ("=r", 0o777, false, 0o444),
        ] {
            assert_eq!(
                ModeChange::parse(text).unwrap().apply(mode, is_dir),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "u", "x", "10000", "8", "u+q", "u+x,", "+x-y", "7a", "u+rg"] {
            assert!(ModeChange::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn modes_stay_in_twelve_bits(text in "[ugoa]{0,2}[-+=][rwxXstugo]{0,3}|[0-9]{1,5}", mode in 0u32..0o10000) {
            if let Ok(change) = ModeChange::parse(&text) {
                prop_assert!(change.apply(mode, false) <= 0o7777);
            }
        }
    }
}
