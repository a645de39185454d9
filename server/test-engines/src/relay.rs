//! A relay before a server, by which the network can be made to stand still, break, and lead elsewhere.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of the bytes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Passes,
    StandsStill,
    IsCut,
}

/// A relay to a port of this machine; it ends with the value, and so do its connections.
pub struct Relay {
    port: u16,
    course: Arc<Mutex<Course>>,
    accepting: JoinHandle<()>,
}

/// Where new connections lead, and what becomes of their bytes.
struct Course {
    target: u16,
    flow: watch::Sender<Flow>,
}

impl Relay {
    /// A relay to `target`, a port on 127.0.0.1.
    pub async fn to(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let course = Arc::new(Mutex::new(Course { target, flow: watch::Sender::new(Flow::Passes) }));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&course)));
        Self { port, course, accepting }
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Nothing passes any more, and nobody is told; connections are taken still.
    pub fn stall(&self) {
        self.course.lock().unwrap().flow.send_replace(Flow::StandsStill);
    }

    /// What stood still passes again.
    pub fn go_on(&self) {
        self.course.lock().unwrap().flow.send_replace(Flow::Passes);
    }

    /// Ends every connection; new ones pass.
    pub fn cut(&self) {
        self.renew(Flow::IsCut);
    }

    /// What is connected stands still for ever, as to a machine that is gone; new connections pass.
    pub fn strand(&self) {
        self.renew(Flow::StandsStill);
    }

    /// New connections lead to `target`; those that there are stay where they are.
    pub fn lead_to(&self, target: u16) {
        self.course.lock().unwrap().target = target;
    }

    fn renew(&self, fate: Flow) {
        let mut course = self.course.lock().unwrap();
        course.flow.send_replace(fate);
        course.flow = watch::Sender::new(Flow::Passes);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
        self.course.lock().unwrap().flow.send_replace(Flow::IsCut);
    }
}

async fn accept(listener: TcpListener, course: Arc<Mutex<Course>>) {
    loop {
        let (here, _) = listener.accept().await.unwrap();
        let (target, flow) = {
            let course = course.lock().unwrap();
            (course.target, course.flow.subscribe())
        };
        tokio::spawn(async move {
            // Where nobody listens, whoever came is turned away.
            let Ok(there) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else { return };
            let ((asked, back), (answered, on)) = (here.into_split(), there.into_split());
            tokio::join!(pass(asked, on, flow.clone()), pass(answered, back, flow));
        });
    }
}

/// Passes bytes on in one direction until either side ends. A relay that is stranded keeps them to itself for ever.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut flow: watch::Receiver<Flow>) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut bytes) => read.unwrap_or(0),
            () = cut(flow.clone()) => return,
        };
        let goes_on = flow.wait_for(|flow| *flow != Flow::StandsStill).await.is_ok_and(|flow| *flow == Flow::Passes);
        if !goes_on {
            // The relay has lost its hold of what is stranded: it stays as it is, until the test ends.
            if *flow.borrow() == Flow::StandsStill {
                std::future::pending::<()>().await;
            }
            return;
        }
        match bytes.get(..read) {
            Some(some) if read > 0 && to.write_all(some).await.is_ok() => {}
            _ => return,
        }
    }
}

async fn cut(mut flow: watch::Receiver<Flow>) {
    if flow.wait_for(|flow| *flow == Flow::IsCut).await.is_err() {
        std::future::pending::<()>().await;
    }
}
