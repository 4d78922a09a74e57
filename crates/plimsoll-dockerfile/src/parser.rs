//! The file as a whole: directives, comments, logical lines, stages.

use plimsoll_core::Span;

use crate::Parsed;
use crate::ast::{Comment, Directive, Dockerfile, From, Heredoc, Instruction, InstructionKind, Stage, Word};
use crate::diagnostics::Diagnostic;
use crate::directives;
use crate::heredoc;
use crate::instruction::{self, Head, Request};
use crate::lines::{Line, LineNumbers, Physical, Piece, Reader, strip_continuation};

struct Parser<'t> {
    reader: Reader<'t>,
    line_numbers: LineNumbers,
    escape: char,
    /// Whether directives may still come: nothing but directives has been seen.
    at_top: bool,
    /// The comments since the last instruction or empty comment.
    pending: Vec<Comment>,
    /// The instructions, other than `ARG`, that came before any `FROM`.
    early: Vec<(String, Span)>,
    /// Whether a `FROM` was there, even one that could not be understood.
    saw_from: bool,
    dockerfile: Dockerfile,
    diagnostics: Vec<Diagnostic>,
}

pub(crate) fn parse(text: &str) -> Parsed {
    let mut parser = Parser {
        reader: Reader::new(text),
        line_numbers: LineNumbers::new(text),
        escape: '\\',
        at_top: true,
        pending: Vec::new(),
        early: Vec::new(),
        saw_from: false,
        dockerfile: Dockerfile {
            directives: Vec::new(),
            escape: '\\',
            global_args: Vec::new(),
            stages: Vec::new(),
            comments: Vec::new(),
        },
        diagnostics: Vec::new(),
    };
    while let Some(physical) = parser.reader.next() {
        parser.line(physical);
    }
    parser.finish(text)
}

