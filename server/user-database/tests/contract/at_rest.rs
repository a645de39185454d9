//! What the database holds: no token that works, and everything that was promised.

use std::path::Path;

use protocol::seal;
use user_database::{
    Accounts, AuditRecord, AuditTrail, Consents, Grants, Link, LinkPurpose, Links as _, Opening, Rotation, SigningKeys, StoredKey,
};
use uuid::Uuid;

use crate::engines::{Home, on_every_engine};
use crate::samples::{CLIENT, account, at, grant, scope, signing_key, subject, token};

on_every_engine![a_dump_holds_no_refresh_token, a_dump_and_an_old_token_do_not_lead_to_the_live_one, a_restart_keeps_everything];

fn holds(dump: &[u8], text: &str) -> bool {
    dump.windows(text.len()).any(|window| window == text.as_bytes())
}

async fn a_dump_holds_no_refresh_token(home: &Home) {
    let database = home.open().await;
    Grants::add(&*database, &grant(subject(&database).await), Some(&token("1"))).await.unwrap();
    database.rotate(&token("1"), CLIENT, &token("2"), at(1)).await.unwrap();
    database.rotate(&token("2"), CLIENT, &token("3"), at(2)).await.unwrap();
    let dump = home.dump().await;
    for each in ["1", "2", "3"] {
        let digest = seal::digest("refresh token", token(each).expose().as_bytes());
        assert!(holds(&dump, &digest), "the search finds what is there");
        assert!(!holds(&dump, token(each).expose()));
    }
    assert!(!holds(&dump, "must-not-be-found"), "nor a piece of one");
}

/// The dump's reader opens each sealed successor with the token before it; the chain must have been cut.
async fn a_dump_and_an_old_token_do_not_lead_to_the_live_one(home: &Home) {
    let database = home.open().await;
    let grant = grant(subject(&database).await);
    Grants::add(&*database, &grant, Some(&token("1"))).await.unwrap();
    database.rotate(&token("1"), CLIENT, &token("2"), at(0)).await.unwrap();
    database.rotate(&token("2"), CLIENT, &token("3"), at(300)).await.unwrap();
    assert_eq!(database.prune(at(300)).await.unwrap(), 0);
    assert_eq!(sealed_successors(home).await, 1, "the second token's, within its grace; the first one's is forgotten");
    assert_eq!(database.prune(at(600)).await.unwrap(), 0);
    assert_eq!(sealed_successors(home).await, 0);
    let replayed = database.rotate(&token("1"), CLIENT, &token("x"), at(600)).await.unwrap();
    assert!(matches!(replayed, Rotation::Replayed(_)), "its use is still remembered: {replayed:?}");
}

async fn sealed_successors(home: &Home) -> i64 {
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&home.url()).await.unwrap();
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM refresh_tokens WHERE successor IS NOT NULL").fetch_one(&pool).await;
    pool.close().await;
    count.unwrap()
}

async fn a_restart_keeps_everything(home: &Home) {
    let before = home.open().await;
    let kept = Kept::write(&before).await;
    before.close().await;
    assert!(before.ping().await.is_err(), "it is closed");
    kept.check(&*home.open().await).await;
}

/// Something by each port.
struct Kept {
    account: user_database::Account,
    grant: user_database::Grant,
    key: StoredKey,
    event: AuditRecord,
    link: Link,
    newcomer: user_database::Account,
}

impl Kept {
    async fn write(database: &user_database::SqlDatabase) -> Self {
        let account = account("kept");
        assert!(Accounts::add(database, &account).await.unwrap());
        database.allow(account.subject, CLIENT, &scope("openid email"), at(0)).await.unwrap();
        let grant = grant(account.subject);
        Grants::add(database, &grant, Some(&token("1"))).await.unwrap();
        database.rotate(&token("1"), CLIENT, &token("2"), at(1)).await.unwrap();
        let key = StoredKey { sealed: vec![0, 255, 10, 92], ..signing_key("P-256", 1, 0) };
        assert!(SigningKeys::add(database, &key, at(0)).await.unwrap());
        let details = serde_json::json!({ "n": 1 });
        let event = AuditRecord { id: Uuid::now_v7(), at: at(0), kind: "consented".to_owned(), subject: None, details };
        assert!(database.record(&event).await.unwrap());
        let link = crate::links::link(LinkPurpose::PasswordReset, &account.email, 0);
        assert!(database.issue(&link).await.unwrap());
        let sign_up = crate::links::link(LinkPurpose::SignUp, "newcomer@example.org", 0);
        assert!(database.issue(&sign_up).await.unwrap());
        let newcomer = crate::links::newcomer(&sign_up, "newcomer");
        assert_eq!(database.open_account(&sign_up.digest, &newcomer, at(1)).await.unwrap(), Opening::Opened);
        Self { account, grant, key, event, link, newcomer }
    }

    async fn check(self, database: &user_database::SqlDatabase) {
        assert_eq!(database.allowed(self.account.subject, CLIENT).await.unwrap(), scope("openid email"));
        assert_eq!(database.by_login("kept").await.unwrap(), Some(self.account));
        assert_eq!(database.live(self.grant.id, at(2)).await.unwrap(), Some(self.grant));
        let repeated = database.rotate(&token("1"), CLIENT, &token("x"), at(2)).await.unwrap();
        assert!(matches!(repeated, Rotation::Repeated { ref successor, .. } if *successor == token("2")), "{repeated:?}");
        let rotated = database.rotate(&token("2"), CLIENT, &token("3"), at(2)).await.unwrap();
        assert!(matches!(rotated, Rotation::Rotated(_)), "{rotated:?}");
        assert_eq!(database.all().await.unwrap(), [self.key]);
        assert_eq!(database.recent(None, 9).await.unwrap(), [self.event]);
        assert_eq!(database.find(&self.link.digest, at(2)).await.unwrap(), Some(self.link));
        assert_eq!(database.by_login("newcomer@example.org").await.unwrap(), Some(self.newcomer));
    }
}

/// What `kill -9` leaves behind is the files as they are while the database is open; a copy of them stands for that.
#[tokio::test]
async fn what_was_acknowledged_is_in_the_files_at_once() {
    let (home, copy) = (Home::sqlite(), Home::sqlite());
    let (Home::Sqlite(from), Home::Sqlite(to)) = (&home, &copy) else { unreachable!() };
    let database = home.open().await;
    let kept = Kept::write(&database).await;
    for file in std::fs::read_dir(from.path()).unwrap().map(Result::unwrap) {
        // The index of the log is shared memory of the process that is gone; the next one builds it anew.
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), Path::new(to.path()).join(file.file_name())).unwrap();
        }
    }
    kept.check(&*copy.open().await).await;
}
