//! Tokens into a tree.

use super::TemplateError;
use super::functions::Function;
use super::lex::{Placed, Token};

#[derive(Debug)]
pub(super) enum Node {
    Text(String),
    Pipeline(Pipeline),
    If {
        condition: Pipeline,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
    With {
        value: Pipeline,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
    Range {
        over: Pipeline,
        each: Vec<Node>,
        otherwise: Vec<Node>,
    },
}

/// `$a, $b := first | second | third`.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) declares: Vec<String>,
    pub(super) commands: Vec<Command>,
}

#[derive(Debug)]
pub(super) enum Command {
    Call(Function, Vec<Operand>),
    Value(Operand),
}

#[derive(Debug)]
pub(super) enum Operand {
    Dot(Vec<String>),
    Variable(String, Vec<String>),
    Text(String),
    Number(f64),
    Bool(bool),
    Nil,
    Nested(Pipeline),
}

/// How deep blocks and parentheses may nest; deeper text is refused rather than exhausting the stack.
const DEEPEST: usize = 100;

struct Parser<'a> {
    tokens: &'a [Placed],
    next: usize,
    depth: usize,
}

/// What ended a block.
enum Closer {
    End,
    Else,
    ElseIf,
    Eof,
}

pub(super) fn nodes(tokens: &[Placed]) -> Result<Vec<Node>, TemplateError> {
    let mut parser = Parser {
        tokens,
        next: 0,
        depth: 0,
    };
    let (nodes, end) = parser.block()?;
    match end {
        Closer::Eof => Ok(nodes),
        Closer::End => Err(parser.error_before("`end` without `if`, `with` or `range`")),
        Closer::Else | Closer::ElseIf => Err(parser.error_before("`else` without `if`, `with` or `range`")),
    }
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.next += 1;
        token
    }

    fn error(&self, reason: impl Into<String>) -> TemplateError {
        let last = self.tokens.last().map_or(0, |placed| placed.at);
        let at = self.tokens.get(self.next).map_or(last, |placed| placed.at);
        TemplateError::Syntax {
            at,
            reason: reason.into(),
        }
    }

    /// An error at the start of the action that was just read.
    fn error_before(&self, reason: &str) -> TemplateError {
        let until = self.next.min(self.tokens.len());
        let open = self.tokens[..until]
            .iter()
            .rev()
            .find(|placed| placed.token == Token::Open);
        TemplateError::Syntax {
            at: open.map_or(0, |placed| placed.at),
            reason: reason.to_owned(),
        }
    }

    fn deeper(&mut self) -> Result<(), TemplateError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            Err(self.error("nested too deeply"))
        } else {
            Ok(())
        }
    }

    fn block(&mut self) -> Result<(Vec<Node>, Closer), TemplateError> {
        self.deeper()?;
        let mut nodes = Vec::new();
        let end = loop {
            match self.take() {
                None => break Closer::Eof,
                Some(Token::Text(text)) => nodes.push(Node::Text(text)),
                Some(Token::Open) => match self.peek() {
                    Some(Token::Word(word)) if word == "end" => {
                        self.next += 1;
                        self.close()?;
                        break Closer::End;
                    }
                    Some(Token::Word(word)) if word == "else" => {
                        self.next += 1;
                        if self.peek() == Some(&Token::Word("if".to_owned())) {
                            break Closer::ElseIf;
                        }
                        self.close()?;
                        break Closer::Else;
                    }
                    _ => nodes.push(self.action()?),
                },
                Some(_) => return Err(self.error("unexpected token")),
            }
        };
        self.depth -= 1;
        Ok((nodes, end))
    }

    fn close(&mut self) -> Result<(), TemplateError> {
        if self.peek() != Some(&Token::Close) {
            return Err(self.error("`}}` expected"));
        }
        self.next += 1;
        Ok(())
    }

    fn action(&mut self) -> Result<Node, TemplateError> {
        let word = match self.peek() {
            Some(Token::Word(word)) => word.clone(),
            _ => String::new(),
        };
        match word.as_str() {
            "if" | "with" | "range" => {
                self.next += 1;
                self.control(&word)
            }
            _ => {
                let pipeline = self.pipeline(&Token::Close)?;
                Ok(Node::Pipeline(pipeline))
            }
        }
    }

    fn control(&mut self, word: &str) -> Result<Node, TemplateError> {
        let head = self.pipeline(&Token::Close)?;
        let (then, end) = self.block()?;
        let otherwise = match end {
            Closer::End => Vec::new(),
            Closer::Else => match self.block()? {
                (nodes, Closer::End) => nodes,
                _ => return Err(self.error("`{{end}}` is missing")),
            },
            Closer::ElseIf => {
                self.deeper()?;
                let node = self.action()?;
                self.depth -= 1;
                vec![node]
            }
            Closer::Eof => return Err(self.error("`{{end}}` is missing")),
        };
        Ok(match word {
            "if" => Node::If {
                condition: head,
                then,
                otherwise,
            },
            "with" => Node::With {
                value: head,
                then,
                otherwise,
            },
            _ => Node::Range {
                over: head,
                each: then,
                otherwise,
            },
        })
    }

    /// Reads up to and including `end`.
    fn pipeline(&mut self, end: &Token) -> Result<Pipeline, TemplateError> {
        self.deeper()?;
        let declares = self.declares();
        let mut commands = Vec::new();
        loop {
            commands.push(self.command()?);
            match self.take() {
                Some(Token::Pipe) => {}
                Some(token) if token == *end => break,
                _ => {
                    self.next -= 1;
                    return Err(self.error("unexpected end of the action"));
                }
            }
        }
        self.depth -= 1;
        Ok(Pipeline { declares, commands })
    }

    fn declares(&mut self) -> Vec<String> {
        let start = self.next;
        let mut names = Vec::new();
        while let Some(Token::Variable(name, fields)) = self.peek() {
            if !fields.is_empty() {
                break;
            }
            names.push(name.clone());
            self.next += 1;
            match self.peek() {
                Some(Token::Comma) => self.next += 1,
                Some(Token::Declare) => {
                    self.next += 1;
                    return names;
                }
                _ => break,
            }
        }
        self.next = start;
        Vec::new()
    }

    fn command(&mut self) -> Result<Command, TemplateError> {
        if let Some(Token::Word(word)) = self.peek() {
            if let Some(function) = Function::named(word) {
                self.next += 1;
                let mut operands = Vec::new();
                while let Some(operand) = self.operand()? {
                    operands.push(operand);
                }
                return Ok(Command::Call(function, operands));
            }
            if !matches!(word.as_str(), "true" | "false" | "nil") {
                return Err(self.error(format!("function `{word}` is not defined")));
            }
        }
        match self.operand()? {
            Some(operand) => Ok(Command::Value(operand)),
            None => Err(self.error("a value is missing")),
        }
    }

    fn operand(&mut self) -> Result<Option<Operand>, TemplateError> {
        let operand = match self.peek() {
            Some(Token::Field(fields)) => Operand::Dot(fields.clone()),
            Some(Token::Variable(name, fields)) => Operand::Variable(name.clone(), fields.clone()),
            Some(Token::Quoted(text)) => Operand::Text(text.clone()),
            Some(Token::Number(number)) => Operand::Number(*number),
            Some(Token::Word(word)) if word == "true" || word == "false" => Operand::Bool(word == "true"),
            Some(Token::Word(word)) if word == "nil" => Operand::Nil,
            Some(Token::Word(word)) if Function::named(word).is_some() => {
                return Err(self.error(format!("put the call of `{word}` in parentheses")));
            }
            Some(Token::Word(word)) => return Err(self.error(format!("function `{word}` is not defined"))),
            Some(Token::LeftParen) => {
                self.next += 1;
                return Ok(Some(Operand::Nested(self.pipeline(&Token::RightParen)?)));
            }
            _ => return Ok(None),
        };
        self.next += 1;
        Ok(Some(operand))
    }
}
