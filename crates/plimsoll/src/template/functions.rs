//! The functions that a template can call.

use std::cmp::Ordering;

use serde_json::Value;

#[derive(Debug, Clone, Copy)]
pub(super) enum Function {
    And,
    Compare(fn(Ordering) -> bool),
    Equal,
    Index,
    Join,
    Json,
    Len,
    Lower,
    Not,
    NotEqual,
    Or,
    Pad,
    Print,
    Printf,
    Println,
    Split,
    Title,
    Truncate,
    Upper,
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "and" => Self::And,
            "eq" => Self::Equal,
            "ge" => Self::Compare(Ordering::is_ge),
            "gt" => Self::Compare(Ordering::is_gt),
            "index" => Self::Index,
            "join" => Self::Join,
            "json" => Self::Json,
            "le" => Self::Compare(Ordering::is_le),
            "len" => Self::Len,
            "lower" => Self::Lower,
            "lt" => Self::Compare(Ordering::is_lt),
            "ne" => Self::NotEqual,
            "not" => Self::Not,
            "or" => Self::Or,
            "pad" => Self::Pad,
            "print" => Self::Print,
            "printf" => Self::Printf,
            "println" => Self::Println,
            "split" => Self::Split,
            "title" => Self::Title,
            "truncate" => Self::Truncate,
            "upper" => Self::Upper,
            _ => return None,
        })
    }

    pub(super) fn call(self, arguments: &[Value]) -> Result<Value, String> {
        let text = |text: String| Ok(Value::String(text));
        match (self, arguments) {
            (Self::And, [first, rest @ ..]) => Ok(rest
                .iter()
                .fold(first, |value, next| if is_true(value) { next } else { value })
                .clone()),
            (Self::Or, [first, rest @ ..]) => Ok(rest
                .iter()
                .fold(first, |value, next| if is_true(value) { value } else { next })
                .clone()),
            (Self::Not, [value]) => Ok(Value::Bool(!is_true(value))),
            (Self::Equal, [first, rest @ ..]) if !rest.is_empty() => Ok(Value::Bool(
                rest.iter()
                    .any(|other| compare(first, other) == Some(Ordering::Equal)),
            )),
            (Self::NotEqual, [a, b]) => Ok(Value::Bool(compare(a, b) != Some(Ordering::Equal))),
            (Self::Compare(holds), [a, b]) => match compare(a, b) {
                Some(order) => Ok(Value::Bool(holds(order))),
                None => Err(format!("can't compare `{}` with `{}`", display(a), display(b))),
            },
            (Self::Index, [value, keys @ ..]) => keys
                .iter()
                .try_fold(value.clone(), |value, key| index(&value, key)),
            (Self::Json, [value]) => text(value.to_string()),
            (Self::Len, [value]) => match value {
                Value::Array(items) => Ok(Value::from(items.len())),
                Value::Object(map) => Ok(Value::from(map.len())),
                Value::String(text) => Ok(Value::from(text.len())),
                Value::Null => Ok(Value::from(0)),
                other => Err(format!("`{}` has no length", display(other))),
            },
            (Self::Join, [Value::Array(items), separator]) => text(
                items
                    .iter()
                    .map(display)
                    .collect::<Vec<_>>()
                    .join(&display(separator)),
            ),
            (Self::Join, [Value::Null, _]) => text(String::new()),
            (Self::Split, [value, separator]) => Ok(display(value)
                .split(&display(separator))
                .map(Value::from)
                .collect()),
            (Self::Lower, [value]) => text(display(value).to_lowercase()),
            (Self::Upper, [value]) => text(display(value).to_uppercase()),
            (Self::Title, [value]) => text(title(&display(value))),
            (Self::Pad, [value, before, after]) => {
                let spaces = |count: &Value| " ".repeat(count.as_u64().unwrap_or(0).min(1000) as usize);
                text(format!("{}{}{}", spaces(before), display(value), spaces(after)))
            }
            (Self::Truncate, [value, length]) => text(
                display(value)
                    .chars()
                    .take(length.as_u64().unwrap_or(0) as usize)
                    .collect(),
            ),
            (Self::Print, values) => text(values.iter().map(display).collect()),
            (Self::Println, values) => text(values.iter().map(display).collect::<Vec<_>>().join(" ") + "\n"),
            (Self::Printf, [format, values @ ..]) => printf(&display(format), values).map(Value::String),
            _ => Err(format!(
                "wrong number or kind of arguments for `{}`",
                format!("{self:?}").to_lowercase()
            )),
        }
    }
}

