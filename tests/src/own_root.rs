//! A file system that is only a test's own: everything of this computer is in it, and nothing that is changed there reaches
//! this computer.
//!
//! ```text
//! /  <- read only -  overlay  - writes -> DIR/changed, in memory
//! /proc /sys /dev /tmp, this workspace: as they are
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apart::{Run, Surroundings};

const INSIDE_VARIABLE: &str = "PURSUANCE_OWN_ROOT";
/// Where the file system is put together, below the folder for temporary files.
const DIR_VARIABLE: &str = "PURSUANCE_OWN_ROOT_DIR";

/// The file system that a test is in.
pub struct OwnRoot {
    dir: PathBuf,
}

/// Runs the test of this name (as `cargo test` lists it) a second time in a file system of its own.
///
/// # Panics
/// As [`Surroundings::enter`].
#[must_use]
pub fn enter(test: &str) -> Run<OwnRoot> {
    let arrive = || OwnRoot { dir: std::env::var_os(DIR_VARIABLE).expect("the script sets it").into() };
    if std::env::var_os(INSIDE_VARIABLE).is_some() {
        return Run::Inside(arrive());
    }
    let dir = tempfile::Builder::new().prefix("own-root").tempdir_in("/tmp").expect("a folder for temporary files");
    Surroundings { variable: INSIDE_VARIABLE, apart: &["--mount"], script: made_by(dir.path()) }.enter(test, arrive)
}

/// What makes it, in words for the shell.
fn made_by(dir: &Path) -> String {
    let dir = dir.display();
    let program = std::env::current_exe().expect("a running program has a path");
    let target = program.ancestors().find(|dir| dir.ends_with("debug") || dir.ends_with("release"));
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests stands in the workspace");
    let shared = ["/proc", "/sys", "/dev", "/tmp"].map(Path::new).into_iter().chain([workspace]).chain(target);
    let shared: Vec<String> = shared.map(|path| format!("'{}'", path.display())).collect();
    format!(
        "set -e
        mount -t tmpfs none {dir}
        mkdir {dir}/changed {dir}/work {dir}/root
        mount -t overlay overlay -o lowerdir=/,upperdir={dir}/changed,workdir={dir}/work {dir}/root
        for shared in {shared}; do
          mkdir -p \"{dir}/root$shared\"
          mount --rbind \"$shared\" \"{dir}/root$shared\"
        done
        export {DIR_VARIABLE}={dir}
        exec chroot {dir}/root \"$@\"",
        shared = shared.join(" ")
    )
}

impl OwnRoot {
    /// Every file that was made or changed and has this in its path, without folders, from the root on.
    ///
    /// # Panics
    /// When the changes cannot be read.
    #[must_use]
    pub fn changed(&self, part: &str) -> Vec<PathBuf> {
        let changed = self.dir.join("changed");
        let (mut found, mut folders) = (Vec::new(), vec![changed.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder can be read") {
                let path = entry.expect("an entry can be read").path();
                let below = Path::new("/").join(path.strip_prefix(&changed).expect("it is below"));
                // What was deleted is kept as a device that is none.
                if path.is_dir() {
                    folders.push(path);
                } else if below.exists() && below.to_string_lossy().contains(part) {
                    found.push(below);
                }
            }
        }
        found.sort();
        found
    }

    /// Runs a program; what it prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, program: &str, args: &[&str]) -> String {
        let output = Command::new(program)
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{program} {args:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }
}
