//! `RUN --mount=`: its parts, and what they come to.

use plimsoll_core::Span;

use crate::ast::{Flag, Mount, MountFlag, MountKind, MountOption, Sharing, Word};
use crate::diagnostics::{Diagnostic, suggestion};
use crate::error::{Error, Result};
use crate::flags::Cooked;

const KEYS: [&str; 18] = [
    "type",
    "from",
    "source",
    "src",
    "target",
    "dst",
    "destination",
    "readonly",
    "ro",
    "readwrite",
    "rw",
    "required",
    "size",
    "id",
    "sharing",
    "mode",
    "uid",
    "gid",
];

/// Splits the value of the flag at its commas, and checks it as far as it names no variables.
pub(super) fn parse(flag: &Flag<Cooked>, diagnostics: &mut Vec<Diagnostic>) -> Option<MountFlag> {
    let Some(fields) = fields(&flag.value) else {
        diagnostics.push(
            Diagnostic::error(
                "bad-mount",
                flag.span,
                "the value of `--mount` is no list of options",
            )
            .with_hint("write `--mount=type=TYPE,KEY=VALUE…`"),
        );
        return None;
    };
    let mount = MountFlag {
        span: flag.span,
        options: fields.iter().map(option).collect(),
    };
    for option in &mount.options {
        let (key, Some(value)) = (option.key.text.to_ascii_lowercase(), &option.value) else {
            continue;
        };
        if key == "from" && value.text.contains('$') {
            let message = "variables are not expanded in the `from` of a mount";
            diagnostics.push(
                Diagnostic::error("variable-in-from", value.span, message)
                    .with_hint("name a stage with `FROM … AS name`, where global `ARG`s are expanded"),
            );
            return None;
        }
    }
    let plain = |option: &MountOption| {
        option
            .value
            .as_ref()
            .is_none_or(|value| !value.text.contains(['$', '\'', '"', '\\', '`']))
    };
    if mount.options.iter().all(plain)
        && let Err(error) = mount.resolve()
    {
        diagnostics.push(error.to_diagnostic(flag.span));
        return None;
    }
    Some(mount)
}

/// The fields of a line of comma-separated values; `None` if its quotes are wrong or it is empty.
fn fields(value: &Cooked) -> Option<Vec<Cooked>> {
    let text = value.text();
    if text.is_empty() {
        return None;
    }
    let mut fields = Vec::new();
    let mut start = 0;
    loop {
        let rest = &text[start..];
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut field = value.slice(start + 1, start + 1);
            let mut chars = quoted.char_indices().peekable();
            let length = loop {
                let (at, c) = chars.next()?;
                if c == '"' && chars.next_if(|(_, next)| *next == '"').is_none() {
                    break at + 2;
                }
                field.push(
                    c,
                    value
                        .slice(start + 1 + at, start + 1 + at + c.len_utf8())
                        .span()
                        .start,
                );
            };
            fields.push(field);
            start += length;
            match text[start..].chars().next() {
                None => return Some(fields),
                Some(',') => start += 1,
                Some(_) => return None,
            }
        } else {
            let length = rest.find(',').unwrap_or(rest.len());
            if rest[..length].contains('"') {
                return None;
            }
            fields.push(value.slice(start, start + length));
            if length == rest.len() {
                return Some(fields);
            }
            start += length + 1;
        }
    }
}

fn option(field: &Cooked) -> MountOption {
    let text = field.text();
    let (key, value) = match text.find('=') {
        Some(at) => (field.slice(0, at), Some(field.slice(at + 1, text.len()).word())),
        None => (field.clone(), None),
    };
    MountOption {
        span: field.span(),
        key: key.word(),
        value,
    }
}

impl MountFlag {
    /// What the options come to. Their values are taken as they stand; for those of a Dockerfile expand the
    /// instruction first, see [`Instruction::expand`](crate::Instruction::expand).
    ///
    /// # Errors
    /// [`Error::Invalid`] with the span of the option that is unknown, has an invalid value, or does not go
    /// with the kind of mount.
    pub fn resolve(&self) -> Result<Mount> {
        let mut mount = Mount::default();
        let mut writable = None;
        for option in &self.options {
            apply(&mut mount, &mut writable, option)?;
        }
        mount.read_only = match writable {
            Some(writable) => !writable,
            None => !matches!(mount.kind, MountKind::Cache | MountKind::Tmpfs),
        };
        self.check(&mount)?;
        Ok(mount)
    }