/// Go's notion: false, 0, nothing, and what is empty are not true.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// A value as Go prints it: `[a b]` for lists, `map[k:v]` for maps.
pub(super) fn display(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(display).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let mut pairs: Vec<_> = map
                .iter()
                .map(|(key, value)| format!("{key}:{}", display(value)))
                .collect();
            pairs.sort();
            format!("map[{}]", pairs.join(" "))
        }
    }
}

fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        _ => None,
    }
}

fn index(value: &Value, key: &Value) -> Result<Value, String> {
    match (value, key) {
        (Value::Array(items), Value::Number(number)) => {
            let found = number.as_u64().and_then(|at| items.get(at as usize));
            found
                .cloned()
                .ok_or_else(|| format!("index {number} is out of range: there are {}", items.len()))
        }
        (Value::Object(map), Value::String(key)) => {
            Ok(map.get(key).cloned().unwrap_or_else(|| Value::from("")))
        }
        (Value::Null, _) => Ok(Value::from("")),
        _ => Err(format!(
            "can't index `{}` with `{}`",
            display(value),
            display(key)
        )),
    }
}

fn title(text: &str) -> String {
    let mut start = true;
    let capital = |c: char| {
        let upper = std::mem::replace(&mut start, c.is_whitespace());
        if upper {
            c.to_uppercase().next().unwrap_or(c)
        } else {
            c
        }
    };
    text.chars().map(capital).collect()
}

/// The verbs `%s %v %d %q %t %x %f %%` with flags `-` and `0`, a width and a precision.
fn printf(format: &str, values: &[Value]) -> Result<String, String> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut rest = format;
    while let Some(percent) = rest.find('%') {
        out.push_str(&rest[..percent]);
        let spec = &rest[percent + 1..];
        let verb_at = spec
            .find(|c: char| c.is_alphabetic() || c == '%')
            .ok_or("`%` without a verb")?;
        let (flags, verb) = (&spec[..verb_at], spec[verb_at..].chars().next().unwrap_or('%'));
        rest = &spec[verb_at + verb.len_utf8()..];
        if verb == '%' {
            out.push('%');
            continue;
        }
        let value = values
            .next()
            .ok_or_else(|| format!("`printf` has no value for `%{verb}`"))?;
        let (width, precision) = flags
            .split_once('.')
            .map_or((flags, None), |(width, digits)| (width, Some(digits)));
        let text = match verb {
            's' => match precision.and_then(|digits| digits.parse().ok()) {
                Some(length) => display(value).chars().take(length).collect(),
                None => display(value),
            },
            'v' | 'd' | 't' => display(value),
            'q' => Value::String(display(value)).to_string(),
            'x' => match value.as_i64() {
                Some(number) => format!("{number:x}"),
                None => display(value).bytes().map(|byte| format!("{byte:02x}")).collect(),
            },
            'f' => {
                let digits = precision
                    .and_then(|digits| digits.parse().ok())
                    .unwrap_or(6usize)
                    .min(100);
                format!("{:.digits$}", value.as_f64().ok_or("`%f` needs a number")?)
            }
            other => return Err(format!("`printf` has no verb `%{other}`")),
        };
        out.push_str(&padded(&text, width));
    }
    out.push_str(rest);
    Ok(out)
}

fn padded(text: &str, flags: &str) -> String {
    let left = flags.contains('-');
    let zero = flags.starts_with('0');
    let width: usize = flags
        .trim_start_matches(['-', '0', '+', ' '])
        .parse()
        .unwrap_or(0)
        .min(10_000);
    let missing = width.saturating_sub(text.chars().count());
    match (left, zero) {
        (true, _) => format!("{text}{}", " ".repeat(missing)),
        (false, true) => format!("{}{text}", "0".repeat(missing)),
        (false, false) => format!("{}{text}", " ".repeat(missing)),
    }
}
