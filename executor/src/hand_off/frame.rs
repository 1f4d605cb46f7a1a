//! A place of a native stack.

use std::{fmt, path::PathBuf};

/// One function of a native stack. Functions that the compiler put into others have frames of their own.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Frame {
    /// Where the thread was, or where it will go on.
    pub address: usize,
    /// The function, as its source would name it. `None`: unknown, or the feature `backtrace` is off.
    pub function: Option<String>,
    /// The source file, if the program has line tables (`debug = "line-tables-only"` in its profile).
    pub file: Option<PathBuf>,
    /// The line there.
    pub line: Option<u32>,
}

impl Frame {
    /// Without names.
    pub(super) fn unnamed(address: usize) -> Frame {
        Frame {
            address,
            function: None,
            file: None,
            line: None,
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.function {
            Some(function) => f.write_str(function)?,
            None => write!(f, "{:#x}", self.address)?,
        }
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, " ({}:{line})", file.display()),
            (Some(file), None) => write!(f, " ({})", file.display()),
            (None, _) => Ok(()),
        }
    }
}
