//! The binary as a process: how it starts, how it refuses to, how it ends, and what a `kill -9` leaves.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::support::Browser;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn cloakroom(directory: &Path, set: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloakroom"));
    command.current_dir(ROOT).arg("--set").arg(format!("data_directory={}", directory.display()));
    for assignment in set {
        command.arg("--set").arg(assignment);
    }
    command
}

/// Addresses that nobody uses, and their origins.
fn addresses() -> (Vec<String>, String) {
    let listeners: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let ports: Vec<u16> = listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
    let mut set = Vec::new();
    for ((section, key), port) in [("application", "origin"), ("provider", "issuer"), ("resource", "origin")].iter().zip(&ports) {
        set.push(format!("{section}.listen=127.0.0.1:{port}"));
        set.push(format!("{section}.{key}=http://localhost:{port}"));
    }
    (set, format!("http://localhost:{}", ports[0]))
}

/// A started process; killed with the value.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(directory: &Path, set: &[String], arguments: &[&str]) -> Started {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut command = cloakroom(directory, set);
    command.args(arguments);
    spawn(command)
}

fn spawn(mut command: Command) -> Started {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let ready = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).any(|line| line.contains("Ready in"));
    assert!(ready, "it did not start");
    Started(child)
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// One line that says what to do, and exit code 2.
fn refused(output: &Output, tells: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    for tell in tells {
        assert!(said.contains(tell), "{tell} in {said}");
    }
}

#[test]
fn a_port_in_use_is_named_with_the_setting_that_moves_it() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("provider.listen={}", taken.local_addr().unwrap());
    let (mut set, _) = addresses();
    set.push(listen);
    refused(&cloakroom(directory.path(), &set).output().unwrap(), &[&taken.local_addr().unwrap().to_string(), "provider.listen"]);
}

#[test]
fn a_configuration_that_cannot_be_is_refused_in_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cloakroom.toml");
    std::fs::write(&file, "[provider]\nisuer = 'http://localhost:4000'\n").unwrap();
    let mut command = cloakroom(directory.path(), &[]);
    refused(
        &command.arg("--config").arg(&file).arg("check-config").output().unwrap(),
        &["provider.isuer", "did you mean provider.issuer?"],
    );
    std::fs::write(&file, "[provider\n").unwrap();
    let mut command = cloakroom(directory.path(), &[]);
    refused(&command.arg("--config").arg(&file).output().unwrap(), &["cloakroom.toml"]);
    let mut command = cloakroom(directory.path(), &["mode=production".to_owned()]);
    refused(&command.output().unwrap(), &["provider.sealing_key", "application.client_key_file", "mail.url"]);
}

#[test]
fn an_engine_that_is_away_is_named_with_the_setting_that_chooses_another() {
    let directory = tempfile::tempdir().unwrap();
    for (key, url) in [
        ("database", "postgres://user:secret@127.0.0.1:1/cloakroom"),
        ("cache", "redis://:secret@127.0.0.1:1/0"),
        ("queue", "redis://:secret@127.0.0.1:1/0"),
    ] {
        let (mut set, _) = addresses();
        set.push(format!("{key}={url}"));
        let output = cloakroom(directory.path(), &set).output().unwrap();
        refused(&output, &["127.0.0.1:1", "does not answer", &format!("set {key}")]);
        assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"));
    }
}

#[test]
fn a_good_configuration_is_told_back() {
    let directory = tempfile::tempdir().unwrap();
    let output = cloakroom(directory.path(), &[]).arg("check-config").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("The configuration is good.") && said.contains("http://localhost:4000"),
        "{said}"
    );
}

#[test]
fn check_config_writes_nothing_and_takes_a_key_of_digits_from_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let check = |key: &str| {
        let mut command = cloakroom(&data, &[]);
        command.arg("check-config").env("CLOAKROOM__PROVIDER__SEALING_KEY", key).output().unwrap()
    };
    let good = check(&"0123456789".repeat(4));
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let short = check("31415926");
    refused(&short, &["provider.sealing_key must have 32 characters"]);
    assert!(!String::from_utf8_lossy(&short.stderr).contains("31415926"));
    assert!(!data.exists());
}

