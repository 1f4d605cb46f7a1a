//! What a step of the mix does with the rest of the runtime: channels, sockets, bound threads, local tasks, the number of
//! processors.

use std::{cell::Cell, rc::Rc, thread, time::Duration};

use futures::{AsyncReadExt, AsyncWriteExt};
use gmp::net::{TcpListener, TcpStream};

use super::Field;

/// A server whose client was aborted gives up.
const PATIENCE: Duration = Duration::from_millis(200);

impl Field {
    /// Two tasks at the ends of a channel, and what is sent comes in order.
    pub(super) async fn pass_on(&self) {
        let (send, receive) = gmp::chan(self.below(3) as usize);
        let (field, count) = (self.clone(), self.below(20));
        let producer = self.spawn_that(async move {
            for n in 0..count {
                if send.send(n).await.is_err() {
                    return;
                }
                if field.below(10) == 0 {
                    field.burn();
                }
            }
        });
        let mut next = 0;
        while let Some(n) = receive.recv().await {
            assert_eq!(n, next);
            next += 1;
            if self.below(10) == 0 {
                self.burn();
            }
        }
        drop(producer.await);
    }

    /// A client and a server of one connection.
    pub(super) async fn talk(&self) {
        // There may be no descriptor left.
        let Ok(listener) = TcpListener::bind("127.0.0.1:0").await else {
            return;
        };
        let address = listener.local_addr().expect("it is bound");
        let field = self.clone();
        let server = self.spawn_that(async move {
            if let Ok(Ok((stream, _))) = gmp::time::timeout(PATIENCE, listener.accept()).await {
                field.echo(stream).await;
            }
        });
        if let Ok(client) = TcpStream::connect(address).await {
            self.ask(client).await;
        }
        drop(server.await);
    }

    async fn echo(&self, mut stream: TcpStream) {
        let mut byte = [0];
        while stream.read_exact(&mut byte).await.is_ok() {
            if self.below(10) == 0 {
                self.burn();
            }
            if stream.write_all(&byte).await.is_err() {
                return;
            }
        }
    }

    async fn ask(&self, mut stream: TcpStream) {
        for byte in 0..self.below(20) as u8 {
            let mut answer = [0];
            let asked = stream.write_all(&[byte]).await;
            // The server may have been late, or aborted.
            if asked.is_err() || stream.read_exact(&mut answer).await.is_err() {
                return;
            }
            assert_eq!(answer[0], byte);
        }
    }

    /// A task that stays on its thread, whatever it does.
    pub(super) async fn stay(&self) {
        let guard = gmp::lock_os_thread();
        let here = thread::current().id();
        for _ in 0..self.below(5) {
            match self.below(4) {
                0 => self.burn(),
                1 => thread::sleep(self.some_time()),
                2 => gmp::yield_now().await,
                _ => gmp::sleep(self.some_time()).await,
            }
            assert_eq!(thread::current().id(), here);
        }
        if self.below(20) == 0 {
            // Its thread ends with it.
            std::mem::forget(guard);
        }
    }

    /// Tasks that share what is not `Send`, beside one that is none of them.
    pub(super) fn be_local(&self) {
        let set = gmp::task::LocalSet::new();
        let count = Rc::new(Cell::new(0));
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let (field, count) = (self.clone(), count.clone());
                set.spawn_local(async move {
                    match field.below(4) {
                        0 => field.burn(),
                        1 => gmp::sleep(field.some_time()).await,
                        2 => drop(field.spawn(4).await),
                        _ => gmp::yield_now().await,
                    }
                    count.set(count.get() + 1);
                })
            })
            .collect();
        gmp::block_on(set.run_until(async {
            for task in tasks {
                drop(task.await);
            }
        }));
        assert_eq!(count.get(), 3);
    }

    /// Another number of processors, for a while.
    pub(super) async fn resize(&self) {
        let others = 1 + self.below(2 * self.processors);
        gmp::max_procs(Some(others as usize));
        gmp::sleep(self.some_time()).await;
        gmp::max_procs(Some(self.processors as usize));
    }
}