    /// What does not go together.
    fn check(&self, mount: &Mount) -> Result<()> {
        let with_mode = matches!(mount.kind, MountKind::Secret | MountKind::Ssh | MountKind::Cache);
        let kind = name_of(mount.kind);
        for option in &self.options {
            let key = option.key.text.to_ascii_lowercase();
            let applies = match key.as_str() {
                "mode" | "uid" | "gid" => with_mode,
                "sharing" => mount.kind == MountKind::Cache,
                "from" => mount.kind != MountKind::Secret,
                _ => true,
            };
            if !applies {
                return Err(invalid(
                    option.span,
                    format!("`{key}` does not go with a mount of type `{kind}`"),
                    None,
                ));
            }
        }
        if mount.kind == MountKind::Secret {
            let named =
                mount.source.is_some() || mount.target.is_some() || mount.id.is_some() || mount.env.is_some();
            if !named {
                let hint = "add `id=NAME`";
                return Err(invalid(
                    self.span,
                    "the mount does not say which secret".to_owned(),
                    Some(hint.to_owned()),
                ));
            }
            if mount.source.is_some() && mount.id.is_some() {
                let message = "a secret is named by `id` or `source`, not both";
                return Err(invalid(
                    self.span,
                    message.to_owned(),
                    Some("take `source` away".to_owned()),
                ));
            }
        }
        Ok(())
    }
}

fn apply(mount: &mut Mount, writable: &mut Option<bool>, option: &MountOption) -> Result<()> {
    let key = option.key.text.to_ascii_lowercase();
    let secret_or_ssh = matches!(mount.kind, MountKind::Secret | MountKind::Ssh);
    let Some(value) = &option.value else {
        match key.as_str() {
            "readonly" | "ro" => *writable = Some(false),
            "readwrite" | "rw" => *writable = Some(true),
            "required" if secret_or_ssh => mount.required = true,
            "required" => return Err(not_for(mount.kind, option)),
            _ if KEYS.contains(&key.as_str()) || key == "env" => {
                let message = format!("`{}` has no value", option.key.text);
                return Err(invalid(
                    option.span,
                    message,
                    Some(format!("write `{key}=VALUE`")),
                ));
            }
            _ => return Err(unknown(option, &key)),
        }
        return Ok(());
    };
    let text = (!value.text.is_empty()).then(|| value.text.clone());
    match key.as_str() {
        "type" => mount.kind = choice(value, "mount type", &KINDS)?,
        "from" => mount.from = text,
        "source" | "src" => mount.source = text,
        "target" | "dst" | "destination" => mount.target = text,
        "readonly" | "ro" => *writable = Some(!boolean(value, &key)?),
        "readwrite" | "rw" => *writable = Some(boolean(value, &key)?),
        "required" if secret_or_ssh => mount.required = boolean(value, &key)?,
        "size" if mount.kind == MountKind::Tmpfs => mount.size = Some(size(value)?),
        "required" | "size" => return Err(not_for(mount.kind, option)),
        "id" => mount.id = text,
        "sharing" => mount.sharing = Some(choice(value, "sharing mode", &SHARINGS)?),
        "mode" => mount.mode = Some(number(value, 8, "an octal mode")?),
        "uid" => mount.uid = Some(number(value, 10, "a numeric user id")?),
        "gid" => mount.gid = Some(number(value, 10, "a numeric group id")?),
        "env" if mount.kind == MountKind::Secret => mount.env = text,
        "env" => return Err(not_for(mount.kind, option)),
        _ => return Err(unknown(option, &key)),
    }
    Ok(())
}

const KINDS: [(&str, MountKind); 5] = [
    ("bind", MountKind::Bind),
    ("cache", MountKind::Cache),
    ("tmpfs", MountKind::Tmpfs),
    ("secret", MountKind::Secret),
    ("ssh", MountKind::Ssh),
];

