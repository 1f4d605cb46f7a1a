//! Finds Go and builds the twin of this program's child, once.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::process::Trouble;

/// The twin's program, beside this one.
///
/// # Errors
/// [`Trouble::Missing`] without Go.
pub(crate) fn build() -> Result<PathBuf, Trouble> {
    let go = env::var_os("GMP_GO").unwrap_or_else(|| "go".into());
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("go");
    let twin = env::current_exe()
        .map_err(|error| error.to_string())?
        .with_file_name("gmp-benches-go");
    let built = Command::new(&go)
        .args(["build", "-o"])
        .arg(&twin)
        .arg(".")
        .current_dir(&sources)
        // The twin needs nothing but the standard library; whatever else Go would fetch is a mistake.
        .envs([
            ("GOTOOLCHAIN", "local"),
            ("GOPROXY", "off"),
            ("GOWORK", "off"),
        ])
        .output();
    match built {
        Ok(output) if output.status.success() => Ok(twin),
        Ok(output) => Err(Trouble::Failed(format!(
            "go build: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Trouble::Missing(format!(
            "go not found (as {}): install it from go.dev/dl, or set GMP_GO to its path",
            go.to_string_lossy(),
        ))),
        Err(error) => Err(Trouble::Failed(format!(
            "{} does not start: {error}",
            go.to_string_lossy()
        ))),
    }
}
