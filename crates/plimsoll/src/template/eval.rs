//! The tree applied to data.

use serde_json::Value;

use super::TemplateError;
use super::functions::{display, is_true};
use super::parse::{Command, Node, Operand, Pipeline};

struct Scope<'a> {
    root: &'a Value,
    variables: Vec<(String, Value)>,
    out: String,
}

pub(super) fn text(nodes: &[Node], data: &Value) -> Result<String, TemplateError> {
    let mut scope = Scope {
        root: data,
        variables: Vec::new(),
        out: String::new(),
    };
    scope.nodes(nodes, data)?;
    Ok(scope.out)
}

fn error(reason: impl Into<String>) -> TemplateError {
    TemplateError::Apply(reason.into())
}

impl Scope<'_> {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<(), TemplateError> {
        let outer = self.variables.len();
        for node in nodes {
            self.node(node, dot)?;
        }
        self.variables.truncate(outer);
        Ok(())
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<(), TemplateError> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Pipeline(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                match pipeline.declares.first() {
                    Some(name) => self.variables.push((name.clone(), value)),
                    None => self.out.push_str(&display(&value)),
                }
            }
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                let value = self.pipeline(condition, dot)?;
                self.nodes(if is_true(&value) { then } else { otherwise }, dot)?;
            }
            Node::With {
                value,
                then,
                otherwise,
            } => {
                let value = self.pipeline(value, dot)?;
                if is_true(&value) {
                    self.nodes(then, &value)?;
                } else {
                    self.nodes(otherwise, dot)?;
                }
            }
            Node::Range {
                over,
                each,
                otherwise,
            } => {
                let value = self.pipeline(over, dot)?;
                let items = items(value)?;
                if items.is_empty() {
                    self.nodes(otherwise, dot)?;
                }
                for (key, item) in items {
                    let outer = self.variables.len();
                    match &over.declares[..] {
                        [] => {}
                        [one] => self.variables.push((one.clone(), item.clone())),
                        [first, second, ..] => {
                            self.variables.push((first.clone(), key));
                            self.variables.push((second.clone(), item.clone()));
                        }
                    }
                    self.nodes(each, &item)?;
                    self.variables.truncate(outer);
                }
            }
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, TemplateError> {
        let mut piped: Option<Value> = None;
        for command in &pipeline.commands {
            piped = Some(match command {
                Command::Value(_) if piped.is_some() => return Err(error("only a function can follow `|`")),
                Command::Value(operand) => self.operand(operand, dot)?,
                Command::Call(function, operands) => {
                    let mut arguments = Vec::with_capacity(operands.len() + 1);
                    for operand in operands {
                        arguments.push(self.operand(operand, dot)?);
                    }
                    arguments.extend(piped);
                    function.call(&arguments).map_err(error)?
                }
            });
        }
        Ok(piped.unwrap_or(Value::Null))
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, TemplateError> {
        Ok(match operand {
            Operand::Dot(fields) => lookup(dot, fields)?,
            Operand::Variable(name, fields) if name.is_empty() => lookup(self.root, fields)?,
            Operand::Variable(name, fields) => {
                let variable = self.variables.iter().rev().find(|(known, _)| known == name);
                let (_, value) = variable.ok_or_else(|| error(format!("undefined variable `${name}`")))?;
                lookup(value, fields)?
            }
            Operand::Text(text) => Value::String(text.clone()),
            Operand::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Value::from(*number as i64)
            }
            Operand::Number(number) => Value::from(*number),
            Operand::Bool(value) => Value::Bool(*value),
            Operand::Nil => Value::Null,
            Operand::Nested(pipeline) => self.pipeline(pipeline, dot)?,
        })
    }
}

/// What stands under the names. Docker's structures have upper-case names, so an upper-case name that is
/// absent is a mistake; a lower-case one is a key of a map (a label) that may be absent.
fn lookup(value: &Value, fields: &[String]) -> Result<Value, TemplateError> {
    let mut value = value;
    for field in fields {
        value = match value {
            Value::Object(map) => match map.get(field) {
                Some(found) => found,
                None if field.starts_with(char::is_lowercase) => {
                    return Ok(Value::String("<no value>".to_owned()));
                }
                None => return Err(error(format!("no entry for key {field:?}"))),
            },
            Value::Null => return Err(error(format!("can't look up `{field}` in nothing"))),
            Value::String(_) => return Err(error(format!("can't look up `{field}` in a string"))),
            Value::Array(_) => {
                return Err(error(format!(
                    "can't look up `{field}` in a list; use `range` or `index`"
                )));
            }
            Value::Bool(_) | Value::Number(_) => {
                return Err(error(format!("can't look up `{field}` in a number")));
            }
        };
    }
    Ok(value.clone())
}

/// Keys and items, a map's in the order of its keys as Go has them.
fn items(value: Value) -> Result<Vec<(Value, Value)>, TemplateError> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => Ok(items
            .into_iter()
            .enumerate()
            .map(|(index, item)| (Value::from(index), item))
            .collect()),
        Value::Object(map) => {
            let mut items: Vec<_> = map
                .into_iter()
                .map(|(key, item)| (Value::String(key), item))
                .collect();
            items.sort_by(|a, b| a.0.as_str().cmp(&b.0.as_str()));
            Ok(items)
        }
        other => Err(error(format!("can't range over `{}`", display(&other)))),
    }
}
