//! Attack 29: what was sent in the wrong place, and all that is secret, stays out of the log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::level_filters::LevelFilter;

use crate::app::{VERIFIER, token};
use crate::house::{House, PASSWORD};
use crate::links::mailbox::{NEW, asked_for_password, send_password, token_in};
use crate::methods::{SECRET, basic, send};

/// Where the lines of a test go.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Attack 29: a token in a query string is refused, and no line of the log holds it, nor any other secret of a whole sign-in, at
/// whatever level.
#[tokio::test]
async fn no_secret_is_in_the_log() {
    let lines = Lines::default();
    // With one subscriber alone, what another test logs first, where there is none, would count as never logged.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let house = House::build().await;
    let mut browser = house.browser();
    let page = browser.open(&house.app.begin(&house, &[]).await).await;
    browser.log_in_as(&page, "demo", "a-wrong-password").await;
    let code = house.app.code(&house, &mut browser, &[]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    let [access, refresh, id] = ["access_token", "refresh_token", "id_token"].map(|name| token(&tokens, name));
    assert_eq!(house.userinfo(access).await.status, 200);
    for path in ["/userinfo", "/introspect", "/revoke", "/token"] {
        let misplaced = house.get(&format!("{path}?access_token={access}&token={refresh}")).await;
        assert!(misplaced.status.is_client_error(), "{path}");
    }
    assert!(house.app.redeem(&house, &code, &[]).await.status.is_client_error());
    assert!(house.app.refresh(&house, refresh, &[]).await.status.is_client_error());
    send(&house, "/revoke", &basic("app", SECRET), &[("token", refresh)]).await;
    browser.get(&format!("/end_session?id_token_hint={id}")).await;
    let (mut reader, link) = asked_for_password(&house, "other@example.com").await;
    let form = reader.open(&link).await;
    assert_eq!(send_password(&mut reader, &form, NEW).await.status, 303);
    assert_eq!(house.browser().open(&link).await.status, 410);

    drop(guard);
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a token request was refused"), "what is logged is looked at");
    let secrets = [code.as_str(), access, refresh, id, PASSWORD, "a-wrong-password", VERIFIER, SECRET, NEW, token_in(&link)];
    for secret in secrets.into_iter().chain(browser.cookies.values().map(String::as_str)) {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
