//! `cloakroom user …`: the accounts of the User Database.

use std::io::{BufRead as _, Write};

use authorization_server::password;
use jiff::Timestamp;
use protocol::secret::Password;
use queue::{Envelope, Event};
use serde_json::{Value, json};
use user_database::{Account, AccountKeeper as _, Accounts as _, Sessions as _, SqlDatabase};
use uuid::Uuid;

use super::{audit_line, failed, say, say_json};
use crate::cli::user::{PasswordSource, UserCommand};
use crate::house::{Nature, open_database, open_queue};
use crate::{Configuration, Failure};

/// Accounts that are read from the database at once.
const PAGE: u32 = 200;
/// No honest name or address is longer, in bytes.
const LONGEST: usize = 254;

/// Does what `command` says, and tells so on `out`; `ask` gives the password where one is needed.
///
/// # Errors
/// [`Failure`] where the User Database does not answer, or the account is not there, or something cannot be what it should be.
pub async fn command(
    configuration: &Configuration,
    command: &UserCommand,
    nature: &Nature,
    ask: &(dyn Fn(PasswordSource) -> Result<Password, Failure> + Sync),
    out: &mut (dyn Write + Send),
) -> Result<(), Failure> {
    let database = open_database(configuration, nature).await?;
    let office = Office { configuration, database: &database, nature };
    let done = match command {
        UserCommand::Add { username, email, name, email_verified, password } => {
            let name = name.as_deref().unwrap_or(username);
            office.add(&Newcomer { username, email, name, email_verified: *email_verified }, || ask(*password), out).await
        }
        UserCommand::List { json } => office.list(*json, out).await,
        UserCommand::SetPassword { login, password } => office.set_password(login, || ask(*password), out).await,
        UserCommand::Disable { login } => office.set_disabled(login, true, out).await,
        UserCommand::Enable { login } => office.set_disabled(login, false, out).await,
        UserCommand::Remove { login } => office.remove(login, out).await,
    };
    database.close().await;
    done
}

/// Reads a password as an operator gives it: from standard input, or twice from the terminal, which does not show it.
///
/// # Errors
/// [`Failure::Command`] where there is no terminal, or the two differ.
pub fn ask(source: PasswordSource) -> Result<Password, Failure> {
    if source.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(|error| Failure::Command(format!("standard input: {error}")))?;
        return Ok(Password::new(line.trim_end_matches(['\r', '\n'])));
    }
    let prompt = |words: &str| {
        rpassword::prompt_password(words)
            .map(Password::new)
            .map_err(|_| Failure::Command("there is no terminal to ask for the password on: use --password-stdin".to_owned()))
    };
    let password = prompt("Password: ")?;
    if prompt("The same again: ")? == password {
        Ok(password)
    } else {
        Err(Failure::Command("the two passwords differ; nothing was changed".to_owned()))
    }
}

struct Newcomer<'a> {
    username: &'a str,
    email: &'a str,
    name: &'a str,
    email_verified: bool,
}

struct Office<'a> {
    configuration: &'a Configuration,
    database: &'a SqlDatabase,
    nature: &'a Nature,
}

