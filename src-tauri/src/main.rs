//! Pursuance for the desktop: one window in front of one node (docs/protocol/08-node.md, "The door").
//!
//! ```text
//! options -> surroundings -> runtime -> node -> window ... closed -> node stopped
//! ```
//!
//! A node that cannot start (another Pursuance has the folder, the disk refuses) still gets its window: every command
//! answers with that trouble, so the person reads its sentence where they look. What is wrong on the command line is
//! said there, and ends the program with code 2.

mod commands;
mod options;
mod surroundings;
mod window;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use pursuance_node::Node;
use pursuance_node::api::Request;
use tokio::runtime::Runtime;
use tracing_subscriber::EnvFilter;
use zeroize::Zeroize;

use crate::commands::Door;
use crate::options::Options;
use crate::surroundings::Sandbox;

/// How long the node may take to say goodbye to Tor and to close its files.
const STOP_SECONDS: u64 = 10;
/// How long whatever is left may keep the program from ending.
const RUNTIME_STOP_SECONDS: u64 = 1;
/// What is logged unless `PURSUANCE_LOG` says otherwise; nothing secret is ever logged.
const LOG_DEFAULT: &str = "warn,tor_netdir=error";

fn main() -> ExitCode {
    let options = Options::parse();
    let sandbox = match surroundings::settle() {
        Ok(sandbox) => sandbox,
        Err(error) => {
            eprintln!("pursuance: could not start in a safe environment: {error}");
            return ExitCode::FAILURE;
        }
    };
    let filter = EnvFilter::try_from_env("PURSUANCE_LOG").unwrap_or_else(|_| EnvFilter::new(LOG_DEFAULT));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    if sandbox == Sandbox::Off {
        eprintln!(
            "pursuance: this computer lets programs make no sandbox (bubblewrap); the window works without that second wall"
        );
    }
    let config = match options.node_config() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("pursuance: {error}");
            return ExitCode::from(2);
        }
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("pursuance: no threads to work with: {error}");
            return ExitCode::FAILURE;
        }
    };
    // Before anything of the window can make a runtime of its own.
    tauri::async_runtime::set(runtime.handle().clone());

    let webview_dir = config.data_dir.join("webview");
    let node = {
        let _inside = runtime.enter();
        Node::start(config)
    };
    if let Err(trouble) = &node {
        eprintln!("pursuance: {trouble}");
    }
    if let (Ok(node), true) = (&node, options.passphrase_stdin()) {
        runtime.block_on(unlock_from_stdin(node));
    }
    let ended = show(Door::new(node.clone()), webview_dir, options.invite());

    if let Ok(node) = node {
        let stopped =
            runtime.block_on(async { tokio::time::timeout(Duration::from_secs(STOP_SECONDS), node.stop()).await });
        if stopped.is_err() {
            tracing::warn!("the node did not stop within {STOP_SECONDS} s");
        }
    }
    runtime.shutdown_timeout(Duration::from_secs(RUNTIME_STOP_SECONDS));
    match ended {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("pursuance: the window could not be opened: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Opens the vault with the first line of standard input; where that fails, the window asks.
async fn unlock_from_stdin(node: &Node) {
    let mut line = String::new();
    let unlocked = match std::io::stdin().read_line(&mut line) {
        Ok(_) => {
            let passphrase = line.trim_end_matches(['\r', '\n']).to_owned();
            node.request(Request::Unlock { passphrase }).await.map(|_| ()).map_err(|trouble| trouble.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    line.zeroize();
    if let Err(trouble) = unlocked {
        eprintln!("pursuance: {trouble}");
    }
}

/// Shows the window until it is closed, or until the program is asked to end.
fn show(door: Door, webview_dir: std::path::PathBuf, invite: Option<&str>) -> tauri::Result<i32> {
    let invite = invite.map(str::to_owned);
    let app = tauri::Builder::default()
        .manage(door)
        .invoke_handler(tauri::generate_handler![commands::request, commands::view, commands::watch])
        .setup(move |app| {
            window::open(app, webview_dir, invite.as_deref())?;
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move {
                asked_to_end().await;
                handle.exit(0);
            });
            Ok(())
        })
        .build(tauri::generate_context!())?;
    Ok(app.run_return(|_, _| {}))
}

/// Returns when the system, or Ctrl-C in a terminal, asks the program to end.
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
