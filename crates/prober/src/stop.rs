//! Ending early: Ctrl-C and SIGTERM end what is asked, but not the removal of what was made. A second signal ends that too.

use std::sync::Arc;

use tokio::sync::watch;

/// How often somebody asked for the end.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    times: Arc<watch::Sender<u8>>,
}

impl Stop {
    pub(crate) fn new() -> Stop {
        Stop { times: Arc::new(watch::Sender::new(0)) }
    }

    /// Somebody asks for the end. Returns whether somebody did before.
    pub(crate) fn ask(&self) -> bool {
        let mut before = 0;
        self.times.send_modify(|times| {
            before = *times;
            *times = times.saturating_add(1);
        });
        before > 0
    }

    pub(crate) fn is_asked(&self) -> bool {
        *self.times.borrow() > 0
    }

    /// Does something, unless somebody asks for the end before it is done.
    pub(crate) async fn unless_asked<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.unless(1, work).await
    }

    /// Does something, unless somebody asks twice.
    pub(crate) async fn unless_hurried<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.unless(2, work).await
    }

    async fn unless<T>(&self, most: u8, work: impl Future<Output = T>) -> Option<T> {
        let mut times = self.times.subscribe();
        tokio::select! {
            biased;
            // The sender lives as long as this does.
            _ = times.wait_for(|times| *times >= most) => None,
            done = work => Some(done),
        }
    }
}

/// Listens to the signals that ask a program to end. While nothing is under way, the first one ends the program, as it would
/// if nobody listened; otherwise the second one does.
pub(crate) fn listen(stop: Stop, is_under_way: impl Fn() -> bool + Send + 'static) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            let number = tokio::select! {
                _ = interrupt.recv() => 2,
                _ = terminate.recv() => 15,
            };
            let asked_before = stop.ask();
            if asked_before || !is_under_way() {
                std::process::exit(128 + number);
            }
        }
    });
    Ok(())
}
