//! Which words of which instruction are expanded.

use std::collections::BTreeSet;

use plimsoll_core::Span;

use super::{Environment, Expansion, NoVariables, expand, expand_heredoc};
use crate::ast::{
    Add, Arg, ArgDeclaration, Copy, CopyOptions, CopySource, Env, Expose, Flag, From, Heredoc, Instruction,
    InstructionKind, KeyValue, Label, MountFlag, Run, StopSignal, User, Volume, Word, Workdir,
};
use crate::diagnostics::Diagnostic;
use crate::error::{Error, Result};

/// Which variables an expansion looked up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// The names of those that are set.
    pub used: BTreeSet<String>,
    /// Those that are not set, each with the word that named it.
    pub unset: Vec<(String, Span)>,
}

impl Usage {
    fn add(&mut self, expansion: &Expansion, span: Span) {
        self.used.extend(expansion.used.iter().cloned());
        self.unset
            .extend(expansion.unset.iter().map(|name| (name.clone(), span)));
    }
}

/// A variable that an `ARG` declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpandedArg {
    /// Its name.
    pub name: String,
    /// The given value or the expanded default; `None` if there is neither.
    pub value: Option<String>,
}

struct Expander<'a> {
    escape: char,
    environment: &'a dyn Environment,
    usage: Usage,
}

