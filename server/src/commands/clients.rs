//! `cloakroom client …`: the clients of the User Database, beside those of the configuration.

use std::io::Write;
use std::path::Path;

use authorization_server::clients::{restore, store};
use authorization_server::{
    ApplicationType, Authentication, Client, ClientKeys, ClientMetadata, Profile, Registration, Secret, SecretDigest,
};
use protocol::entropy::opaque;
use protocol::secret::ClientSecret;
use serde_json::{Value, json};
use user_database::{Clients as _, SqlDatabase, StoredClient};

use super::{audit_line, failed, say, say_json};
use crate::cli::client::{ClientCommand, Method, NewClient};
use crate::clients::configured;
use crate::house::{Nature, open_database};
use crate::{Configuration, Failure};

/// Clients that are read from the database at once.
const PAGE: u32 = 200;

/// Does what `command` says, and tells so on `out`.
///
/// # Errors
/// [`Failure`] where the User Database does not answer, or the client is not there, or makes no sense.
pub async fn command(
    configuration: &Configuration,
    command: &ClientCommand,
    nature: &Nature,
    out: &mut (dyn Write + Send),
) -> Result<(), Failure> {
    let database = open_database(configuration, nature).await?;
    let office = Office { configuration, database: &database, nature };
    let done = match command {
        ClientCommand::Add(new) => office.add(new, out).await,
        ClientCommand::List { json } => office.list(*json, out).await,
        ClientCommand::Show { client_id, json } => office.show(client_id, *json, out).await,
        ClientCommand::RotateSecret { client_id, json } => office.rotate_secret(client_id, *json, out).await,
        ClientCommand::Remove { client_id } => office.remove(client_id, out).await,
    };
    database.close().await;
    done
}

struct Office<'a> {
    configuration: &'a Configuration,
    database: &'a SqlDatabase,
    nature: &'a Nature,
}

