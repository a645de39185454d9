//! The cookie of a browser that has signed in before (OWASP's device cookie): one for each account, which it does not name.
//!
//! Shape: `__Host-device.<when>.<flow>`, where the flow is a hash of the account; the value is the account and the instant, sealed under
//! the provider's own secret, as unpadded base64url. It signs nobody in. It only gives its browser a count of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use protocol::binding::Binding;
use protocol::seal::{Sealer, digest};
use secrecy::{ExposeSecret as _, SecretString};
use tower_cookies::cookie::time::Duration;
use tower_cookies::{Cookie, Cookies};
use uuid::Uuid;

use crate::session;
use crate::state::AuthorizationServer;

const BINDING: Binding = Binding("device");
const PURPOSE: &str = "device cookie";
/// How many characters of the account's hash stand in the name: enough to tell those of one browser apart.
const FLOW: usize = 16;

/// What seals the cookies.
pub(crate) struct Devices(Sealer);

/// A browser that has signed in to the account before, by a hash of its cookie.
pub(crate) struct Known(pub(super) String);

impl Devices {
    /// All replicas have the same secret.
    pub(crate) fn new(secret: &SecretString) -> Self {
        Self(Sealer::derive(secret.expose_secret().as_bytes(), PURPOSE))
    }
}

/// Whether this browser has signed in as `subject` before, and not too long ago.
pub(crate) fn known(server: &AuthorizationServer, cookies: &Cookies, subject: Uuid) -> Option<Known> {
    let list = cookies.list();
    let (_, value) = BINDING.find(&flow(subject), list.iter().map(Cookie::name_value))?;
    let sealed = URL_SAFE_NO_PAD.decode(value.expose()).ok()?;
    let plain = server.devices.0.open(subject.as_bytes(), &sealed).ok()?;
    let since = Timestamp::from_second(i64::from_be_bytes(plain.try_into().ok()?)).ok()?;
    let age = server.now().duration_since(since);
    (age < server.settings.slow_down.device_lifetime).then(|| Known(digest(PURPOSE, value.expose().as_bytes())))
}

/// Lets the browser know that it has signed in as `subject` just now, in place of what it knew before.
pub(crate) fn remember(server: &AuthorizationServer, cookies: &Cookies, subject: Uuid) {
    let (now, flow, known) = (server.now(), flow(subject), cookies.list());
    let ours = || known.iter().map(Cookie::name_value);
    if let Some((before, _)) = BINDING.find(&flow, ours()) {
        cookies.remove(session::cookie(before, String::new()));
    } else {
        for surplus in BINDING.surplus(ours().map(|(name, _)| name)) {
            cookies.remove(session::cookie(surplus, String::new()));
        }
    }
    let since = now.as_second().to_be_bytes();
    let sealed = server.devices.0.seal(&*server.boxes.rng, subject.as_bytes(), &since);
    let mut cookie = session::cookie(BINDING.name(now, &flow), URL_SAFE_NO_PAD.encode(sealed));
    cookie.set_max_age(Duration::seconds(server.settings.slow_down.device_lifetime.as_secs()));
    cookies.add(cookie);
}

fn flow(subject: Uuid) -> String {
    digest(PURPOSE, subject.as_bytes()).chars().take(FLOW).collect()
}
