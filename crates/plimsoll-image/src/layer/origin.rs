use std::io;
use std::path::PathBuf;

use crate::Error;
use crate::tar::TarError;

/// What a layer is read from, for messages.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// The archive, layout or store.
    pub(crate) path: PathBuf,
    /// The layer in it.
    pub(crate) layer: String,
}

impl Origin {
    /// An entry cannot be accepted.
    pub(crate) fn entry(&self, path: &[u8], reason: impl Into<String>) -> Error {
        Error::Entry {
            path: self.path.clone(),
            layer: self.layer.clone(),
            entry: shortened(path),
            reason: reason.into(),
        }
    }

    /// The layer's tar cannot be read.
    pub(crate) fn tar(&self, error: TarError) -> Error {
        let layer = &self.layer;
        match error {
            TarError::Io(error) => self.io(error),
            TarError::Truncated { offset } => Error::Truncated {
                path: self.path.clone(),
                detail: format!("layer {layer} ends after {offset} bytes, within an entry"),
            },
            TarError::Invalid { offset, reason } => Error::Layer {
                path: self.path.clone(),
                layer: layer.clone(),
                reason: format!("it is not a tar at byte {offset}: {reason}"),
            },
        }
    }

    /// The layer's bytes cannot be read.
    pub(crate) fn io(&self, error: io::Error) -> Error {
        match error.kind() {
            // Decompression and recipes say by these what is wrong with the bytes.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => Error::Layer {
                path: self.path.clone(),
                layer: self.layer.clone(),
                reason: error.to_string(),
            },
            io::ErrorKind::UnexpectedEof => Error::Truncated {
                path: self.path.clone(),
                detail: format!("layer {} ends too early", self.layer),
            },
            _ => Error::io("read", &self.path)(error),
        }
    }
}

/// A path for messages: of one that is absurdly long, its beginning.
fn shortened(path: &[u8]) -> String {
    const MOST: usize = 256;
    match path.split_at_checked(MOST) {
        Some((start, [_, ..])) => format!("{}…", String::from_utf8_lossy(start)),
        _ => String::from_utf8_lossy(path).into_owned(),
    }
}
