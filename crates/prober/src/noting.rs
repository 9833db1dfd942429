//! What a connection broke by. Protocols above it drop that, or keep its text alone; and a refusal of TLS 1.3 comes as an
//! error of the connection, behind the handshake.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use seaworthy_probe::Reply;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::port::broken;

/// What a connection broke by, when it did.
#[derive(Clone, Default)]
pub(crate) struct Failure(Arc<Mutex<Option<Reply>>>);

impl Failure {
    fn note(&self, error: &io::Error) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An alert says more than whatever happened beside it: the other side may be gone before our writing ends.
        let is_alert = |reply: &Reply| matches!(reply, Reply::Refused(why) if why.starts_with("TLS alert"));
        let reply = broken(error);
        if first.is_none() || is_alert(&reply) {
            *first = Some(reply);
        }
    }

    /// What was noted.
    pub(crate) fn noted(&self) -> Option<Reply> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A stream that notes what it breaks by.
pub(crate) struct Noting<S> {
    pub(crate) stream: S,
    pub(crate) failure: Failure,
}

impl<S> Noting<S> {
    fn noted<T>(&self, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &poll {
            self.failure.note(error);
        }
        poll
    }
}

impl<S: AsyncRead + Unpin> Noting<S> {
    /// Whoever refuses us says why and hangs up: what was said lies here unread when writing fails.
    fn written<T>(&mut self, poll: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if matches!(poll, Poll::Ready(Err(_))) {
            let mut bytes = [0; 512];
            let unread = Pin::new(&mut self.stream).poll_read(context, &mut ReadBuf::new(&mut bytes));
            let _ = self.noted(unread);
        }
        self.noted(poll)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Noting<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.noted(poll)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Noting<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(poll, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(context);
        self.written(poll, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_shutdown(context);
        self.noted(poll)
    }
}
