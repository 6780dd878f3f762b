//! `vectors DIR`: runs every vector of a folder, names each that fails, and closes with `N passed, N failed`.

use std::path::Path;
use std::process::ExitCode;

use pursuance_tests::vectors::run_folder;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: vectors DIR");
        return ExitCode::from(2);
    };
    // Panics of the code under test are told as failures of their vectors.
    std::panic::set_hook(Box::new(|_| {}));
    let summary = run_folder(Path::new(&folder));
    for failure in &summary.failures {
        println!("FAILED {}: {}", failure.path.display(), failure.reason);
    }
    if summary.passed == 0 && summary.failures.is_empty() {
        println!("no vectors in {}", Path::new(&folder).display());
    }
    println!("{} passed, {} failed", summary.passed, summary.failures.len());
    if summary.passed > 0 && summary.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
