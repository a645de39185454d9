//! Where the user is signed in, as the page of the sessions sees it.

use app::application::Notice;
use app::error::PageError;
use app::model;
use app::ports::{Devices, Outcome, Visit};
use application_api::devices::{Device, DevicesError};
use async_trait::async_trait;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;

use crate::adapters::{Desk, seen};

#[async_trait]
impl Devices for Desk {
    async fn list(&self, visit: &Visit) -> Result<Vec<model::Device>, PageError> {
        let devices = self.api.devices(&seen(visit)).await.map_err(|error| told(&error))?;
        let now = self.clock.now();
        Ok(devices.into_iter().map(|device| shown(device, now)).collect())
    }

    async fn sign_out(&self, visit: &Visit, device: &str) -> Outcome {
        let ended = self.api.sign_out_device(&seen(visit), device).await;
        back(ended.map(|ended| if ended { Notice::DeviceSignedOut } else { Notice::NothingLeft }))
    }

    async fn sign_out_others(&self, visit: &Visit) -> Outcome {
        let ended = self.api.sign_out_others(&seen(visit)).await;
        back(ended.map(|ended| if ended > 0 { Notice::OthersSignedOut } else { Notice::NothingLeft }))
    }
}

fn shown(Device { entry, current }: Device, now: Timestamp) -> model::Device {
    model::Device {
        current,
        signed_in_at: entry.signed_in_at.to_string(),
        signed_in_seconds: now.duration_since(entry.signed_in_at).as_secs(),
        seen_at: entry.seen_at.to_string(),
        seen_seconds: now.duration_since(entry.seen_at).as_secs(),
        id: entry.id,
        user_agent: entry.user_agent,
        address: entry.address,
    }
}

fn told(error: &DevicesError) -> PageError {
    match error {
        DevicesError::SignedOut => PageError::SignedOut,
        DevicesError::CrossSite => PageError::CrossSite,
        DevicesError::Unavailable(error) => {
            tracing::error!(%error, "the sessions of a user could not be looked up");
            PageError::Unavailable
        }
        DevicesError::Unaudited(error) => {
            tracing::error!(%error, "a session could not be ended");
            PageError::Unavailable
        }
    }
}

/// 303 back to the list, which tells what was done; whoever is signed out meanwhile signs in and comes back to it.
fn back(done: Result<Notice, DevicesError>) -> Outcome {
    let go = |location: &'static str, cookies| Outcome {
        cookies,
        location: Some(HeaderValue::from_static(location)),
        status: Some(StatusCode::SEE_OTHER),
    };
    match done.map_err(|error| told(&error)) {
        Ok(notice) => go("/sessions", vec![notice.cookie()]),
        Err(PageError::SignedOut) => go("/sign-in?return_to=%2Fsessions", Vec::new()),
        Err(PageError::CrossSite) => Outcome { status: Some(StatusCode::FORBIDDEN), ..Outcome::default() },
        Err(_) => go("/problem/unavailable?return_to=%2Fsessions", Vec::new()),
    }
}
