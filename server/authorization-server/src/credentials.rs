//! Whether a password is that of an account, asked slowly and in the same time whoever asks.

use http::StatusCode;
use protocol::ClientAddress;
use protocol::secret::Password;
use queue::Event;
use tower_cookies::Cookies;
use user_database::Account;

use crate::outage::Outage;
use crate::pages::LoginFault;
use crate::slow_down::{self, Guesser, device, whole_seconds};
use crate::state::AuthorizationServer;

/// How long to wait where too many passwords are being looked at already, in seconds.
pub(crate) const CROWDED: u64 = 5;

/// Who tries, and as whom.
pub(crate) struct Attempt<'a> {
    /// The name, as it was typed.
    pub(crate) name: &'a str,
    /// The account of that name, if there is one.
    pub(crate) account: Option<Account>,
    pub(crate) cookies: &'a Cookies,
    pub(crate) address: Option<ClientAddress>,
    /// The client for which it is done, where it is for one.
    pub(crate) client_id: Option<String>,
}

/// The account, where `password` is its password and it may sign in. What is refused is slowed down and audited.
pub(crate) async fn prove(
    server: &AuthorizationServer,
    attempt: Attempt<'_>,
    password: Password,
) -> Result<Result<Account, LoginFault>, Outage> {
    let Attempt { name, account, cookies, address, client_id } = attempt;
    let device = account.as_ref().and_then(|account| device::known(server, cookies, account.subject));
    let turn = match slow_down::take(server, &Guesser { name, address, device }).await? {
        Ok(turn) => turn,
        Err(wait) => return Ok(Err(LoginFault::TooMany { seconds: whole_seconds(wait) })),
    };
    let phc = account.as_ref().map(|account| account.password_hash.clone());
    let Ok(fits) = server.passwords.verify(password, phc).await else {
        turn.give_back(server).await?;
        return Ok(Err(LoginFault::TooMany { seconds: CROWDED }));
    };
    let subject = account.as_ref().map(|account| account.subject.to_string());
    if let Some(account) = account.filter(|account| fits && !account.disabled) {
        turn.was_right(server).await?;
        return Ok(Ok(account));
    }
    let address = address.map(|address| address.to_string());
    server.tell(Event::SignInFailed { subject, client_id, address }).await?;
    Ok(Err(LoginFault::Credentials))
}

/// Not 401, which would have to name an HTTP authentication scheme; 422 makes browsers and password managers see a refused form.
pub(crate) fn status(fault: LoginFault) -> StatusCode {
    match fault {
        LoginFault::Credentials => StatusCode::UNPROCESSABLE_ENTITY,
        LoginFault::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
    }
}
