//! The classic attacks on a sign-in, and what came of one.

use protocol::Exchange;

/// An attack that `/flow` offers to make, in development.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// A code that was used is brought once more.
    ReplayedCode,
    /// The victim is led to a callback with the attacker's state and code.
    SwappedState,
    /// The victim's callback gets the attacker's code.
    OtherBrowsersCode,
    /// The answer comes of another issuer than was asked.
    MixedUpIssuer,
    /// The answer comes when its transaction is gone.
    ExpiredTransaction,
    /// A session cookie is made up.
    ForgedCookie,
    /// A page of another site posts a form.
    CrossSitePost,
}

/// What an attack is, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// What it is called in an address.
    pub name: &'static str,
    /// The heading.
    pub title: &'static str,
    /// What the attacker does, and what for.
    pub sentence: &'static str,
    /// What stands in the way.
    pub defence: &'static str,
    /// Where that is demanded.
    pub clause: &'static str,
    /// The exchange where it stops.
    pub exchange: Exchange,
}

impl Attack {
    /// All of them, in the order of the exchanges at which they aim.
    pub const ALL: [Self; 7] = [
        Self::SwappedState,
        Self::MixedUpIssuer,
        Self::ExpiredTransaction,
        Self::OtherBrowsersCode,
        Self::ReplayedCode,
        Self::ForgedCookie,
        Self::CrossSitePost,
    ];

    /// The attack that is called so in an address.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attack| attack.description().name == name)
    }

    /// What it is.
    #[must_use]
    pub fn description(self) -> Description {
        match self {
            Self::SwappedState => Description {
                name: "swapped-state",
                title: "Swap the state",
                sentence: "The attacker signs in halfway, and has the victim open the attacker's callback: the victim would work in the \
                           attacker's account without knowing.",
                defence: "The state belongs to a transaction, and the transaction to the browser that began it: its cookie is not in the \
                          victim's browser.",
                clause: "RFC 9700 §4.7.1",
                exchange: Exchange::Callback,
            },
            Self::MixedUpIssuer => Description {
                name: "mixed-up-issuer",
                title: "Mix up the issuer",
                sentence: "An answer says that it comes of another provider, so that the code would be sent to the wrong one.",
                defence: "The issuer of the answer is compared with the one that was asked, before the code goes anywhere.",
                clause: "RFC 9207 §2.4",
                exchange: Exchange::Callback,
            },
            Self::ExpiredTransaction => Description {
                name: "expired-transaction",
                title: "Come too late",
                sentence: "A callback is kept back, and opened when its sign-in has expired. Nobody waits here: the record is taken out of \
                           the Cache, as its expiry does.",
                defence: "What was remembered of the sign-in is gone, so that no state fits, and no code is redeemed.",
                clause: "RFC 9700 §4.7.1",
                exchange: Exchange::Callback,
            },
            Self::OtherBrowsersCode => Description {
                name: "other-browsers-code",
                title: "Inject another browser's code",
                sentence: "The attacker got hold of the victim's code, and puts it into a callback of a sign-in of the attacker's own.",
                defence: "The code was asked for with the challenge of the victim's transaction; the verifier of the attacker's does not \
                          answer it.",
                clause: "RFC 7636 §4.6, RFC 9700 §4.5.3.1",
                exchange: Exchange::TokenRequest,
            },
            Self::ReplayedCode => Description {
                name: "replayed-code",
                title: "Replay the code",
                sentence: "The victim has signed in. The attacker brings the same code once more, in a callback of a sign-in of the \
                           attacker's own.",
                defence: "A code is good once. Whoever brings it again has what it gave revoked, since it may have been stolen.",
                clause: "RFC 6749 §4.1.2",
                exchange: Exchange::TokenRequest,
            },
            Self::ForgedCookie => Description {
                name: "forged-cookie",
                title: "Forge the cookie",
                sentence: "The attacker makes up a session cookie and asks who is signed in.",
                defence: "The cookie is a ticket of 256 random bits; nothing can be worked out from it, and no record lies under another.",
                clause: "RFC 6749 §10.10",
                exchange: Exchange::SessionCookie,
            },
            Self::CrossSitePost => Description {
                name: "cross-site-post",
                title: "Post from another site",
                sentence: "A page of another site posts the form that signs the victim out, and the victim's cookie goes along.",
                defence: "The browser says where a request comes from (Sec-Fetch-Site, Origin), and the form is refused.",
                clause: "RFC 6749 §10.12",
                exchange: Exchange::SessionCookie,
            },
        }
    }
}

/// Who sends a request of an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The one who attacks.
    Attacker,
    /// The one who is attacked.
    Victim,
}

/// A request of an attack, and what came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Who sent it.
    pub actor: Actor,
    /// What it was for.
    pub purpose: &'static str,
    /// `GET /callback?code=…&state=…`: values that open something are not shown.
    pub request: String,
    /// `302 → /problem/other-browser`.
    pub answer: String,
}

/// What came of an attack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttackReport {
    /// Which one.
    pub attack: Attack,
    /// What was sent, in order.
    pub steps: Vec<Step>,
    /// Whether the defence held.
    pub repelled: bool,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_attack_is_found_by_its_name_and_no_other() {
        for attack in Attack::ALL {
            assert_eq!(Attack::named(attack.description().name), Some(attack));
        }
        let names: BTreeSet<&str> = Attack::ALL.iter().map(|attack| attack.description().name).collect();
        assert_eq!(names.len(), Attack::ALL.len());
        assert_eq!(Attack::named("swapped-state "), None);
        assert_eq!(Attack::named(""), None);
    }
}
