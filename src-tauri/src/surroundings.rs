//! The environment WebKit is started in: its sandbox on, its remote controls off (docs/threat-model.md, "The
//! window").
//!
//! Changing the environment of a running process is unsafe, so the program starts itself once more in the right one:
//! the same process, before it has a second thread or an open file.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Puts WebKit's processes that run scripts into a sandbox without network, home and most system calls.
const FORCE_SANDBOX: &str = "WEBKIT_FORCE_SANDBOX";
/// WebKit's own switch to forgo it; a person who sets it has decided.
const DISABLE_SANDBOX: &str = "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS";
/// By these another program could drive the window.
const REMOTE_CONTROLS: [&str; 3] =
    ["TAURI_WEBVIEW_AUTOMATION", "WEBKIT_INSPECTOR_SERVER", "WEBKIT_INSPECTOR_HTTP_SERVER"];
/// Where WebKit's build expects the two programs it makes its sandbox with.
const SANDBOX_PROGRAMS: [&str; 2] = ["/usr/bin/bwrap", "/usr/bin/xdg-dbus-proxy"];

/// Whether the part of WebKit that runs scripts is shut in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sandbox {
    /// It is.
    On,
    /// This computer does not let an ordinary program make one, or it was switched off.
    Off,
}

/// Returns once the environment is right; replaces the process by itself when it is not.
///
/// # Errors
/// When the process cannot be replaced. Then nothing may be shown: the window might be driven from outside.
pub fn settle() -> Result<Sandbox, io::Error> {
    let sandbox = if env::var_os(DISABLE_SANDBOX).is_none() && sandbox_works() { Sandbox::On } else { Sandbox::Off };
    let mut again = Command::new(env::current_exe()?);
    let mut right = true;
    let wanted = (sandbox == Sandbox::On).then_some(OsStr::new("1"));
    if env::var_os(FORCE_SANDBOX).as_deref() != wanted {
        right = false;
        match wanted {
            Some(value) => again.env(FORCE_SANDBOX, value),
            None => again.env_remove(FORCE_SANDBOX),
        };
    }
    // Tests drive the window of debug builds; a release build cannot be driven.
    if !cfg!(debug_assertions) {
        for name in REMOTE_CONTROLS.into_iter().filter(|name| env::var_os(name).is_some()) {
            right = false;
            again.env_remove(name);
        }
    }
    if right {
        return Ok(sandbox);
    }
    Err(again.args(env::args_os().skip(1)).exec())
}

/// WebKit ends the whole program when its sandbox cannot be made, so one is made first to see.
fn sandbox_works() -> bool {
    if !SANDBOX_PROGRAMS.iter().all(|program| Path::new(program).exists()) {
        return false;
    }
    Command::new(SANDBOX_PROGRAMS[0])
        .args(["--die-with-parent", "--unshare-user-try", "--unshare-pid", "--unshare-uts", "--unshare-net"])
        .args(["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "/bin/true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
