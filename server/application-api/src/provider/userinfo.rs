//! Who the user is: from userinfo (OpenID Connect Core §5.3), else from the ID token.

use http::StatusCode;
use openidconnect::core::CoreGenderClaim;
use openidconnect::{OAuth2TokenResponse as _, SubjectIdentifier, UserInfoClaims, UserInfoError};
use protocol::dpop::ProofKey;
use serde_json::Value;

use super::client::{Answer, OtherClaims};
use super::settings::Use;
use super::token::unacceptable;
use super::{Metadata, Provider, ProviderError};

impl Provider {
    /// Asks userinfo, where we are to; its `sub` must be the ID token's. A token that is bound to a key comes with its proof.
    pub(super) async fn userinfo(
        &self,
        metadata: &Metadata,
        answer: &Answer,
        subject: &str,
        proof_key: Option<&ProofKey>,
    ) -> Result<Option<Value>, ProviderError> {
        match (self.settings.userinfo, metadata.userinfo_endpoint()) {
            (Use::Never, _) | (Use::Auto, None) => return Ok(None),
            (Use::Always, None) => return Err(ProviderError::Unacceptable("it has no userinfo".to_owned())),
            (Use::Auto | Use::Always, Some(_)) => {}
        }
        let client = self.verifying_client(metadata);
        let expected = SubjectIdentifier::new(subject.to_owned());
        let request = client.user_info(answer.access_token().clone(), Some(expected)).map_err(|error| unacceptable(&error))?;
        let told: Result<UserInfoClaims<OtherClaims, CoreGenderClaim>, _> = request.request_async(&self.proving(proof_key)).await;
        match told {
            Ok(claims) => serde_json::to_value(claims).map(Some).map_err(|error| unacceptable(&error)),
            Err(UserInfoError::Response(status, ..)) if self.may_be_turned_away(status) => Ok(None),
            Err(UserInfoError::Request(error)) => Err(ProviderError::Unreachable(error.to_string())),
            Err(other) => Err(unacceptable(&other)),
        }
    }

    /// A token that we asked for certain resource servers may be for them alone (RFC 8707 §2.2), and not for userinfo.
    fn may_be_turned_away(&self, status: StatusCode) -> bool {
        let restricted = self.settings.userinfo == Use::Auto && !self.settings.resources.is_empty();
        restricted && matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    }

    /// Name and e-mail address by the claims that the configuration names: the first claim that any source has, and of the
    /// sources the first.
    pub(super) fn named_in(&self, sources: &[&Value]) -> (Option<String>, Option<String>) {
        let first = |names: &[String]| {
            let found = names.iter().find_map(|name| sources.iter().find_map(|source| text(source.get(name)?)));
            found.map(str::to_owned)
        };
        let claims = &self.settings.claims;
        (first(&claims.name), first(&claims.email))
    }
}

fn text(claim: &Value) -> Option<&str> {
    claim.as_str().filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests stop at surprises")]
mod tests {
    use serde_json::json;

    use crate::provider::samples::provider_with;
    use crate::provider::settings::ClaimNames;

    #[test]
    fn a_name_is_the_first_claim_of_the_list_that_anybody_tells() {
        let provider = provider_with(|settings| {
            settings.claims =
                ClaimNames { name: vec!["display".into(), "name".into()], email: vec!["upn".into(), "email".into()] };
        });
        let userinfo = json!({"name": "Ada Lovelace", "email": "ada@example.com", "display": ""});
        let id_token = json!({"display": "Ada", "email": "old@example.com", "upn": 7});
        let told = provider.named_in(&[&userinfo, &id_token]);
        assert_eq!(told, (Some("Ada".to_owned()), Some("ada@example.com".to_owned())));
        assert_eq!(provider.named_in(&[&json!({"sub": "1"})]), (None, None));
    }
}
