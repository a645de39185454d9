//! A flood of sign-ins that begin, each of which is a record in the Cache: the network that they come from waits.

use authorization_server::{Authentication, Client, Limit, SlowDown};
use jiff::SignedDuration;
use protocol::Scope;

use crate::answer::Answer;
use crate::app::{App, borrowed, with};
use crate::browser::Browser;
use crate::house::{House, form};

const HERE: &str = "192.0.2.1";
const ELSEWHERE: &str = "192.0.2.2";

/// Three without a wait. The client `public` has nothing to prove itself by.
async fn strict() -> House {
    let limit = Limit {
        attempts: 3,
        first_delay: SignedDuration::from_secs(5),
        longest_delay: SignedDuration::from_secs(10),
        window: SignedDuration::from_mins(10),
    };
    House::with(|settings| {
        settings.slow_down = SlowDown { authorization_request: limit, ..SlowDown::default() };
        let public = Client::new("public", "The public client", Authentication::None);
        settings.clients.push(Client {
            redirect_uris: vec![App::new("public").redirect_uri()],
            scope: Scope::parse("openid").unwrap(),
            ..public
        });
    })
    .await
}

fn at(house: &House, address: &str) -> Browser {
    Browser { address: Some(address.parse().unwrap()), ..house.browser() }
}

async fn begin(house: &House, address: &str) -> Answer {
    at(house, address).open(&house.plain.plainly(&[])).await
}

async fn push(house: &House, address: &str) -> Answer {
    let parameters = with(&App::new("public").request(), &[("scope", "openid")]);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    at(house, address).send("POST", "/par", &headers, form(&borrowed(&parameters))).await
}

/// Who begins sign-ins without end is told by a page how long to wait, which is never long; others are not concerned.
#[tokio::test]
async fn a_network_that_begins_many_sign_ins_waits() {
    let house = strict().await;
    for _ in 0..3 {
        assert_eq!(begin(&house, HERE).await.page(), "login");
    }
    for wait in [5, 10, 10, 10] {
        let answer = begin(&house, HERE).await;
        assert_eq!((answer.status.as_u16(), answer.page()), (429, "problem Crowded"));
        assert_eq!(answer.header("retry-after"), wait.to_string());
        house.wait(wait);
        assert_eq!(begin(&house, HERE).await.page(), "login");
    }
    assert_eq!(begin(&house, HERE).await.status, 429);
    assert_eq!(begin(&house, ELSEWHERE).await.page(), "login");
}

/// RFC 9126 §2.3: a public client's requests can be pushed by whoever likes.
#[tokio::test]
async fn a_network_that_pushes_for_a_public_client_waits() {
    let house = strict().await;
    for _ in 0..3 {
        let pushed = push(&house, HERE).await;
        assert_eq!(pushed.status, 201, "{pushed:?}");
    }
    let refused = push(&house, HERE).await;
    assert_eq!((refused.status.as_u16(), refused.error().as_str()), (429, "temporarily_unavailable"));
    assert_eq!((refused.header("retry-after"), refused.header("cache-control")), ("5", "no-store"));
    assert_eq!(push(&house, ELSEWHERE).await.status, 201);
    house.wait(5);
    assert_eq!(push(&house, HERE).await.status, 201);
}

/// Neither a client that proves who it is, nor whoever is answered without a page, leaves anything behind.
#[tokio::test]
async fn what_leaves_nothing_behind_does_not_count() {
    let house = strict().await;
    let mut browser = at(&house, HERE);
    house.app.code(&house, &mut browser, &[]).await;
    for _ in 0..5 {
        let silent = browser.open(&house.app.begin(&house, &[]).await).await;
        assert!(silent.sent("code").is_some(), "{silent:?}");
        let refused = at(&house, HERE).open(&house.plain.plainly(&[("scope", "nothing-of-the-kind")])).await;
        assert_eq!(refused.sent("error").as_deref(), Some("invalid_scope"));
    }
    for page in ["login", "login", "problem Crowded"] {
        assert_eq!(begin(&house, HERE).await.page(), page, "one of three was the sign-in itself");
    }
}
