//! `./x run --demo`: two windows in one pursuance, and nothing that leaves this computer or stays on it.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use pursuance_tests::demo::{Demo, PASSPHRASE};

#[tokio::main]
async fn main() -> ExitCode {
    match show().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("pursuance-demo: {trouble}");
            ExitCode::FAILURE
        }
    }
}

async fn show() -> Result<(), Box<dyn std::error::Error>> {
    let program = std::env::current_exe()?.with_file_name("pursuance");
    let dir = tempfile::tempdir()?;
    eprintln!("Preparing a relay, two people and their tasks in {}", dir.path().display());
    let demo = Demo::prepare(dir.path()).await?;
    eprintln!("\nTwo windows open: Ada's and Ben's. Once locked, they open again with:\n\n    {PASSPHRASE}\n");
    eprintln!("What one does, the other sees. All of it is deleted when both are closed.");
    // Ctrl-C reaches the windows as well: when they have ended, this ends, and tidies up.
    tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    let windows = [open(&program, &demo, 0)?, open(&program, &demo, 1)?];
    tokio::task::spawn_blocking(move || windows.into_iter().for_each(|mut window| drop(window.wait()))).await?;
    demo.close();
    Ok(())
}

fn open(program: &Path, demo: &Demo, person: usize) -> std::io::Result<Child> {
    let mut window =
        Command::new(program).args(demo.options(person)).arg("--passphrase-stdin").stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = window.stdin.take() {
        writeln!(stdin, "{PASSPHRASE}")?;
    }
    Ok(window)
}