impl Expander<'_> {
    fn word(&mut self, word: &Word) -> Result<Word> {
        let expansion =
            expand(&word.text, self.escape, self.environment).map_err(|error| error.at(word.span))?;
        self.usage.add(&expansion, word.span);
        Ok(Word {
            text: expansion.text,
            span: word.span,
        })
    }

    /// The words that one word is split into, all at its place.
    fn words(&mut self, word: &Word) -> Result<Vec<Word>> {
        let expansion =
            expand(&word.text, self.escape, self.environment).map_err(|error| error.at(word.span))?;
        self.usage.add(&expansion, word.span);
        let at = |text| Word {
            text,
            span: word.span,
        };
        Ok(expansion.words.into_iter().map(at).collect())
    }

    fn flag(&mut self, flag: &Flag<Word>) -> Result<Flag<Word>> {
        Ok(Flag {
            span: flag.span,
            value: self.word(&flag.value)?,
        })
    }

    fn optional(&mut self, flag: Option<&Flag<Word>>) -> Result<Option<Flag<Word>>> {
        flag.map(|flag| self.flag(flag)).transpose()
    }

    fn all<T>(&mut self, items: &[T], mut one: impl FnMut(&mut Self, &T) -> Result<T>) -> Result<Vec<T>> {
        items.iter().map(|item| one(self, item)).collect()
    }

    fn key_value(&mut self, pair: &KeyValue) -> Result<KeyValue> {
        Ok(KeyValue {
            key: self.word(&pair.key)?,
            value: self.word(&pair.value)?,
        })
    }

    fn copy_options(&mut self, options: &CopyOptions) -> Result<CopyOptions> {
        Ok(CopyOptions {
            chown: self.optional(options.chown.as_ref())?,
            chmod: self.optional(options.chmod.as_ref())?,
            link: options.link,
            // A pattern may hold backslashes of its own, which only a variable makes subject to expansion.
            exclude: self.all(&options.exclude, |this, flag| {
                match flag.value.text.contains('$') {
                    true => this.flag(flag),
                    false => Ok(flag.clone()),
                }
            })?,
        })
    }

    fn source(&mut self, source: &CopySource) -> Result<CopySource> {
        match source {
            CopySource::Path(word) => self.word(word).map(CopySource::Path),
            CopySource::Heredoc { .. } => Ok(source.clone()),
        }
    }

    fn mount(&mut self, mount: &MountFlag) -> Result<MountFlag> {
        let mut mount = mount.clone();
        for value in mount
            .options
            .iter_mut()
            .filter_map(|option| option.value.as_mut())
        {
            *value = self.word(value)?;
        }
        Ok(mount)
    }

    fn heredoc(&mut self, heredoc: &Heredoc) -> Result<Heredoc> {
        let mut result = Heredoc {
            content: heredoc.text(),
            strip_tabs: false,
            expand: false,
            ..heredoc.clone()
        };
        if heredoc.expand {
            let expansion =
                expand_heredoc(&result.content, self.environment).map_err(|error| error.at(heredoc.span))?;
            self.usage.add(&expansion, heredoc.span);
            result.content = expansion.text;
        }
        Ok(result)
    }

    fn kind(&mut self, kind: &InstructionKind) -> Result<InstructionKind> {
        use InstructionKind as Kind;
        Ok(match kind {
            Kind::Add(add) => Kind::Add(Add {
                options: self.copy_options(&add.options)?,
                checksum: self.optional(add.checksum.as_ref())?,
                sources: self.all(&add.sources, Self::source)?,
                destination: self.word(&add.destination)?,
                ..add.clone()
            }),
            Kind::Copy(copy) => Kind::Copy(Copy {
                options: self.copy_options(&copy.options)?,
                sources: self.all(&copy.sources, Self::source)?,
                destination: self.word(&copy.destination)?,
                ..copy.clone()
            }),
            Kind::Arg(arg) => Kind::Arg(self.arg(arg)?),
            Kind::Env(env) => Kind::Env(Env {
                variables: self.all(&env.variables, Self::key_value)?,
                legacy: env.legacy,
            }),
            Kind::Label(label) => Kind::Label(Label {
                labels: self.all(&label.labels, Self::key_value)?,
                legacy: label.legacy,
            }),
            Kind::Expose(expose) => {
                let mut ports = Vec::new();
                for port in &expose.ports {
                    ports.extend(self.words(port)?);
                }
                Kind::Expose(Expose { ports })
            }
            Kind::Run(run) => Kind::Run(Run {
                mounts: self.all(&run.mounts, Self::mount)?,
                devices: self.all(&run.devices, Self::flag)?,
                ..run.clone()
            }),
            Kind::StopSignal(stop) => Kind::StopSignal(StopSignal {
                signal: self.word(&stop.signal)?,
            }),
            Kind::User(user) => Kind::User(User {
                user: self.word(&user.user)?,
            }),
            Kind::Volume(volume) => Kind::Volume(Volume {
                paths: self.all(&volume.paths, Self::word)?,
                json: volume.json,
            }),
            Kind::Workdir(workdir) => Kind::Workdir(Workdir {
                path: self.word(&workdir.path)?,
            }),
            Kind::Cmd { .. }
            | Kind::Entrypoint { .. }
            | Kind::Healthcheck(_)
            | Kind::Maintainer(_)
            | Kind::Onbuild(_)
            | Kind::Shell(_) => kind.clone(),
        })
    }

    fn arg(&mut self, arg: &Arg) -> Result<Arg> {
        let mut declarations = Vec::new();
        for declaration in &arg.declarations {
            let name = self.word(&declaration.name)?;
            let default = declaration
                .default
                .as_ref()
                .map(|default| self.word(default))
                .transpose()?;
            declarations.push(ArgDeclaration { name, default });
        }
        Ok(Arg { declarations })
    }
}

