//! What takes a box away at a call of it.

use std::future::Future;
use std::sync::Mutex;

/// How a box goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call does nothing, nor do those after it.
    Gone,
    /// The call is done and its answer lost; those after it do nothing.
    Lost,
}

#[derive(Default)]
struct State {
    armed: Option<(Fault, usize)>,
    calls: usize,
}

/// Counts calls, and takes the box away at one of them, until it is taken out.
#[derive(Default)]
pub(crate) struct Fuse(Mutex<State>);

enum Passage {
    Free,
    Lost,
    Barred,
}

impl Fuse {
    /// Takes the box away at its `call`th call from now on, counted from 1.
    pub(crate) fn arm(&self, fault: Fault, call: usize) {
        *self.0.lock().unwrap() = State { armed: Some((fault, call)), calls: 0 };
    }

    /// Gives the box back; tells whether it was missed.
    pub(crate) fn disarm(&self) -> bool {
        let state = std::mem::take(&mut *self.0.lock().unwrap());
        state.armed.is_some_and(|(_, call)| state.calls >= call)
    }

    fn count(&self) -> Passage {
        let mut state = self.0.lock().unwrap();
        state.calls += 1;
        match state.armed {
            Some((Fault::Lost, call)) if state.calls == call => Passage::Lost,
            Some((_, call)) if state.calls >= call => Passage::Barred,
            _ => Passage::Free,
        }
    }

    /// Lets a call through, unless it is the one.
    pub(crate) async fn pass<T, E>(&self, call: impl Future<Output = Result<T, E>>, gone: impl Fn() -> E) -> Result<T, E> {
        match self.count() {
            Passage::Free => call.await,
            Passage::Lost => {
                call.await?;
                Err(gone())
            }
            Passage::Barred => Err(gone()),
        }
    }
}