impl Parser<'_> {
    fn finish(mut self, text: &str) -> Parsed {
        let has_stage = !self.dockerfile.stages.is_empty();
        let hint = "start the first stage with `FROM IMAGE`; only `ARG` may stand before it";
        for (name, span) in self.early {
            let message = match has_stage {
                true => format!("`{name}` stands before the first `FROM`"),
                false => "there is no `FROM` before the first instruction".to_owned(),
            };
            let code = if has_stage {
                "instruction-before-from"
            } else {
                "missing-from"
            };
            self.diagnostics
                .push(Diagnostic::error(code, span, message).with_hint(hint));
            if !has_stage {
                break;
            }
        }
        if !has_stage
            && self
                .diagnostics
                .iter()
                .all(|diagnostic| diagnostic.level != crate::Level::Error)
        {
            let diagnostic = match self.dockerfile.global_args.last() {
                Some(last) => Diagnostic::error("missing-from", last.span, "there is no `FROM`"),
                None => {
                    let end = Span::new(text.len(), text.len());
                    Diagnostic::error("empty-file", end, "the file has no instructions")
                }
            };
            self.diagnostics.push(diagnostic.with_hint(hint));
        }
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        self.dockerfile.escape = self.escape;
        Parsed {
            dockerfile: self.dockerfile,
            diagnostics: self.diagnostics,
        }
    }

    /// One line that does not continue another.
    fn line(&mut self, physical: Physical) {
        let content = self.reader.content(physical);
        let trimmed = content.trim_start();
        let start = physical.end - trimmed.len();
        if trimmed.starts_with('#') {
            return self.comment_or_directive(trimmed, start);
        }
        self.at_top = false;
        if trimmed.is_empty() {
            return;
        }
        let mut line = Line::default();
        let (part, mut continues) = strip_continuation(trimmed, self.escape);
        line.push(part, start);
        let mut empty_lines = None;
        while continues {
            let Some(next) = self.reader.next() else { break };
            let content = self.reader.content(next);
            let trimmed = content.trim_start();
            if trimmed.starts_with('#') {
                let span = Span::new(next.end - trimmed.len(), next.end);
                self.dockerfile.comments.push(comment(trimmed, span));
            } else if trimmed.is_empty() {
                empty_lines.get_or_insert(Span::new(next.start, next.next));
            } else {
                let (part, more) = strip_continuation(content, self.escape);
                line.push(part, next.start);
                continues = more;
            }
        }
        if let Some(span) = empty_lines {
            let message = "an empty line stands within an instruction";
            self.diagnostics.push(
                Diagnostic::warning("empty-continuation", span, message)
                    .with_hint("take the empty line away; it will be an error in time"),
            );
        }
        if line.piece().trim().is_empty() {
            let span = Span::new(start, physical.end);
            self.diagnostics.push(
                Diagnostic::error(
                    "empty-instruction",
                    span,
                    "this line continues, but nothing follows",
                )
                .with_hint("take the escape character away"),
            );
            return;
        }
        self.instruction(&line);
    }

    fn comment_or_directive(&mut self, trimmed: &str, start: usize) {
        let span = Span::new(start, start + trimmed.len());
        let found = directives::parse(trimmed);
        if let (true, Some(found)) = (self.at_top, &found) {
            let place = Span::new(start + found.value.start, start + found.value.end);
            let value = Word {
                text: trimmed[found.value.clone()].to_owned(),
                span: place,
            };
            return self.directive(Directive {
                span,
                name: found.name.clone(),
                value,
            });
        }
        self.at_top = false;
        let is_first = self.dockerfile.stages.is_empty() && self.dockerfile.global_args.is_empty();
        if let Some(found) = found.filter(|_| is_first && self.early.is_empty()) {
            let message = format!(
                "the directive `{}` is a comment here, and has no effect",
                found.name
            );
            self.diagnostics.push(
                Diagnostic::warning("misplaced-directive", span, message)
                    .with_hint("directives stand at the very top, before comments and empty lines"),
            );
        }
        let comment = comment(trimmed, span);
        if comment.text.is_empty() {
            self.pending.clear();
        } else {
            self.pending.push(comment.clone());
        }
        self.dockerfile.comments.push(comment);
    }

    fn directive(&mut self, directive: Directive) {
        if self
            .dockerfile
            .directives
            .iter()
            .any(|earlier| earlier.name == directive.name)
        {
            let message = format!("the directive `{}` is given more than once", directive.name);
            self.diagnostics.push(
                Diagnostic::error("duplicate-directive", directive.span, message)
                    .with_hint("keep one of them"),
            );
            return;
        }
        if directive.name == "escape" {
            match directive.value.text.as_str() {
                "\\" => self.escape = '\\',
                "`" => self.escape = '`',
                other => {
                    let message = format!("`{other}` cannot be the escape character");
                    self.diagnostics.push(
                        Diagnostic::error("bad-directive", directive.value.span, message)
                            .with_hint("it is a backslash or a backtick"),
                    );
                }
            }
        }
        if directive.name == "syntax" && !directives::is_usual_frontend(&directive.value.text) {
            let message = format!("`{}` is not asked to read this file", directive.value.text);
            let hint = "it is read as `docker/dockerfile:1` reads it, without any other program";
            self.diagnostics
                .push(Diagnostic::warning("other-frontend", directive.value.span, message).with_hint(hint));
        }
        self.dockerfile.directives.push(directive);
    }

    fn instruction(&mut self, line: &Line) {
        let whole = line.piece().trim();
        let head = Head::parse(whole);
        let mut end = whole.span().end;
        let mut heredocs = Vec::new();
        if head.may_have_heredocs() {
            for (start, range) in heredoc::starts(whole.text()) {
                let delimiter = whole.slice(range).span();
                match self.heredoc(start, end) {
                    (heredoc, Some(after)) => {
                        heredocs.push(heredoc);
                        end = after;
                    }
                    (heredoc, None) => {
                        let message =
                            format!("the here-document is not ended: no line reads `{}`", heredoc.name);
                        let hint = "the end delimiter stands alone on its line, without blanks around it";
                        self.diagnostics
                            .push(Diagnostic::error("unclosed-heredoc", delimiter, message).with_hint(hint));
                        return;
                    }
                }
            }
        }
        let span = Span::new(whole.span().start, end);
        self.warn_of_replaced_bytes(whole, &heredocs);
        let keyword = head.keyword;
        let mut request = Request {
            name: &head.name,
            keyword,
            flags: head.flags,
            arguments: head.arguments,
            is_trigger: false,
            heredocs: &heredocs,
            end,
            line_numbers: &self.line_numbers,
            escape: self.escape,
            diagnostics: &mut self.diagnostics,
        };
        let lines = self.line_numbers.lines(span);
        let source = whole.text().to_owned();
        let comments = std::mem::take(&mut self.pending);
        self.saw_from |= head.name == "FROM" || instruction::meant(&head.name) == Some("FROM");
        if head.name == "FROM" {
            if let Some(parts) = instruction::parse_from(&mut request) {
                let name = parts.alias.as_ref().map(|alias| alias.text.to_lowercase());
                let from = From {
                    span,
                    lines,
                    keyword: keyword.word(),
                    source,
                    comments,
                    platform: parts.platform,
                    image: parts.image,
                    alias: parts.alias,
                };
                self.dockerfile.stages.push(Stage {
                    from,
                    name,
                    instructions: Vec::new(),
                });
            }
            return;
        }
        let Some(kind) = instruction::parse(request) else {
            return;
        };
        let instruction = Instruction {
            span,
            lines,
            keyword: keyword.word(),
            source,
            comments,
            heredocs,
            kind,
        };
        match self.dockerfile.stages.last_mut() {
            Some(stage) => stage.instructions.push(instruction),
            None if matches!(instruction.kind, InstructionKind::Arg(_)) => {
                self.dockerfile.global_args.push(instruction);
            }
            // Behind a `FROM` that was not understood, that is error enough.
            None if self.saw_from => {}
            None => self.early.push((head.name, keyword.span())),
        }
    }

    /// Bytes that were no UTF-8 were replaced when the file was read. In a comment that does no harm.
    fn warn_of_replaced_bytes(&mut self, line: Piece<'_>, heredocs: &[Heredoc]) {
        let replacement = char::REPLACEMENT_CHARACTER;
        let first = line.text().find(replacement).map(|at| line.offset(at));
        let within = heredocs
            .iter()
            .find(|heredoc| heredoc.content.contains(replacement));
        let Some(start) = first.or(within.map(|heredoc| heredoc.span.start)) else {
            return;
        };
        let span = Span::new(start, start + first.map_or(0, |_| replacement.len_utf8()));
        self.diagnostics.push(
            Diagnostic::warning(
                "not-utf-8",
                span,
                format!("a byte here is no UTF-8, and is taken as `{replacement}`"),
            )
            .with_hint("save the file as UTF-8"),
        );
    }

    /// Reads the body of a here-document. Gives it and the end of the line that ends it; `None` if the file
    /// ends before that.
    fn heredoc(&mut self, start: heredoc::Start, end: usize) -> (Heredoc, Option<usize>) {
        let mut heredoc = Heredoc {
            name: start.name,
            file_descriptor: start.file_descriptor,
            expand: start.expand,
            strip_tabs: start.strip_tabs,
            content: String::new(),
            span: Span::new(end, end),
        };
        let mut first = None;
        while let Some(physical) = self.reader.next() {
            let first = *first.get_or_insert(physical.start);
            heredoc.span = Span::new(first, physical.start);
            let content = self.reader.content(physical);
            let content = if heredoc.strip_tabs {
                content.trim_start_matches('\t')
            } else {
                content
            };
            if content == heredoc.name {
                return (heredoc, Some(physical.end));
            }
            heredoc.content.push_str(self.reader.whole(physical));
        }
        (heredoc, None)
    }
}

fn comment(line: &str, span: Span) -> Comment {
    Comment {
        span,
        text: line.strip_prefix('#').unwrap_or(line).trim().to_owned(),
    }
}
