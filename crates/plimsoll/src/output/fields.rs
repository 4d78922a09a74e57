//! Lists of `key=value` as buildx takes them: separated by commas, a field in double quotes may hold some.

/// The fields of one line of comma-separated values (RFC 4180).
pub(crate) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let field;
        (field, rest) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        fields.push(field);
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None if rest.is_empty() => return Ok(fields),
            None => return Err(format!("`{rest}` follows a closing quote")),
        }
    }
}

/// What stands before the closing quote, a doubled one meaning itself, and what follows it.
fn unquoted(text: &str) -> Result<(String, &str), String> {
    let mut field = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('"') {
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            None => return Ok((field, after)),
        }
    }
    Err("a quote is not closed".to_owned())
}

/// A truth value as Go's `strconv.ParseBool` reads it.
pub(crate) fn truth(key: &str, value: &str) -> Result<bool, String> {
    match value {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(false),
        _ => Err(format!("`{key}` is `{value}`, neither true nor false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas() {
        let fields = |text| split(text).map(|fields| fields.join("|"));
        assert_eq!(fields("type=oci,dest=a b"), Ok("type=oci|dest=a b".into()));
        assert_eq!(
            fields(r#"a,"annotation.k=x, ""y""",b="#),
            Ok(r#"a|annotation.k=x, "y"|b="#.into())
        );
        assert_eq!(fields(""), Ok(String::new()));
        assert!(fields("\"a").is_err() && fields("\"a\"b").is_err());
    }
}
