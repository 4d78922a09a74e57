//! The layer's tar on its way through the reader.

use std::io::{self, Read};

use super::BUFFER;
use crate::beside::BesideHash;
use crate::layer::recipe::RecipeWriter;
use crate::tar::Input;

/// Hashes what is read, and puts it into the recipe while it is to be taken literally.
pub(super) struct Tee<'a> {
    pub(super) input: &'a mut dyn Read,
    pub(super) hash: BesideHash,
    pub(super) count: u64,
    pub(super) recipe: RecipeWriter,
    pub(super) literal: bool,
    /// Kept apart from errors of the input.
    pub(super) recipe_error: Option<io::Error>,
}

impl Tee<'_> {
    /// Reads everything that is left.
    pub(super) fn rest(&mut self) -> io::Result<()> {
        self.literal = true;
        let mut buffer = vec![0; BUFFER];
        loop {
            match self.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
    }
}

impl Read for Tee<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.hash.update(&buffer[..count]);
        self.count += count as u64;
        if self.literal
            && let Err(error) = self.recipe.literal(&buffer[..count])
        {
            self.recipe_error = Some(error);
            return Err(io::Error::other("the recipe cannot be written"));
        }
        Ok(count)
    }
}

impl Input for Tee<'_> {
    fn skip(&mut self, mut count: u64) -> io::Result<()> {
        let mut buffer = [0; 8192];
        while count > 0 {
            let wanted = usize::try_from(count).unwrap_or(usize::MAX).min(buffer.len());
            match self.read(&mut buffer[..wanted]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => count -= read as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
