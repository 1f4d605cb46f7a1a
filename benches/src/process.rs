//! Processes that this program starts: its children, the Go twin, the load generators.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trouble {
    /// A program is not installed. What to do about it.
    Missing(String),
    /// The rival has nothing that does what the workload asks for.
    Unsupported,
    Failed(String),
}

impl Trouble {
    pub(crate) fn not_on_path(program: &str) -> Self {
        Self::Missing(format!("{program} is not on PATH: install it"))
    }
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

/// The longest measurement takes seconds; what takes longer hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// A started process. Dropping it ends it.
pub(crate) struct Process {
    name: String,
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    limit: Duration,
    deadline: Instant,
}

impl Process {
    /// # Errors
    /// [`Trouble::Missing`] if there is no such program.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Trouble> {
        let program = Path::new(command.get_program());
        let name = program
            .file_name()
            .unwrap_or(program.as_os_str())
            .to_string_lossy()
            .into_owned();
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Trouble::not_on_path(&name),
            _ => Trouble::Failed(format!("{name} does not start: {error}")),
        })?;
        let input = child.stdin.take().expect("it was asked for");
        let output = child.stdout.take().expect("it was asked for");
        let (sender, lines) = channel();
        // A thread, since a pipe has no time-out. It ends with the process.
        thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            lines.try_for_each(|line| sender.send(line))
        });
        Ok(Self {
            name,
            child,
            input,
            lines,
            limit: LIMIT,
            deadline: Instant::now() + LIMIT,
        })
    }

    /// It has so long, from now on.
    pub(crate) fn within(mut self, limit: Duration) -> Self {
        (self.limit, self.deadline) = (limit, Instant::now() + limit);
        self
    }

    /// The next line that it prints; `None` when it prints no more.
    ///
    /// # Errors
    /// When its time is up.
    pub(crate) fn line(&mut self) -> Result<Option<String>, Trouble> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match self.lines.recv_timeout(left) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => Err(Trouble::Failed(format!(
                "{} has hung: nothing came for {} s",
                self.name,
                self.limit.as_secs()
            ))),
        }
    }

    /// The next line that it prints, which there must be.
    pub(crate) fn answer(&mut self) -> Result<String, Trouble> {
        let line = self.line()?;
        line.ok_or_else(|| self.failure("has ended without an answer"))
    }

    /// All that it prints until it ends, which it must do well.
    pub(crate) fn output(mut self) -> Result<String, Trouble> {
        let mut text = String::new();
        while let Some(line) = self.line()? {
            text.push_str(&line);
            text.push('\n');
        }
        match self.child.wait() {
            Ok(status) if status.success() => Ok(text),
            _ => Err(self.failure("has failed")),
        }
    }

    pub(crate) fn tell(&mut self, line: &str) -> Result<(), Trouble> {
        writeln!(self.input, "{line}")
            .map_err(|error| Trouble::Failed(format!("{} is gone: {error}", self.name)))
    }

    /// Of a process that prints no more.
    fn failure(&mut self, what: &str) -> Trouble {
        let status = self
            .child
            .wait()
            .map_or_else(|error| error.to_string(), |status| status.to_string());
        Trouble::Failed(format!("{} {what}, {status}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error says that it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
