//! A progress bar on standard error, only for people and only when it takes long.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use seaworthy_ingest::Event;

use crate::output;

/// Scans that are over sooner show nothing.
const PATIENCE: Duration = Duration::from_millis(400);

pub(crate) struct Progress {
    started: Instant,
    verb: &'static str,
    shown: bool,
    /// Files to read and folders to render.
    files: AtomicU64,
    bar: OnceLock<ProgressBar>,
    read: AtomicU64,
    /// Objects of a cluster.
    #[cfg(feature = "live")]
    objects: AtomicU64,
}

impl Progress {
    /// A bar that is shown when `wanted` and a person looks at standard error.
    pub(crate) fn new(wanted: bool) -> Progress {
        Progress {
            started: Instant::now(),
            verb: "reading",
            shown: wanted && output::stderr_is_terminal(),
            files: AtomicU64::new(0),
            bar: OnceLock::new(),
            read: AtomicU64::new(0),
            #[cfg(feature = "live")]
            objects: AtomicU64::new(0),
        }
    }

    /// A bar of attempts.
    #[cfg(feature = "live")]
    pub(crate) fn trying(wanted: bool) -> Progress {
        Progress { verb: "trying", ..Progress::new(wanted) }
    }

    /// So many attempts have been made.
    #[cfg(feature = "live")]
    pub(crate) fn on_tried(&self, done: usize, of: usize) {
        use std::sync::atomic::Ordering::Relaxed;
        if self.shown && self.started.elapsed() > PATIENCE {
            self.files.store(of as u64, Relaxed);
            self.bar().set_position(done as u64);
        }
    }

    /// Takes note of an event of the collection.
    pub(crate) fn on(&self, event: Event) {
        use std::sync::atomic::Ordering::Relaxed;
        if !self.shown {
            return;
        }
        match event {
            Event::Found(count) | Event::Rendering(count) => {
                self.files.fetch_add(count as u64, Relaxed);
                if let Some(bar) = self.bar.get() {
                    bar.set_length(self.files.load(Relaxed));
                }
            }
            Event::Read | Event::Rendered => {
                let read = self.read.fetch_add(1, Relaxed) + 1;
                if self.started.elapsed() > PATIENCE {
                    self.bar().set_position(read);
                }
            }
        }
    }

    /// Takes note of an event of the gathering from a cluster.
    #[cfg(feature = "live")]
    pub(crate) fn on_cluster(&self, event: seaworthy_cluster::Event) {
        use std::sync::atomic::Ordering::Relaxed;

        use seaworthy_cluster::Event;
        if !self.shown {
            return;
        }
        match event {
            Event::Lists(count) => self.files.store(count as u64, Relaxed),
            Event::Listed => {
                let read = self.read.fetch_add(1, Relaxed) + 1;
                if self.started.elapsed() > PATIENCE {
                    self.bar().set_position(read);
                }
            }
            Event::Objects(count) => {
                let objects = self.objects.fetch_add(count as u64, Relaxed) + count as u64;
                if self.started.elapsed() > PATIENCE {
                    self.bar().set_message(format!("kinds, {objects} objects"));
                }
            }
        }
    }

    /// Takes note of an event of the reading of nodes.
    #[cfg(feature = "live")]
    pub(crate) fn on_nodes(&self, event: seaworthy_cluster::NodesEvent) {
        use seaworthy_cluster::NodesEvent;
        match event {
            NodesEvent::Nodes(count) => self.on(Event::Found(count)),
            NodesEvent::Read => self.on(Event::Read),
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }

    fn bar(&self) -> &ProgressBar {
        self.bar.get_or_init(|| {
            let length = self.files.load(std::sync::atomic::Ordering::Relaxed);
            let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
            // The template is a constant: were it wrong, the default style would do.
            if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}") {
                bar.set_style(style);
                bar.set_prefix(self.verb);
            }
            bar
        })
    }
}
