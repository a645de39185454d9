//! What load balancers ask: whether the process lives, and whether its engines answer.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Browser, Running, house};

async fn asked(url: &str) -> (StatusCode, Value, String) {
    let response = reqwest::get(url).await.unwrap();
    let wait = response.headers().get("retry-after").map(|wait| wait.to_str().unwrap().to_owned()).unwrap_or_default();
    assert_eq!(response.headers()["cache-control"], "no-store");
    (response.status(), response.json().await.unwrap(), wait)
}

fn origins(house: &Running) -> [String; 3] {
    let configuration = &house.configuration;
    [&configuration.application.origin, &configuration.provider.issuer, &configuration.resource.origin].map(Clone::clone)
}

/// Each origin names the boxes that it stands on, and those alone.
#[tokio::test]
async fn each_origin_says_that_its_boxes_answer() {
    let house = house().await;
    let [application, provider, resource] = origins(&house);
    for (origin, health) in [
        (&application, json!({"status": "ok", "cache": "ok", "queue": "ok"})),
        (&provider, json!({"status": "ok", "cache": "ok", "queue": "ok", "user_database": "ok"})),
        (&resource, json!({"status": "ok", "cache": "ok"})),
    ] {
        assert_eq!(asked(&format!("{origin}/health/ready")).await, (StatusCode::OK, health, String::new()));
        assert_eq!(asked(&format!("{origin}/health")).await, (StatusCode::OK, json!({"status": "ok"}), String::new()));
    }
    let page = Browser::default().get(&format!("{application}/health/other")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}
