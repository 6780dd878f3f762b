//! Pursuance for the desktop: one window in front of one node (docs/protocol/08-node.md, "The door").
//!
//! ```text
//! options -> surroundings -> secrecy -> runtime -> node -> window ... closed -> node stopped
//! ```
//!
//! Where a Pursuance with a window has the folder already, the second start hands over to it and ends. Any other node that
//! cannot start (the disk refuses) still gets its window: every command
//! answers with that trouble, so the person reads its sentence where they look. What is wrong on the command line is
//! said there, and ends the program with code 2.

mod commands;
mod handover;
mod options;
mod secrecy;
mod surroundings;
mod window;

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use pursuance_node::Node;
use pursuance_node::api::{Request, Trouble};
use pursuance_node::log_filter;
use tauri::{AppHandle, Manager};
use tokio::runtime::Runtime;
use tracing_subscriber::EnvFilter;
use zeroize::Zeroizing;

use crate::commands::Door;
use crate::options::Options;
use crate::surroundings::Sandbox;

/// How long the node may take to say goodbye to Tor and to close its files.
const STOP_SECONDS: u64 = 10;
/// How long whatever is left may keep the program from ending.
const RUNTIME_STOP_SECONDS: u64 = 1;
/// Longest line that is read for a passphrase; longer ones are cut and open nothing.
const MAX_PASSPHRASE_LINE_BYTES: usize = 8 * 1024;
/// What is logged unless `PURSUANCE_LOG` says otherwise; nothing secret is ever logged.
const LOG_DEFAULT: &str = "warn";

fn main() -> ExitCode {
    let options = Options::parse();
    let sandbox = match surroundings::settle() {
        Ok(sandbox) => sandbox,
        Err(error) => {
            eprintln!("pursuance: could not start in a safe environment: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = secrecy::keep() {
        eprintln!("pursuance: could not keep its memory to itself: {error}");
        return ExitCode::FAILURE;
    }
    let asked = std::env::var("PURSUANCE_LOG").unwrap_or_default();
    let filter = EnvFilter::try_new(log_filter(if asked.is_empty() { LOG_DEFAULT } else { &asked }));
    let filter = filter.unwrap_or_else(|_| EnvFilter::new(log_filter(LOG_DEFAULT)));
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

    let data_dir = config.data_dir.clone();
    let node = {
        let _inside = runtime.enter();
        Node::start(config)
    };
    if matches!(node, Err(Trouble::InUse)) && handover::hand_over(&data_dir, options.invite()).is_ok() {
        return ExitCode::SUCCESS;
    }
    if let Err(trouble) = &node {
        eprintln!("pursuance: {trouble}");
    }
    if let (Ok(node), true) = (&node, options.passphrase_stdin()) {
        runtime.block_on(unlock_from_stdin(node));
    }
    let door = Door::new(node.clone());
    if let Some(invite) = options.invite() {
        door.give(Zeroizing::new(invite.to_owned()));
    }
    let ended = show(door, &data_dir, node.is_ok());

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
    let unlocked = match first_line(std::io::stdin().as_fd()) {
        Ok(passphrase) => {
            node.request(Request::Unlock { passphrase }).await.map(|_| ()).map_err(|trouble| trouble.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    if let Err(trouble) = unlocked {
        eprintln!("pursuance: {trouble}");
    }
}

/// The first line without its end, read past the library's own buffer, which would keep it.
fn first_line(input: BorrowedFd<'_>) -> io::Result<String> {
    let mut input = File::from(input.try_clone_to_owned()?);
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_PASSPHRASE_LINE_BYTES));
    let mut byte = [0];
    while line.len() < MAX_PASSPHRASE_LINE_BYTES && input.read(&mut byte)? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    let text = std::str::from_utf8(&line).map_err(|_| io::Error::other("the passphrase is not UTF-8"))?;
    Ok(text.trim_end_matches('\r').to_owned())
}

/// Shows the window until it is closed, or until the program is asked to end. Whoever `owns` the folder hears second starts.
fn show(door: Door, data_dir: &Path, owns: bool) -> tauri::Result<i32> {
    let webview_dir = data_dir.join("webview");
    let data_dir = data_dir.to_owned();
    let app = tauri::Builder::default()
        .manage(door)
        .invoke_handler(tauri::generate_handler![commands::request, commands::view, commands::watch])
        .setup(move |app| {
            let lost = app.handle().clone();
            window::open(app, webview_dir, move || {
                drop(tauri::async_runtime::spawn(commands::page_lost(lost.clone())))
            })?;
            if owns {
                hear_second_starts(app.handle().clone(), &data_dir);
            }
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

fn hear_second_starts(app: AppHandle, data_dir: &Path) {
    let listening = handover::listen(data_dir, move |invite| {
        if let Some(invite) = invite {
            app.state::<Door>().give(invite);
        }
        if let Some(window) = app.get_webview_window(window::LABEL) {
            window::bring_to_front(&window);
        }
    });
    match listening {
        Ok(listening) => drop(tauri::async_runtime::spawn(listening)),
        Err(error) => tracing::warn!("a second start will not find this one: {error}"),
    }
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