impl Office<'_> {
    async fn add(&self, new: &NewClient, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
        let client_id = new.client_id.clone().unwrap_or_else(|| opaque(&*self.nature.rng));
        if self.configured(&client_id)?.is_some() {
            return Err(Failure::Command(format!("the configuration has a client {client_id} already")));
        }
        let (authentication, secret) = self.authentication(new)?;
        let client = client(new, &client_id, authentication);
        if !self.configuration.is_development() {
            client.check_strictly().map_err(|error| Failure::Command(error.to_string()))?;
        }
        let stored = store(&client, None, self.nature.clock.now()).map_err(|error| Failure::Command(error.to_string()))?;
        if !self.database.add(&stored).await.map_err(failed)? {
            return Err(Failure::Command(format!("there is a client {client_id} already")));
        }
        audit_line(self.database, self.nature, "client_added", None, json!({ "client_id": client_id })).await?;
        if new.json {
            let registration = Registration::of(&client.settled()).issued(stored.created_at).with_secret(secret);
            return say_json(out, &registration);
        }
        say(out, format_args!("The client {client_id} was added."))?;
        tell_secret(out, secret.as_ref())
    }

    /// How the client proves who it is; with the secret to be shown, where one was made.
    fn authentication(&self, new: &NewClient) -> Result<(Authentication, Option<ClientSecret>), Failure> {
        let keys = match (&new.jwks_uri, &new.jwks) {
            (Some(uri), _) => Some(ClientKeys::JwksUri(uri.clone())),
            (None, Some(path)) => Some(ClientKeys::Jwks(key_set(path)?)),
            (None, None) => None,
        };
        let method = new.method.unwrap_or(if keys.is_some() { Method::PrivateKeyJwt } else { Method::ClientSecretBasic });
        match (method, keys) {
            (Method::PrivateKeyJwt, Some(keys)) => Ok((Authentication::PrivateKeyJwt { keys }, None)),
            (Method::PrivateKeyJwt, None) => Err(Failure::Command("private_key_jwt needs --jwks-uri or --jwks".to_owned())),
            (_, Some(_)) => Err(Failure::Command("keys are for the method private_key_jwt".to_owned())),
            (Method::None, None) => Ok((Authentication::None, None)),
            (Method::ClientSecretBasic | Method::ClientSecretPost, None) => {
                let (secret, digest) = Secret::generate(&*self.nature.rng);
                let known = Secret::Known(digest);
                let basic = method == Method::ClientSecretBasic;
                let authentication =
                    if basic { Authentication::ClientSecretBasic(known) } else { Authentication::ClientSecretPost(known) };
                Ok((authentication, Some(secret)))
            }
        }
    }

    async fn list(&self, json: bool, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
        let mut lines: Vec<(Value, [String; 4])> = Vec::new();
        for client in configured(self.configuration)? {
            lines.push(line(&client.client_id, &ClientMetadata::of(&client), "configuration"));
        }
        for stored in self.all().await? {
            let source = if stored.by_operator { "command" } else { "itself" };
            let metadata = serde_json::from_value(stored.metadata).unwrap_or_default();
            lines.push(line(&stored.client_id, &metadata, source));
        }
        if json {
            let all: Vec<Value> = lines.into_iter().map(|(value, _)| value).collect();
            return say_json(out, &all);
        }
        let widest = lines.iter().map(|(_, [client_id, ..])| client_id.len()).max().unwrap_or_default();
        for (_, [client_id, method, source, name]) in lines {
            say(out, format_args!("{client_id:<widest$}  {method:<19}  {source:<13}  {name}"))?;
        }
        Ok(())
    }

    async fn all(&self) -> Result<Vec<StoredClient>, Failure> {
        let mut all: Vec<StoredClient> = Vec::new();
        loop {
            let after = all.last().map(|last| last.client_id.clone()).unwrap_or_default();
            let page = self.database.list(&after, PAGE).await.map_err(failed)?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    async fn show(&self, client_id: &str, json: bool, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
        let (registration, source) = if let Some(client) = self.configured(client_id)? {
            (Registration::of(&client.settled()), "the configuration")
        } else {
            let stored = self.stored(client_id).await?;
            let source = if stored.by_operator { "a command" } else { "itself" };
            (Registration::of(&sensible(&stored)?).issued(stored.created_at), source)
        };
        if json {
            return say_json(out, &registration);
        }
        let document = serde_json::to_value(&registration).unwrap_or_default();
        for (name, value) in document.as_object().into_iter().flatten() {
            for (row, text) in shown(value).into_iter().enumerate() {
                say(out, format_args!("{:<40}{text}", if row == 0 { name.as_str() } else { "" }))?;
            }
        }
        say(out, format_args!("{:<40}{source}", "registered by"))
    }

    async fn rotate_secret(&self, client_id: &str, json: bool, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
        if self.configured(client_id)?.is_some() {
            return Err(Failure::Command(format!(
                "the client {client_id} is in the configuration: change its secret there, and start the servers again"
            )));
        }
        let mut stored = self.stored(client_id).await?;
        let client = sensible(&stored)?;
        if client.authentication.secret().is_none() {
            let method = client.authentication.method();
            return Err(Failure::Command(format!("the client {client_id} has no secret: it is registered for {method}")));
        }
        let (secret, digest): (ClientSecret, SecretDigest) = Secret::generate(&*self.nature.rng);
        stored.secret_digest = Some(digest.as_str().to_owned());
        if !self.database.replace(&stored).await.map_err(failed)? {
            return Err(unknown(client_id));
        }
        audit_line(self.database, self.nature, "client_secret_rotated", None, json!({ "client_id": client_id })).await?;
        if json {
            return say_json(out, &json!({ "client_id": client_id, "client_secret": secret.expose() }));
        }
        say(out, format_args!("The client {client_id} has another secret."))?;
        tell_secret(out, Some(&secret))
    }

    async fn remove(&self, client_id: &str, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
        if !self.database.remove(client_id).await.map_err(failed)? {
            return Err(match self.configured(client_id)? {
                Some(_) => Failure::Command(format!("the client {client_id} is in the configuration: take it out there")),
                None => unknown(client_id),
            });
        }
        audit_line(self.database, self.nature, "client_removed", None, json!({ "client_id": client_id })).await?;
        say(out, format_args!("The client {client_id} was removed, and what it was granted with it."))
    }

    fn configured(&self, client_id: &str) -> Result<Option<Client>, Failure> {
        Ok(configured(self.configuration)?.into_iter().find(|client| client.client_id == client_id))
    }

    async fn stored(&self, client_id: &str) -> Result<StoredClient, Failure> {
        self.database.find(client_id).await.map_err(failed)?.ok_or_else(|| unknown(client_id))
    }
}

fn unknown(client_id: &str) -> Failure {
    Failure::Command(format!("there is no client {client_id}; cloakroom client list shows those that there are"))
}

fn sensible(stored: &StoredClient) -> Result<Client, Failure> {
    restore(stored).map_err(|error| Failure::Command(format!("the client {}: {error}", stored.client_id)))
}

fn client(new: &NewClient, client_id: &str, authentication: Authentication) -> Client {
    let name = new.name.clone().unwrap_or_else(|| client_id.to_owned());
    let by_default = Client::new(client_id, name, authentication);
    Client {
        application_type: if new.native { ApplicationType::Native } else { ApplicationType::Web },
        redirect_uris: new.redirect_uri.clone(),
        post_logout_redirect_uris: new.post_logout_redirect_uri.clone(),
        backchannel_logout_uri: new.backchannel_logout_uri.clone(),
        backchannel_logout_session_required: new.backchannel_logout_session_required,
        grant_types: if new.grant_type.is_empty() { by_default.grant_types } else { new.grant_type.clone() },
        scope: new.scope.clone(),
        resources: new.resource.clone(),
        serves: new.serves.clone(),
        require_pushed_authorization_requests: new.require_par,
        require_pkce: !new.without_pkce,
        dpop_bound_access_tokens: new.dpop,
        id_token_signed_response_alg: new.id_token_alg,
        access_token_signed_response_alg: new.access_token_alg,
        profile: if new.fapi2 { Profile::Fapi2 } else { Profile::Plain },
        ..by_default
    }
}

fn key_set(path: &Path) -> Result<protocol::jose::JwkSet, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
    serde_json::from_str(&text).map_err(|error| Failure::file(path, format!("not a JWK set: {error}")))
}

fn line(client_id: &str, metadata: &ClientMetadata, source: &str) -> (Value, [String; 4]) {
    let (method, name) = (metadata.method(), metadata.client_name.clone().unwrap_or_default());
    let value = json!({ "client_id": client_id, "client_name": name, "token_endpoint_auth_method": method, "source": source });
    (value, [client_id.to_owned(), method.to_owned(), source.to_owned(), printable(&name)])
}

/// A text without what a terminal would obey: the name may be one that a stranger registered.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

/// A value as lines of text.
fn shown(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![printable(text)],
        Value::Array(values) => values.iter().flat_map(shown).collect(),
        other => vec![printable(&other.to_string())],
    }
}

fn tell_secret(out: &mut (dyn Write + Send), secret: Option<&ClientSecret>) -> Result<(), Failure> {
    let Some(secret) = secret else { return Ok(()) };
    say(out, format_args!("\n  client_secret  {}\n", secret.expose()))?;
    say(out, format_args!("Keep it: only its digest is stored, and it is not shown again."))
}
