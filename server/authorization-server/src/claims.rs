//! What is told of a user, claim by claim (OpenID Connect Core §5.4).

use std::collections::{BTreeMap, BTreeSet};

use protocol::Scope;
use serde_json::Value;
use user_database::Account;

/// The claims about a user, each with the scope that covers it.
const COVERED: [(&str, &str); 4] =
    [("name", "profile"), ("preferred_username", "profile"), ("email", "email"), ("email_verified", "email")];

/// The scope that covers a claim; none for a claim that is not known here.
pub(crate) fn scope_of(claim: &str) -> Option<&'static str> {
    COVERED.iter().find(|(name, _)| *name == claim).map(|(_, scope)| *scope)
}

/// Those of `wanted` that `scope` covers, with what they are for `account`.
pub(crate) fn about(account: &Account, wanted: &BTreeSet<String>, scope: &Scope) -> BTreeMap<String, Value> {
    let covered = wanted.iter().filter(|name| scope_of(name).is_some_and(|covering| scope.contains(covering)));
    covered.filter_map(|name| Some((name.clone(), value(account, name)?))).collect()
}

fn value(account: &Account, claim: &str) -> Option<Value> {
    match claim {
        "name" => Some(account.name.clone().into()),
        "preferred_username" => Some(account.username.clone().into()),
        "email" => Some(account.email.clone().into()),
        "email_verified" => Some(account.email_verified.into()),
        _ => None,
    }
}
