//! How a box tells what it does in an exchange: as an event inside the span of the exchange.

use serde::{Deserialize, Serialize};
use tracing::Level;

use super::{Parameter, Shown, Trace};

/// The target of these events.
pub const TARGET: &str = "protocol::flow";

/// What is told at one point of an exchange. All that is told within one span belongs together; what is told later counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// The flow that the exchange belongs to, with all that lies in it.
    pub flow: Option<String>,
    /// The browser whose flow begins here, by a digest of its cookie.
    pub viewer: Option<String>,
    /// The issuer that it begins with.
    pub issuer: Option<String>,
    /// The method of the request.
    pub method: Option<String>,
    /// Where it goes, without its query.
    pub url: Option<String>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Why it went wrong.
    pub trouble: Option<String>,
    /// What it carries.
    pub parameters: Vec<Parameter>,
}

/// Tells more of the exchange in whose span it is called. Nothing is made where nobody listens.
pub fn tell(write: impl FnOnce(&mut Told)) {
    if tracing::enabled!(target: TARGET, Level::TRACE) {
        let mut told = Told::default();
        write(&mut told);
        if let Ok(told) = serde_json::to_string(&told) {
            tracing::event!(target: TARGET, Level::TRACE, told = told.as_str());
        }
    }
}

impl Told {
    /// The flow that it belongs to.
    pub fn of(&mut self, trace: Trace) -> &mut Self {
        self.flow = Some(trace.id());
        self
    }

    /// The request: its method and its URL, whose query is left out.
    pub fn request(&mut self, method: &str, url: &str) -> &mut Self {
        self.method = Some(method.to_owned());
        self.url = Some(url.split(['?', '#']).next().unwrap_or_default().chars().take(300).collect());
        self
    }

    /// The status of the answer.
    pub fn status(&mut self, status: http::StatusCode) -> &mut Self {
        self.status = Some(status.as_u16());
        self
    }

    /// Why it went wrong.
    pub fn trouble(&mut self, why: impl std::fmt::Display) -> &mut Self {
        self.trouble = Some(why.to_string().chars().take(300).collect());
        self
    }

    /// One more parameter, masked by its type.
    pub fn with(&mut self, name: &str, value: Shown) -> &mut Self {
        self.parameters.push(Parameter::new(name, value));
        self
    }

    /// One more that is no secret.
    pub fn plain(&mut self, name: &str, text: &str) -> &mut Self {
        self.parameters.push(Parameter::plain(name, text));
        self
    }

    /// The parameters of a form or a query, in which names say what is secret.
    pub fn form(&mut self, encoded: &[u8]) -> &mut Self {
        /// No request of ours has as many.
        const MOST: usize = 24;
        let pairs = url::form_urlencoded::parse(encoded).take(MOST);
        self.parameters.extend(pairs.map(|(name, value)| Parameter::on_the_wire(&name, &value)));
        self
    }

    /// Takes over what was told later.
    pub fn add(&mut self, later: Self) {
        let Self { flow, viewer, issuer, method, url, status, trouble, parameters } = later;
        self.flow = flow.or(self.flow.take());
        self.viewer = viewer.or(self.viewer.take());
        self.issuer = issuer.or(self.issuer.take());
        self.method = method.or(self.method.take());
        self.url = url.or(self.url.take());
        self.status = status.or(self.status);
        self.trouble = trouble.or(self.trouble.take());
        for parameter in parameters {
            // A request that was sent again is told once.
            match self.parameters.iter_mut().find(|known| known.name == parameter.name && parameter.name != "resource") {
                Some(known) => *known = parameter,
                None => self.parameters.push(parameter),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_later_counts() {
        let (mut told, mut later) = (Told::default(), Told::default());
        told.request("POST", "https://id.example/token?a=b").form(b"grant_type=a&code=the-code-itself");
        later.status(http::StatusCode::OK).plain("grant_type", "b");
        told.add(later);
        assert_eq!((told.url.as_deref(), told.status), (Some("https://id.example/token"), Some(200)));
        assert_eq!(told.parameters.len(), 2);
        assert_eq!(told.parameters[0], Parameter::plain("grant_type", "b"));
        assert!(!serde_json::to_string(&told).unwrap().contains("the-code"));
    }
}