#[test]
fn demonstration_accounts_do_not_survive_into_production() {
    let directory = tempfile::tempdir().unwrap();
    let (mut set, _) = addresses();
    drop(start(directory.path(), &set, &[]));
    set.push("provider.demo_accounts=false".to_owned());
    refused(&cloakroom(directory.path(), &set).output().unwrap(), &["ada, grace", "use a fresh database"]);
}

#[tokio::test]
async fn a_signal_to_stop_ends_it_well() {
    for name in ["-TERM", "-INT"] {
        let directory = tempfile::tempdir().unwrap();
        let (set, origin) = addresses();
        let mut started = start(directory.path(), &set, &[]);
        assert!(Browser::default().sign_in(&origin, "/").await.body.contains("Ada Lovelace"));
        signal(&started.0, name);
        let status = tokio::task::spawn_blocking(move || started.0.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{name}: {status}");
    }
}

/// What was acknowledged survives `kill -9`: the session, and the audit event, which the next worker files.
#[tokio::test]
async fn a_kill_loses_nothing_that_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let (set, origin) = addresses();
    let started = start(directory.path(), &set, &["--roles", "application,provider,resource"]);
    let mut browsers = Vec::new();
    for _ in 0..3 {
        let mut browser = Browser::default();
        assert!(browser.sign_in(&origin, "/").await.body.contains("Ada Lovelace"));
        browsers.push(browser);
    }
    // And one in the middle of its sign-in.
    let mut late = Browser::default();
    let login = late.get(&format!("{origin}/login")).await;
    signal(&started.0, "-KILL");
    drop(started);

    let _started = start(directory.path(), &set, &[]);
    for browser in &mut browsers {
        assert!(browser.get(&origin).await.body.contains("Ada Lovelace"), "a session was lost");
    }
    assert!(late.log_in(login).await.body.contains("Ada Lovelace"), "a begun sign-in was lost");
    let filed = || {
        let output = cloakroom(directory.path(), &set).arg("audit").output().unwrap();
        String::from_utf8_lossy(&output.stdout).matches("signed_in").count()
    };
    let all = async {
        while filed() < 4 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("an audit event was lost");
}

/// What `dev-cert` prints is all there is to do for https; and a certificate is replaced on SIGHUP without a restart.
#[cfg(unix)]
#[tokio::test]
async fn a_development_certificate_is_made_served_and_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let (mut set, origin) = addresses();
    let made = |arguments: &[&str]| {
        let output = cloakroom(directory.path(), &[]).arg("dev-cert").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(made(&[]).starts_with("Made, for localhost, 127.0.0.1, ::1"));
    assert!(made(&[]).starts_with("There already"));
    let tls = directory.path().join("tls");
    let place = |name: &str| tls.join(name).display().to_string();
    for assignment in &mut set {
        *assignment = assignment.replace("=http:", "=https:");
    }
    for section in ["application", "provider", "resource"] {
        set.push(format!("{section}.tls.certificate={}", place("localhost.pem")));
        set.push(format!("{section}.tls.key={}", place("localhost-key.pem")));
    }
    set.push(format!("network.certificate_authorities=[\"{}\"]", place("authority.pem")));
    let mut command = cloakroom(directory.path(), &set);
    command.stdin(Stdio::null());
    let started = spawn(command);

    let authority = reqwest::Certificate::from_pem(&std::fs::read(tls.join("authority.pem")).unwrap()).unwrap();
    let mut browser = Browser { trusts: Some(authority.clone()), ..Browser::default() };
    let page = browser.sign_in(&origin.replace("http:", "https:"), "/").await;
    assert!(page.body.contains("Ada Lovelace"), "{:?}", browser.hops);

    let shown = async || {
        let client = reqwest::Client::builder().tls_certs_merge([authority.clone()]).tls_info(true).build().unwrap();
        let answer = client.get(origin.replace("http:", "https:")).send().await.unwrap();
        let info = answer.extensions().get::<reqwest::tls::TlsInfo>().unwrap();
        info.peer_certificate().unwrap().to_vec()
    };
    let first = shown().await;
    assert!(made(&["--force"]).starts_with("Made"));
    signal(&started.0, "-HUP");
    let replaced = async {
        while shown().await == first {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(8), replaced).await.expect("the certificate was not replaced");

    drop(started);
    std::fs::remove_file(tls.join("localhost-key.pem")).unwrap();
    refused(&cloakroom(directory.path(), &set).output().unwrap(), &["application.tls.key", "localhost-key.pem", "No such file"]);
}