const SHARINGS: [(&str, Sharing); 3] = [
    ("shared", Sharing::Shared),
    ("private", Sharing::Private),
    ("locked", Sharing::Locked),
];

fn name_of(kind: MountKind) -> &'static str {
    KINDS
        .iter()
        .find(|(_, other)| *other == kind)
        .map_or("bind", |(name, _)| name)
}

fn choice<T: Copy>(value: &Word, what: &str, values: &[(&str, T)]) -> Result<T> {
    let lower = value.text.to_ascii_lowercase();
    if let Some((_, found)) = values.iter().find(|(name, _)| *name == lower) {
        return Ok(*found);
    }
    let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
    let hint = match suggestion(&lower, &names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("write one of `{}`", names.join("`, `")),
    };
    Err(invalid(
        value.span,
        format!("`{}` is no {what}", value.text),
        Some(hint),
    ))
}

/// The words that Go's `strconv.ParseBool` takes.
fn boolean(value: &Word, key: &str) -> Result<bool> {
    match value.text.as_str() {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        other => {
            let hint = format!("write `{key}=true` or `{key}=false`");
            Err(invalid(
                value.span,
                format!("`{other}` is neither true nor false"),
                Some(hint),
            ))
        }
    }
}

fn number(value: &Word, radix: u32, what: &str) -> Result<u32> {
    let digits = !value.text.is_empty() && value.text.bytes().all(|byte| byte.is_ascii_digit());
    let number = u32::from_str_radix(&value.text, radix).ok().filter(|_| digits);
    number.ok_or_else(|| invalid(value.span, format!("`{}` is not {what}", value.text), None))
}

/// A size as Docker reads it: a number, perhaps with a fraction, and perhaps `k`, `m`, `g`, `t` or `p`, with
/// or without `b` or `ib`; always in powers of 1024.
fn size(value: &Word) -> Result<u64> {
    let text = value.text.as_str();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.strip_prefix(' ').unwrap_or(unit).to_ascii_lowercase();
    let power = match unit
        .strip_suffix('b')
        .map_or(unit.as_str(), |unit| unit.strip_suffix('i').unwrap_or(unit))
    {
        "" if unit != "ib" => Some(0),
        "k" => Some(1),
        "m" => Some(2),
        "g" => Some(3),
        "t" => Some(4),
        "p" => Some(5),
        _ => None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let parsed = power.and_then(|power| {
        let unit = 1024_u128.pow(power);
        let fraction = &fraction.get(..fraction.len().min(15))?;
        let numerator: u128 = if fraction.is_empty() {
            0
        } else {
            fraction.parse().ok()?
        };
        let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
        let bytes = whole.parse::<u64>().ok().map(u128::from)? * unit + numerator * unit / scale;
        u64::try_from(bytes).ok()
    });
    parsed.ok_or_else(|| {
        invalid(
            value.span,
            format!("`{text}` is no size"),
            Some("write a number and a unit, such as `64m`".to_owned()),
        )
    })
}

fn unknown(option: &MountOption, key: &str) -> Error {
    let known: Vec<&str> = KEYS.into_iter().chain(["env"]).collect();
    let hint = match suggestion(key, &known) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "the common options are `type`, `target`, `source`, `from` and `id`".to_owned(),
    };
    let message = format!("`--mount` has no option `{}`", option.key.text);
    invalid(option.key.span, message, Some(hint))
}

fn not_for(kind: MountKind, option: &MountOption) -> Error {
    let message = format!(
        "`{}` does not go with a mount of type `{}`",
        option.key.text,
        name_of(kind)
    );
    let hint = "if the type is given behind it, put `type=` first";
    invalid(option.span, message, Some(hint.to_owned()))
}

fn invalid(span: Span, message: String, hint: Option<String>) -> Error {
    let diagnostic = Diagnostic::error("bad-mount", span, message);
    Error::Invalid(match hint {
        Some(hint) => diagnostic.with_hint(hint),
        None => diagnostic,
    })
}
