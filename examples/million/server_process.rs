//! The client's side of the server process: starts it, asks it for its figures, ends it.
//!
//! # Invariants
//! - I1: the process is started by the main thread, which lives as long as this process. The kernel tells a child of
//!   the end of the *thread* that started it.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use crate::{
    REFUSED, args,
    protocol::{Addresses, Answer, Settings, Usage, send},
    supervisor::{FAILED, Supervisor},
};

pub(crate) struct ServerProcess {
    input: ChildStdin,
    answers: Receiver<Answer>,
    supervisor: Arc<Supervisor>,
}

impl ServerProcess {
    /// Starts the server and waits until it listens. If it refuses, the program ends here.
    pub(crate) fn start(
        settings: &Settings,
        supervisor: &Arc<Supervisor>,
    ) -> Result<(ServerProcess, Addresses), String> {
        let (mut input, output) =
            spawn(supervisor).map_err(|error| format!("cannot start the server: {error}"))?;
        let (reader, answers) = channel();
        let supervisor = Arc::clone(supervisor);
        let reading = Arc::clone(&supervisor);
        thread::spawn(move || read_answers(output, &reader, &reading));
        let sent = send(&mut input, settings);
        match sent.ok().and_then(|()| answers.recv().ok()) {
            Some(Answer::Ready(addresses)) => Ok((
                ServerProcess {
                    input,
                    answers,
                    supervisor,
                },
                addresses,
            )),
            _ => supervisor.wait_for_stop(),
        }
    }

    /// What the server has used up to now.
    pub(crate) fn usage(&mut self) -> Usage {
        let asked = self.input.write_all(b"\n");
        match asked.ok().and_then(|()| self.answers.recv().ok()) {
            Some(Answer::Usage(usage)) => usage,
            _ => self.supervisor.wait_for_stop(),
        }
    }

    /// Ends the process and waits for its end.
    pub(crate) fn end(self) -> io::Result<()> {
        let ServerProcess {
            input, supervisor, ..
        } = self;
        supervisor.finish(move || drop(input))
    }
}

fn spawn(supervisor: &Supervisor) -> io::Result<(ChildStdin, ChildStdout)> {
    let mut command = Command::new(env::current_exe()?);
    command
        .arg(args::SERVE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let streams = (child.stdin.take(), child.stdout.take());
    supervisor.adopt_server(child);
    let (Some(input), Some(output)) = streams else {
        unreachable!("both are piped")
    };
    Ok((input, output))
}

fn read_answers(output: ChildStdout, reader: &Sender<Answer>, supervisor: &Supervisor) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        match serde_json::from_str(&line) {
            Ok(Answer::Refused(why)) => supervisor.stop(&why, REFUSED),
            // Nobody waits for an answer any more only if the run is over.
            Ok(answer) => drop(reader.send(answer)),
            Err(error) => supervisor.stop(&format!("the server says {line:?}: {error}"), FAILED),
        }
    }
    supervisor.server_has_ended();
}