impl InstructionKind {
    /// The instruction with every word expanded that BuildKit expands, and what was looked up for it:
    ///
    /// - `ADD`, `COPY`: sources, destination, `--chown`, `--chmod`, `--checksum`, and those `--exclude`
    ///   patterns that name a variable; `--from` is never expanded;
    /// - `ARG`: names and defaults (use
    ///   [`Arg::resolve`] where values may be given from outside);
    /// - `ENV`, `LABEL`: keys and values, all with the environment from before the instruction;
    /// - `EXPOSE`: ports, where one word may become several;
    /// - `RUN`: the values in `--mount` and `--device`, never the command;
    /// - `STOPSIGNAL`, `USER`, `VOLUME`, `WORKDIR`: their arguments.
    ///
    /// `CMD`, `ENTRYPOINT`, `HEALTHCHECK`, `MAINTAINER`, `ONBUILD` and `SHELL` come back as they are. In an
    /// expanded word quotes and escapes are gone, and its span still is where it was written.
    ///
    /// # Errors
    /// [`Error::At`](crate::Error::At) with the span of the word that cannot be expanded.
    pub fn expand(&self, escape: char, environment: &dyn Environment) -> Result<(Self, Usage)> {
        let mut expander = Expander {
            escape,
            environment,
            usage: Usage::default(),
        };
        let kind = expander.kind(self)?;
        Ok((kind, expander.usage))
    }
}

impl Instruction {
    /// As [`InstructionKind::expand`]; the here-documents of `ADD` and `COPY` come back as the content that is
    /// to be copied, tabs stripped and variables replaced as their delimiters ask for.
    ///
    /// # Errors
    /// As [`InstructionKind::expand`].
    pub fn expand(&self, escape: char, environment: &dyn Environment) -> Result<(Self, Usage)> {
        let mut expander = Expander {
            escape,
            environment,
            usage: Usage::default(),
        };
        let kind = expander.kind(&self.kind)?;
        let heredocs = match self.kind {
            InstructionKind::Add(_) | InstructionKind::Copy(_) => {
                expander.all(&self.heredocs, Expander::heredoc)?
            }
            _ => self.heredocs.clone(),
        };
        Ok((
            Self {
                kind,
                heredocs,
                ..self.clone()
            },
            expander.usage,
        ))
    }
}

impl Instruction {
    /// What is wrong with its words whatever the variables are: an unclosed quotation mark, a substitution that is
    /// malformed or that the language does not have. Of several the first.
    pub fn check_words(&self, escape: char) -> Option<Diagnostic> {
        let error = self.expand(escape, &NoVariables).err()?;
        // A variable may have a value then.
        let depends =
            matches!(&error, Error::At { source, .. } if matches!(**source, Error::RequiredVariable { .. }));
        (!depends).then(|| error.to_diagnostic(self.span))
    }
}

impl From {
    /// The `FROM` with its image and platform expanded. The environment is that of the global `ARG`s.
    ///
    /// # Errors
    /// As [`InstructionKind::expand`].
    pub fn expand(&self, escape: char, environment: &dyn Environment) -> Result<(Self, Usage)> {
        let mut expander = Expander {
            escape,
            environment,
            usage: Usage::default(),
        };
        let image = expander.word(&self.image)?;
        let platform = expander.optional(self.platform.as_ref())?;
        Ok((
            Self {
                image,
                platform,
                ..self.clone()
            },
            expander.usage,
        ))
    }
}

impl Arg {
    /// The declared variables in their order, with the values that they get. `given` is asked for each name,
    /// and told whether there is a default; what it answers goes before the default, which is then not
    /// expanded. Defaults see the variables before the instruction; in the global scope they also see those before them
    /// in it, so that there each declaration is an instruction of its own.
    ///
    /// # Errors
    /// As [`InstructionKind::expand`].
    pub fn resolve(
        &self,
        escape: char,
        environment: &dyn Environment,
        given: &mut dyn FnMut(&str, bool) -> Option<String>,
    ) -> Result<(Vec<ExpandedArg>, Usage)> {
        let mut expander = Expander {
            escape,
            environment,
            usage: Usage::default(),
        };
        let mut result = Vec::new();
        for declaration in &self.declarations {
            let name = expander.word(&declaration.name)?.text;
            let value = match (given(&name, declaration.default.is_some()), &declaration.default) {
                (Some(value), _) => Some(value),
                (None, Some(default)) => Some(expander.word(default)?.text),
                (None, None) => None,
            };
            result.push(ExpandedArg { name, value });
        }
        Ok((result, expander.usage))
    }
}
