use std::borrow::Cow;

use indexmap::IndexMap;
use plimsoll_core::{Digest, Platform, Sha256};
use plimsoll_dockerfile::expand::Environment;
use plimsoll_image::{Image, ImageConfig, Layer};

/// What a command finds its programs in where an image does not say (as BuildKit).
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Names and values in the order in which they were first set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Variables(IndexMap<String, String>);

impl Variables {
    pub(crate) fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Environment for Variables {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.value(name).map(Cow::Borrowed)
    }
}

/// A stage as far as it is built.
#[derive(Debug, Clone)]
pub(crate) struct StageState {
    /// The configuration in the making. Its DiffIDs are set when the image is committed.
    pub(crate) config: ImageConfig,
    /// The layers so far, the lowest first, as far as they are here.
    pub(crate) layers: Vec<Layer>,
    /// The digests of all layers so far. Only where it is tried whether everything is known already may some of them not
    /// be here.
    pub(crate) diff_ids: Vec<Digest>,
    /// What words are expanded with and what a `RUN` sees: `ENV` and `ARG`, the later of a name wins.
    pub(crate) variables: Variables,
    /// The `ARG`s declared so far, with the values that they got.
    pub(crate) args: Vec<(String, Option<String>)>,
    /// Whether this stage has a `CMD` of its own.
    pub(crate) has_cmd: bool,
    /// How many entries of the history came with the base image.
    pub(crate) inherited_history: usize,
    /// How many layers came with the base image.
    pub(crate) inherited_layers: usize,
}

impl StageState {
    /// `FROM scratch`.
    pub(crate) fn scratch(platform: &Platform) -> Self {
        let mut config = ImageConfig::default();
        config.set_platform(platform);
        config.config.working_dir = "/".to_owned();
        Self::with(config, Vec::new())
    }

    /// `FROM` an image.
    pub(crate) fn from_image(image: &Image) -> Self {
        let mut config = image.config.clone();
        config.created = None;
        config.config.on_build = Vec::new();
        if !config.config.working_dir.is_empty() {
            config.config.working_dir = absolute("/", &config.config.working_dir);
        }
        Self::with(config, image.layers.clone())
    }

    fn with(mut config: ImageConfig, layers: Vec<Layer>) -> Self {
        if config.config.env_value("PATH").is_none() {
            config.config.env.push(format!("PATH={DEFAULT_PATH}"));
        }
        let mut variables = Variables::default();
        for setting in &config.config.env {
            let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
            variables.set(name, value);
        }
        let inherited_history = config.history.len();
        Self {
            config,
            inherited_layers: layers.len(),
            diff_ids: diff_ids(&layers),
            layers,
            variables,
            args: Vec::new(),
            has_cmd: false,
            inherited_history,
        }
    }

    /// `FROM` a stage: the values of its arguments go on; its triggers do not, and the history of a `RUN` does not name
    /// its arguments again.
    pub(crate) fn from_stage(stage: &Self) -> Self {
        let mut state = stage.clone();
        state.config.config.on_build = Vec::new();
        state.args = Vec::new();
        state.has_cmd = false;
        state
    }

    /// The directory that relative paths start from.
    pub(crate) fn working_dir(&self) -> &str {
        match self.config.config.working_dir.as_str() {
            "" => "/",
            directory => directory,
        }
    }

    /// Sets an environment variable of the image, in the place of one of the same name.
    pub(crate) fn set_env(&mut self, name: &str, value: &str) {
        let setting = format!("{name}={value}");
        let env = &mut self.config.config.env;
        match env.iter_mut().find(|old| old.split('=').next() == Some(name)) {
            Some(old) => *old = setting,
            None => env.push(setting),
        }
        self.variables.set(name, value);
    }

    /// The shell that runs command lines.
    pub(crate) fn shell(&self) -> Vec<String> {
        match &self.config.config.shell {
            Some(shell) if !shell.is_empty() => shell.clone(),
            _ => vec!["/bin/sh".to_owned(), "-c".to_owned()],
        }
    }

    /// A digest of the layers and their order: what the next step finds in the file system.
    pub(crate) fn chain(&self) -> Digest {
        chain(&self.diff_ids)
    }

    /// Whether all of its layers are here.
    pub(crate) fn is_complete(&self) -> bool {
        self.layers.len() == self.diff_ids.len()
    }
}

/// The digests of layers.
pub(crate) fn diff_ids(layers: &[Layer]) -> Vec<Digest> {
    layers.iter().map(|layer| layer.diff_id).collect()
}

/// A digest of layers and their order.
pub(crate) fn chain(diff_ids: &[Digest]) -> Digest {
    let mut hash = Sha256::new();
    for diff_id in diff_ids {
        hash.update(diff_id.to_string().as_bytes());
        hash.update(b"\n");
    }
    hash.finish()
}

/// `path` from `base`, with `.`, `..` and doubled slashes worked out as text; no slash at the end.
pub(crate) fn absolute(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let base = if path.starts_with('/') { "" } else { base };
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

/// As [`absolute`], but a path that means a directory (`.`, or with a slash at the end) ends in a slash.
pub(crate) fn absolute_destination(base: &str, path: &str) -> String {
    let mut result = absolute(base, path);
    let is_directory = path.is_empty() || path.ends_with('/') || path == "." || path.ends_with("/.");
    if is_directory && !result.ends_with('/') {
        result.push('/');
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_absolute() {
        for (base, path, expected) in [
            ("/", "app", "/app"),
            ("/app", "src", "/app/src"),
            ("/app", "/x//y/../z/", "/x/z"),
            ("/app", "../../..", "/"),
            ("/app", ".", "/app"),
        ] {
            assert_eq!(absolute(base, path), expected);
        }
        for (base, path, expected) in [
            ("/app", ".", "/app/"),
            ("/app", "./", "/app/"),
            ("/app", "", "/app/"),
            ("/", ".", "/"),
            ("/app", "x", "/app/x"),
            ("/app", "/x/", "/x/"),
        ] {
            assert_eq!(absolute_destination(base, path), expected);
        }
    }

    #[test]
    fn a_later_setting_takes_the_place_of_an_earlier_one() {
        let mut state = StageState::scratch(&Platform::host());
        state.set_env("A", "1");
        state.set_env("B", "2");
        state.set_env("A", "3");
        assert_eq!(
            state.config.config.env,
            [&format!("PATH={DEFAULT_PATH}"), "A=3", "B=2"]
        );
        assert_eq!(state.variables.value("A"), Some("3"));
    }
}
