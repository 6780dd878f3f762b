//! What the program keeps to itself: its memory while it runs, what it gives back to its heap, and what it was working on
//! when it fails (docs/threat-model.md, "Forensics after locking").

use std::alloc::System;
use std::io;
use std::panic::{self, PanicHookInfo};

use zeroizing_alloc::ZeroAlloc;

/// Whatever any part of the program, or a library written in Rust, gives back is overwritten first.
#[global_allocator]
static HEAP: ZeroAlloc<System> = ZeroAlloc(System);

/// The kernel's own sign for no core dump at all: with zero it would still hand one to a program that collects them.
#[cfg(target_os = "linux")]
const NO_CORE_BYTES: u64 = 1;

/// Takes care that a fault writes nothing anywhere: no core dump of this program or of one that it starts, and no word of
/// what a panic was about. Other programs of the same user may not look into this one's memory from now on.
///
/// # Errors
/// When the system refuses.
pub fn keep() -> io::Result<()> {
    panic::set_hook(Box::new(|info| eprintln!("{}", fault(info))));
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
        let none = Rlimit { current: Some(NO_CORE_BYTES), maximum: Some(NO_CORE_BYTES) };
        setrlimit(Resource::Core, none)?;
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    }
    Ok(())
}

/// Where it happened. What a panic says may hold what it stumbled over.
fn fault(info: &PanicHookInfo<'_>) -> String {
    match info.location() {
        Some(place) => format!("pursuance: a fault at {}:{}:{}", place.file(), place.line(), place.column()),
        None => "pursuance: a fault".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_panic_says_where_and_not_what() {
        static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
        let before = panic::take_hook();
        panic::set_hook(Box::new(|info| SAID.lock().expect("nobody panics with it").push(fault(info))));
        let title = String::from("a title nobody else may read");
        let failed = panic::catch_unwind(|| panic!("nothing can be done with {title}"));
        panic::set_hook(before);
        assert!(failed.is_err());
        let said = SAID.lock().expect("nobody panics with it").join("\n");
        assert!(said.contains("secrecy.rs:") && !said.contains("title"), "{said}");
    }
}
