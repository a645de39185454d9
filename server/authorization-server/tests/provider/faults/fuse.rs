//! What takes a box away at a call of it, or makes it slow.

use std::future::Future;
use std::sync::Mutex;

use tokio::sync::watch;

/// How a box fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call does nothing, nor do those after it.
    Gone,
    /// The call is done and its answer lost; those after it do nothing.
    Lost,
    /// The call, and those after it, begin only when the box is given back.
    Slow,
    /// The call is done, and answers when the box is given back; those after it begin only then.
    SlowToAnswer,
}

#[derive(Default)]
struct State {
    armed: Option<(Fault, usize)>,
    calls: usize,
}

/// Counts calls, and takes the box away at one of them, until it is taken out.
pub(crate) struct Fuse {
    state: Mutex<State>,
    /// Whether somebody waits for the box since it is slow.
    awaited: watch::Sender<bool>,
    /// Whether a slow box has to be waited for.
    slow: watch::Sender<bool>,
    /// How many calls have not come back.
    under_way: watch::Sender<usize>,
}

enum Passage {
    Free,
    Lost,
    Barred,
    Held,
    Answered,
}

/// A call that has not come back; dropped, it has.
struct UnderWay<'a>(&'a watch::Sender<usize>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|calls| *calls -= 1);
    }
}

impl Default for Fuse {
    fn default() -> Self {
        let [awaited, slow] = [(); 2].map(|()| watch::Sender::new(false));
        Self { state: Mutex::default(), awaited, slow, under_way: watch::Sender::new(0) }
    }
}

impl Fuse {
    /// Makes the box fail at its `call`th call from now on, counted from 1.
    pub(crate) fn arm(&self, fault: Fault, call: usize) {
        *self.state.lock().unwrap() = State { armed: Some((fault, call)), calls: 0 };
        self.awaited.send_replace(false);
        self.slow.send_replace(true);
    }

    /// Gives the box back; tells whether it was missed.
    pub(crate) fn disarm(&self) -> bool {
        let state = std::mem::take(&mut *self.state.lock().unwrap());
        self.slow.send_replace(false);
        state.armed.is_some_and(|(_, call)| state.calls >= call)
    }

    /// Waits until somebody waits for the box since it is slow.
    pub(crate) async fn awaited(&self) {
        self.awaited.subscribe().wait_for(|awaited| *awaited).await.unwrap();
    }

    /// Waits until every call has come back.
    pub(crate) async fn rest(&self) {
        self.under_way.subscribe().wait_for(|calls| *calls == 0).await.unwrap();
    }

    fn count(&self) -> Passage {
        let mut state = self.state.lock().unwrap();
        state.calls += 1;
        let calls = state.calls;
        match state.armed {
            Some((Fault::Lost, call)) if calls == call => Passage::Lost,
            Some((Fault::SlowToAnswer, call)) if calls == call => Passage::Answered,
            Some((Fault::Gone | Fault::Lost, call)) if calls >= call => Passage::Barred,
            Some((_, call)) if calls >= call => Passage::Held,
            _ => Passage::Free,
        }
    }

    /// Waits until the box is given back.
    async fn wait(&self) {
        self.awaited.send_replace(true);
        self.slow.subscribe().wait_for(|slow| !*slow).await.unwrap();
    }

    /// Lets a call through, unless it is the one.
    pub(crate) async fn pass<T, E>(&self, call: impl Future<Output = Result<T, E>>, gone: impl Fn() -> E) -> Result<T, E> {
        self.under_way.send_modify(|calls| *calls += 1);
        let _under_way = UnderWay(&self.under_way);
        match self.count() {
            Passage::Free => call.await,
            Passage::Lost => {
                call.await?;
                Err(gone())
            }
            Passage::Barred => Err(gone()),
            Passage::Held => {
                self.wait().await;
                call.await
            }
            Passage::Answered => {
                let answer = call.await;
                self.wait().await;
                answer
            }
        }
    }
}