impl Office<'_> {
    async fn add(
        &self,
        newcomer: &Newcomer<'_>,
        ask: impl FnOnce() -> Result<Password, Failure>,
        out: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        newcomer.check()?;
        for login in [newcomer.username, newcomer.email] {
            if self.database.by_login(login).await.map_err(failed)?.is_some() {
                return Err(taken());
            }
        }
        let account = Account {
            subject: self.subject(),
            username: newcomer.username.to_lowercase(),
            password_hash: self.hash(&ask()?)?,
            name: newcomer.name.to_owned(),
            email: newcomer.email.to_owned(),
            email_verified: newcomer.email_verified,
            created_at: self.nature.clock.now(),
            disabled: false,
            sessions_since: Timestamp::UNIX_EPOCH,
        };
        if !self.database.add(&account).await.map_err(failed)? {
            return Err(taken());
        }
        self.note("account_added", &account).await?;
        say(out, format_args!("The account {} was added; its subject is {}.", account.username, account.subject))
    }

    fn subject(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.nature.rng.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    fn hash(&self, password: &Password) -> Result<String, Failure> {
        let refused = |error: &dyn std::fmt::Display| Failure::Command(error.to_string());
        password::check(password).map_err(|error| refused(&error))?;
        password::hash(password, &*self.nature.rng).map_err(|error| refused(&error))
    }

    async fn list(&self, json: bool, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
        let mut all: Vec<Account> = Vec::new();
        loop {
            let after = all.last().map(|last| last.username.clone()).unwrap_or_default();
            let page = self.database.list(&after, PAGE).await.map_err(failed)?;
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        if json {
            let all: Vec<Value> = all.iter().map(document).collect();
            return say_json(out, &all);
        }
        if all.is_empty() {
            return say(out, format_args!("There are no accounts."));
        }
        let widest = all.iter().map(|account| account.username.chars().count()).max().unwrap_or_default();
        for account in all {
            let (username, state) = (&account.username, if account.disabled { "disabled" } else { "" });
            say(
                out,
                format_args!("{username:<widest$}  {}  {:<8}  {} <{}>", account.subject, state, account.name, account.email),
            )?;
        }
        Ok(())
    }

    async fn set_password(
        &self,
        login: &str,
        ask: impl FnOnce() -> Result<Password, Failure>,
        out: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let account = self.known(login).await?;
        let hash = self.hash(&ask()?)?;
        let changed = self.database.set_password(account.subject, &hash, self.nature.clock.now()).await.map_err(failed)?;
        self.ended(changed, login, "account_password_set", &account).await?;
        self.tell_clients(&account).await?;
        say(out, format_args!("The account {} has another password; its sessions and grants are over.", account.username))
    }

    async fn set_disabled(&self, login: &str, disabled: bool, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
        let account = self.known(login).await?;
        let now = self.nature.clock.now();
        let changed = self.database.set_disabled(account.subject, disabled, now).await.map_err(failed)?;
        let kind = if disabled { "account_disabled" } else { "account_enabled" };
        self.ended(changed, login, kind, &account).await?;
        let username = &account.username;
        if disabled {
            self.tell_clients(&account).await?;
            say(out, format_args!("The account {username} cannot sign in any more; its sessions and grants are over."))
        } else {
            say(out, format_args!("The account {username} can sign in again."))
        }
    }

    async fn remove(&self, login: &str, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
        let account = self.known(login).await?;
        // Nobody may sign in anew between the news and the removal, which takes the book of sessions along.
        self.database.set_disabled(account.subject, true, self.nature.clock.now()).await.map_err(failed)?;
        self.tell_clients(&account).await?;
        let removed = self.database.remove(account.subject).await.map_err(failed)?;
        self.ended(removed, login, "account_removed", &account).await?;
        say(out, format_args!("The account {} was removed, with its consents and grants.", account.username))
    }

    /// Lets the clients of the account's sessions know that these are over, by way of the Queue, and strikes the sessions out.
    async fn tell_clients(&self, account: &Account) -> Result<(), Failure> {
        let sessions = self.database.of_subject(account.subject, self.nature.clock.now()).await.map_err(failed)?;
        if sessions.iter().any(|session| !session.clients.is_empty()) {
            let untold = |error: &dyn std::fmt::Display| {
                let username = &account.username;
                Failure::Command(format!(
                    "{username} is signed out, but the applications could not be told: {error}; please run the command again"
                ))
            };
            let queue = open_queue(self.configuration).await.map_err(|error| untold(&error))?;
            for session in &sessions {
                for client_id in &session.clients {
                    let (subject, client_id, sid) = (account.subject.to_string(), client_id.clone(), session.sid.clone());
                    let event = Event::SessionEnded { subject, client_id, sid };
                    let envelope = Envelope::new(event, &*self.nature.clock, &*self.nature.rng);
                    queue.push(&envelope).await.map_err(|error| untold(&error))?;
                }
            }
        }
        for session in &sessions {
            self.database.strike(&session.sid).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn known(&self, login: &str) -> Result<Account, Failure> {
        self.database.by_login(login).await.map_err(failed)?.ok_or_else(|| unknown(login))
    }

    /// Notes what was done, unless another was quicker to remove the account.
    async fn ended(&self, done: bool, login: &str, kind: &str, account: &Account) -> Result<(), Failure> {
        if done { self.note(kind, account).await } else { Err(unknown(login)) }
    }

    async fn note(&self, kind: &str, account: &Account) -> Result<(), Failure> {
        let details = json!({ "username": account.username });
        audit_line(self.database, self.nature, kind, Some(account.subject), details).await
    }
}

impl Newcomer<'_> {
    fn check(&self) -> Result<(), Failure> {
        let refused = |words: &str| Err(Failure::Command(words.to_owned()));
        let plain = |text: &str| (1..=LONGEST).contains(&text.len()) && !text.contains(char::is_control);
        if !plain(self.username) || self.username.contains(char::is_whitespace) {
            return refused("the username must be 1 to 254 bytes without spaces");
        }
        let parts = self.email.rsplit_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty());
        if !plain(self.email) || self.email.contains(char::is_whitespace) || parts.is_none() {
            return refused("the e-mail address must look like ada@example.com");
        }
        if plain(self.name) { Ok(()) } else { refused("the name must be 1 to 254 bytes without control characters") }
    }
}

fn taken() -> Failure {
    Failure::Command("the username or the e-mail address is taken by another account".to_owned())
}

fn unknown(login: &str) -> Failure {
    Failure::Command(format!("there is no account {login:?}; cloakroom user list shows those that there are"))
}

fn document(account: &Account) -> Value {
    json!({
        "subject": account.subject, "username": account.username, "name": account.name, "email": account.email,
        "email_verified": account.email_verified, "disabled": account.disabled, "created_at": account.created_at.to_string(),
    })
}
