//! The `cloakroom` binary.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser as _;
use server::house::Nature;
use server::{Configuration, Failure, cli, commands, run, signing_keys};

/// Password hashing takes and gives back 19 MiB at a time on many threads; this allocator gives it back to the system.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let began = Instant::now();
    let cli = cli::Cli::parse();
    match start(&cli, began) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("cloakroom: {failure}");
            ExitCode::from(2)
        }
    }
}

fn start(cli: &cli::Cli, began: Instant) -> Result<(), Failure> {
    let configuration = Configuration::load(cli.config.as_deref(), &cli.set, cli.roles.as_deref())?;
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return Err(Failure::Command("TLS could not be set up".to_owned()));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Command(format!("no runtime: {error}")))?;
    let done = runtime.block_on(async {
        match &cli.command {
            None | Some(cli::Command::Serve) => run::serve(configuration, began).await,
            Some(cli::Command::CheckConfig) => commands::check_config(&configuration),
            Some(cli::Command::DevCert { force }) => commands::dev_cert(&configuration, *force),
            Some(cli::Command::Queue(command)) => commands::queue(&configuration, command).await,
            Some(cli::Command::Keys(command)) => {
                signing_keys::command(&configuration, command, &Nature::default(), &mut std::io::stdout()).await
            }
            Some(cli::Command::Client(command)) => {
                commands::clients::command(&configuration, command, &Nature::default(), &mut std::io::stdout()).await
            }
            Some(cli::Command::User(command)) => {
                let ask = &commands::users::ask;
                commands::users::command(&configuration, command, &Nature::default(), ask, &mut std::io::stdout()).await
            }
            Some(cli::Command::Audit { limit }) => commands::audit(&configuration, *limit).await,
        }
    });
    // What still runs was waited for long enough, or is not to be waited for.
    runtime.shutdown_background();
    done
}
