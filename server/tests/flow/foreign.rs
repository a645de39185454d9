//! A foreign provider: what lies inside it is inferred from its ends.

use serde_json::json;

use crate::support::{Browser, clock, configuration, move_in};
use crate::{flow_of, listen, saw};

const SECRET: &str = "a-client-secret-of-more-than-thirty-two-characters";

/// Nothing is drawn that was not seen here: exchanges 5 to 7 are marked, though the foreign provider's spans could be heard.
#[tokio::test]
async fn what_happens_inside_a_foreign_provider_is_inferred() {
    let listening = listen();
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (mut ours, our_doors) = configuration(directories[0].path()).await;
    let (mut theirs, their_doors) = configuration(directories[1].path()).await;
    let origin = ours.application.origin.clone();
    theirs.provider.clients.push(
        serde_json::from_value(json!({
            "client_id": "neighbour", "name": "Neighbour", "resources": [theirs.resource.origin.clone()],
            "authentication": {"method": "client_secret_basic", "secret": SECRET},
            "redirect_uris": [format!("{origin}/callback/other")],
            "scope": "openid profile email offline_access",
        }))
        .unwrap(),
    );
    ours.application.providers.push(
        serde_json::from_value(json!({
            "name": "other", "title": "The other house", "issuer": theirs.provider.issuer, "client_id": "neighbour",
            "authentication": "client_secret_basic", "client_secret": SECRET, "resources": [theirs.resource.origin.clone()],
        }))
        .unwrap(),
    );
    ours.application.listed_providers_only = true;
    ours.application.resource = Some(theirs.resource.origin.clone());
    let _other = move_in(theirs, their_doors, clock()).await;
    let house = move_in(ours, our_doors, clock()).await;
    let _writing = listening.write(&house);
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    let flow = flow_of(&mut browser, &origin, |flow| saw(flow, 13) && saw(flow, 8)).await;
    let by_provider = |seen: &&serde_json::Value| seen["by"] == "authorization-server";
    assert_eq!(flow["seen"].as_array().unwrap().iter().find(by_provider), None, "{flow:#}");
    let page = browser.get(&format!("{origin}/flow?exchange=6")).await;
    assert_eq!(page.body.matches(" inferred").count(), 6, "three arrows, and three lines: {}", page.body);
    assert!(page.body.contains("Inferred from its ends") && page.body.contains("Complete in "), "{}", page.body);
    let shown = flow.to_string();
    assert!(!shown.contains(SECRET) && shown.contains("Basic credentials"), "{shown}");
}
