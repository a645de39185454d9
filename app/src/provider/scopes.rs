//! Scopes in plain words.

/// What a client may do with a scope, to complete "… would like to"; an unknown one is named as it is.
pub fn meaning(scope: &str) -> String {
    match scope {
        "openid" => "know who you are".to_owned(),
        "profile" => "see your name".to_owned(),
        "email" => "see your e-mail address".to_owned(),
        "address" => "see your postal address".to_owned(),
        "phone" => "see your telephone number".to_owned(),
        "offline_access" => "stay signed in while you are away".to_owned(),
        other => format!("use: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_scopes_are_told_in_plain_words_and_others_by_their_token() {
        assert_eq!(meaning("openid"), "know who you are");
        assert_eq!(meaning("profile"), "see your name");
        assert_eq!(meaning("email"), "see your e-mail address");
        assert_eq!(meaning("offline_access"), "stay signed in while you are away");
        assert_eq!(meaning("profile:read"), "use: profile:read");
    }
}
