use plimsoll_image::Store;
use plimsoll_sandbox::Engine;
use serde_json::Value;

use crate::failure::{self, Failure};
use crate::invocation::Invocation;
use crate::template::Template;
use crate::{docker_json, exit};

/// Show everything about images and containers, in Docker's JSON
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Images and containers, by name or ID
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// A Go template to apply to each
    #[arg(long, short, value_name = "TEMPLATE")]
    format: Option<String>,
    /// Look among these only
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    kind: Option<Kind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Image,
    Container,
}

pub(crate) fn run(invocation: &Invocation, args: &Args) -> anyhow::Result<u8> {
    let store = invocation.store()?;
    let engine = Engine::new(&store);
    let template = match args.format.as_deref() {
        Some("json") => Some(Template::parse("{{json .}}")?),
        Some(format) => Some(Template::parse(format)?),
        None => None,
    };
    let printer = invocation.printer;
    let mut found = Vec::new();
    let mut code = exit::DONE;
    for name in &args.names {
        let shown = object(&store, &engine, name, args.kind).and_then(|object| {
            match &template {
                Some(template) => printer.line(&template.apply(&object)?)?,
                None => found.push(object),
            }
            Ok(())
        });
        if let Err(error) = shown {
            printer.error(&failure::message(&error));
            code = failure::code(&error);
        }
    }
    if template.is_none() {
        printer.line(&serde_json::to_string_pretty(&found)?)?;
    }
    Ok(code)
}

/// A container before an image of the same name, as Docker looks for them.
fn object(store: &Store, engine: &Engine, name: &str, kind: Option<Kind>) -> anyhow::Result<Value> {
    if kind != Some(Kind::Image) {
        match engine.find(name) {
            Ok(container) => return docker_json::container(&container),
            Err(plimsoll_sandbox::Error::NoSuchContainer(_)) if kind.is_none() => {}
            Err(error) => return Err(error.into()),
        }
    }
    match store.find(name) {
        Ok(image) => docker_json::image(&image),
        Err(plimsoll_image::Error::NoSuchImage { .. }) if kind.is_none() => {
            Err(Failure::new(format!("there is no image and no container `{name}`")).into())
        }
        Err(error) => Err(error.into()),
    }
}
