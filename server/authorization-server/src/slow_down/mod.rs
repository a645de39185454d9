//! The slow-down of guessed passwords, and of guessed codes of devices: who was wrong too often has to wait, a little longer each
//! time.
//!
//! Nobody is locked out. A browser that has signed in to the account before has a count of its own ([`device`]), so that
//! strangers who guess cost its user nothing. All others are counted by the name they type, whether or not there is such an
//! account, and by the network they come from.

mod counter;
pub(crate) mod device;
mod settings;

use jiff::SignedDuration;
use protocol::ClientAddress;
use uuid::Uuid;

use crate::clients::Client;
use crate::outage::Outage;
use crate::state::AuthorizationServer;
use counter::{Counter, Wait};
pub use settings::{Limit, SlowDown};

/// Who tries.
pub(crate) struct Guesser<'a> {
    /// The name as it was typed.
    pub(crate) name: &'a str,
    /// Where from, where that is known.
    pub(crate) address: Option<ClientAddress>,
    /// The browser, where it has signed in to this very account before.
    pub(crate) device: Option<device::Known>,
}

/// A try that has been counted as wrong, until it is said to be right.
#[must_use]
pub(crate) struct Turn {
    counters: Vec<Counter>,
}

/// Counts a try before the password is looked at, so that guesses sent all at once are counted too.
///
/// The inner error is how long to wait: whatever the password, it was not looked at.
pub(crate) async fn take(server: &AuthorizationServer, guesser: &Guesser<'_>) -> Result<Result<Turn, SignedDuration>, Outage> {
    take_all(server, counters(&server.settings.slow_down, guesser)).await
}

/// Counts a try at the code of a device (RFC 8628 §5.1), by who is signed in and by the network they come from, with the limits
/// of a name and of an address.
pub(crate) async fn take_for_user_code(
    server: &AuthorizationServer,
    subject: Uuid,
    address: Option<ClientAddress>,
) -> Result<Result<Turn, SignedDuration>, Outage> {
    let settings = &server.settings.slow_down;
    let network = address.map(|address| address.network().to_string());
    let network = network.map(|network| Counter::new("user-code-address", network.as_bytes(), settings.address));
    let user = Counter::new("user-code", subject.as_bytes(), settings.name);
    take_all(server, network.into_iter().chain([user]).collect()).await
}

/// Counts a message that is to be sent to `mailbox`, by the network that asks for it and by the mailbox, which may be anybody's.
pub(crate) async fn take_for_message(
    server: &AuthorizationServer,
    mailbox: &str,
    address: Option<ClientAddress>,
) -> Result<Result<Turn, SignedDuration>, Outage> {
    let settings = &server.settings.slow_down;
    let network = address.map(|address| address.network().to_string());
    let network = network.map(|network| Counter::new("mailing", network.as_bytes(), settings.mailing));
    let mailbox = Counter::new("mailbox", mailbox.to_lowercase().as_bytes(), settings.mailbox);
    take_all(server, network.into_iter().chain([mailbox]).collect()).await
}

/// Counts a form that was sent by whoever has the link of `digest`, with the limits of a name: each tells whether a username is
/// taken, or hashes a password.
pub(crate) async fn take_for_link(server: &AuthorizationServer, digest: &str) -> Result<Result<(), SignedDuration>, Outage> {
    let taken = Counter::new("link", digest.as_bytes(), server.settings.slow_down.name).take(server).await?;
    Ok(taken.map_err(|Wait(wait)| wait))
}

async fn take_all(server: &AuthorizationServer, counters: Vec<Counter>) -> Result<Result<Turn, SignedDuration>, Outage> {
    let mut turn = Turn { counters: Vec::new() };
    for counter in counters {
        match counter.take(server).await? {
            Ok(()) => turn.counters.push(counter),
            Err(Wait(wait)) => {
                tracing::info!(counted = counter.kind(), seconds = wait.as_secs(), "a try has to wait");
                turn.give_back(server).await?;
                return Ok(Err(wait));
            }
        }
    }
    Ok(Ok(turn))
}

/// Counts a client that `address` registers, unless it has to wait; nobody's address is counted by itself.
pub(crate) async fn register(
    server: &AuthorizationServer,
    address: Option<ClientAddress>,
) -> Result<Result<(), SignedDuration>, Outage> {
    by_network(server, "registration", address, server.settings.slow_down.registration).await
}

/// Counts a device that `client` asks codes for, unless it has to wait. A client that has proved who it is has a count of its own;
/// in the name of any other whoever likes can ask, so that it is the network that counts, and nobody uses up what is a client's.
pub(crate) async fn ask_for_device(
    server: &AuthorizationServer,
    client: &Client,
    address: Option<ClientAddress>,
) -> Result<Result<(), SignedDuration>, Outage> {
    let limit = server.settings.slow_down.device_authorization;
    if client.is_public() {
        return by_network(server, "device-address", address, limit).await;
    }
    let counter = Counter::new("device-client", client.client_id.as_bytes(), limit);
    Ok(counter.take(server).await?.map_err(|Wait(wait)| wait))
}

/// Counts a sign-in that begins without anybody having proved who they are, unless it has to wait: each is a record in the Cache. Nobody's
/// address is counted by itself.
pub(crate) async fn begin_sign_in(
    server: &AuthorizationServer,
    address: Option<ClientAddress>,
) -> Result<Result<(), SignedDuration>, Outage> {
    by_network(server, "authorization-request", address, server.settings.slow_down.authorization_request).await
}

async fn by_network(
    server: &AuthorizationServer,
    kind: &'static str,
    address: Option<ClientAddress>,
    limit: Limit,
) -> Result<Result<(), SignedDuration>, Outage> {
    let Some(address) = address else { return Ok(Ok(())) };
    let counted = Counter::new(kind, address.network().to_string().as_bytes(), limit).take(server).await?;
    Ok(counted.map_err(|Wait(wait)| wait))
}

/// The network first: what it refuses is not counted against the name.
fn counters(settings: &SlowDown, guesser: &Guesser<'_>) -> Vec<Counter> {
    if let Some(device) = &guesser.device {
        return vec![Counter::new("device", device.0.as_bytes(), settings.device)];
    }
    let network = guesser.address.map(|address| address.network().to_string());
    let network = network.map(|network| Counter::new("address", network.as_bytes(), settings.address));
    // Names are the same in whatever case, as they are in the User Database.
    let name = Counter::new("name", guesser.name.to_lowercase().as_bytes(), settings.name);
    network.into_iter().chain([name]).collect()
}

impl Turn {
    /// The password was right: the name's and the browser's counts begin anew. The network's goes back by this one try only,
    /// or whoever has an account of his own could guess for ever.
    pub(crate) async fn was_right(self, server: &AuthorizationServer) -> Result<(), Outage> {
        for counter in self.counters {
            if counter.kind() == "address" {
                counter.give_back(server).await?;
            } else {
                counter.clear(server).await?;
            }
        }
        Ok(())
    }

    /// It does not count: what was guessed was not looked at after all, or was right and is not to begin anything anew.
    pub(crate) async fn give_back(self, server: &AuthorizationServer) -> Result<(), Outage> {
        for counter in self.counters {
            counter.give_back(server).await?;
        }
        Ok(())
    }
}

/// Whole seconds, and no shorter than it is.
pub(crate) fn whole_seconds(wait: SignedDuration) -> u64 {
    let whole = wait.unsigned_abs();
    whole.as_secs() + u64::from(whole.subsec_nanos() > 0)
}
