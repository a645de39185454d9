//! The authorization request as a typestate: unchecked, it can be judged; checked, it can be kept and answered with a code.

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::Scope;
use protocol::dpop::Thumbprint;
use protocol::secret::AuthorizationCode;
use protocol::wire::Parameters;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use uuid::Uuid;

use super::checks::{self, Asked, Refusal};
use super::{Distrusted, Refused};
use crate::clients::{Client, Clients};
use crate::exchange;
use crate::outage::Outage;
use crate::state::AuthorizationServer;

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// To `/par`, from its authenticated client.
    Pushed,
    /// To `/authorize`, through the browser.
    Plain,
}

/// Where answers go: a registered redirect URI, with the client's state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReturnAddress {
    pub(crate) redirect_uri: String,
    state: Option<String>,
}

impl ReturnAddress {
    fn answer(&self, issuer: &str, pairs: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        // RFC 9207 §2: in every answer, errors among them.
        query.append_pair("iss", issuer);
        with_query(&self.redirect_uri, &query.finish())
    }

    /// The URL that tells the client no (RFC 6749 §4.1.2.1).
    pub(crate) fn refusal(&self, issuer: &str, refusal: Refusal) -> String {
        self.answer(issuer, &[("error", refusal.code.as_str()), ("error_description", refusal.description)])
    }
}

/// `uri` with `query` after whatever query it has (RFC 6749 §3.1.2); the rest of it stays as it was registered.
pub(crate) fn with_query(uri: &str, query: &str) -> String {
    let joint = if !uri.contains('?') {
        "?"
    } else if uri.ends_with(['?', '&']) {
        ""
    } else {
        "&"
    };
    format!("{uri}{joint}{query}")
}

/// Which pages may or must be shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Prompt {
    pub(crate) none: bool,
    pub(crate) login: bool,
    pub(crate) consent: bool,
}

/// What the client wants, as the checks read it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Demand {
    pub(crate) scope: Scope,
    /// None where the client need not use PKCE, and did not.
    #[serde(default)]
    pub(crate) code_challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) prompt: Prompt,
    /// Seconds.
    pub(crate) max_age: Option<u32>,
    /// The resource servers that were named, parted by spaces.
    pub(crate) resource: Option<String>,
    pub(crate) login_hint: Option<String>,
    /// Who should be signed in.
    pub(crate) subject: Option<Uuid>,
    /// The claims that the ID token is to hold beside its own (OpenID Connect Core §5.5).
    #[serde(default)]
    pub(crate) id_token_claims: BTreeSet<String>,
    /// The key that the code is to be bound to.
    #[serde(default)]
    pub(crate) dpop_jkt: Option<Thumbprint>,
}

/// An authorization request whose client and redirect URI are right; `Stage` tells whether the rest is.
pub(crate) struct AuthorizeRequest<Stage> {
    pub(crate) client: Arc<Client>,
    pub(crate) address: ReturnAddress,
    stage: Stage,
}

/// Not yet judged.
pub(crate) struct Unchecked {
    parameters: Parameters,
    arrival: Arrival,
    proven: Option<Thumbprint>,
}

/// Every check has passed.
pub(crate) struct Checked {
    demand: Demand,
}

/// A checked request at rest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) client_id: String,
    address: ReturnAddress,
    demand: Demand,
}

impl AuthorizeRequest<Unchecked> {
    /// A request that came through the browser.
    pub(crate) async fn plain(clients: &Clients, parameters: Parameters) -> Result<Result<Self, Distrusted>, Outage> {
        let client = checks::client::check(clients, &parameters).await?;
        Ok(client.and_then(|client| Self::of(client, parameters, Arrival::Plain, None)))
    }

    /// A request that its client pushed, having authenticated, and having proved a key if it did.
    pub(crate) fn pushed(client: Arc<Client>, parameters: Parameters, proven: Option<Thumbprint>) -> Result<Self, Distrusted> {
        Self::of(client, parameters, Arrival::Pushed, proven)
    }

    fn of(client: Arc<Client>, parameters: Parameters, arrival: Arrival, proven: Option<Thumbprint>) -> Result<Self, Distrusted> {
        let redirect_uri = checks::redirect_uri::check(&client, &parameters)?;
        let address = ReturnAddress { redirect_uri, state: parameters.owned("state") };
        exchange::is_of_state(address.state.as_deref());
        Ok(Self { client, address, stage: Unchecked { parameters, arrival, proven } })
    }

    /// Says no before any check.
    pub(crate) fn refuse(self, refusal: Refusal) -> Refused {
        Refused { address: self.address, refusal }
    }

    /// Runs the list of checks; the first that says no decides.
    pub(crate) fn check(self, server: &AuthorizationServer) -> Result<AuthorizeRequest<Checked>, Refused> {
        let Self { client, address, stage } = self;
        let Unchecked { parameters, arrival, proven } = &stage;
        let asked = Asked { server, client: &client, parameters, arrival: *arrival, proven: proven.as_ref() };
        let mut demand = Demand::default();
        for check in checks::CHECKS {
            if let Err(refusal) = check(&asked, &mut demand) {
                return Err(Refused { address, refusal });
            }
        }
        Ok(AuthorizeRequest { client, address, stage: Checked { demand } })
    }
}

impl AuthorizeRequest<Checked> {
    /// What the client wants.
    pub(crate) fn demand(&self) -> &Demand {
        &self.stage.demand
    }

    /// The request as it is kept.
    pub(crate) fn record(&self) -> Record {
        Record { client_id: self.client.client_id.clone(), address: self.address.clone(), demand: self.stage.demand.clone() }
    }

    /// The request that was kept; none where its client is no longer registered for that address.
    pub(crate) async fn restore(clients: &Clients, record: Record) -> Result<Option<Self>, Outage> {
        exchange::is_of_state(record.address.state.as_deref());
        let client = clients.find(&record.client_id).await?;
        let client = client.filter(|client| client.redirects_to(&record.address.redirect_uri));
        Ok(client.map(|client| Self { client, address: record.address, stage: Checked { demand: record.demand } }))
    }

    /// The URL that brings the client its code (RFC 6749 §4.1.2).
    pub(crate) fn with_code(&self, issuer: &str, code: &AuthorizationCode) -> String {
        self.address.answer(issuer, &[("code", code.expose())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ErrorCode;

    #[test]
    fn an_answer_is_appended_to_the_uri_as_it_was_registered() {
        assert_eq!(with_query("https://app.example", "a=b"), "https://app.example?a=b");
        assert_eq!(with_query("https://app.example/?x=%20", "a=b"), "https://app.example/?x=%20&a=b");
        assert_eq!(with_query("https://app.example/?", "a=b"), "https://app.example/?a=b");
    }

    /// Attack 32: no state breaks out of the answer.
    #[test]
    fn a_state_is_encoded_whatever_it_holds() {
        let address = ReturnAddress { redirect_uri: "https://app.example/cb".into(), state: Some("a&code=x\r\n<ü>".into()) };
        let refusal = Refusal { code: ErrorCode::AccessDenied, description: "no" };
        assert_eq!(
            address.refusal("https://p.example", refusal),
            "https://app.example/cb?error=access_denied&error_description=no&state=a%26code%3Dx%0D%0A%3C%C3%BC%3E\
             &iss=https%3A%2F%2Fp.example"
        );
    }
}
