//! What calls that have returned leave on their thread's stack and in its registers is overwritten
//! (docs/protocol/08-node.md, section 2).
//!
//! Registers matter because threads are born with those of the thread that makes them, and what loads libraries may put
//! them down on the new thread's stack, where nobody wipes them: keys have been found there.

use std::hint::black_box;
use std::io;
use std::thread::JoinHandle;

use zeroize::Zeroize;

/// More than the deepest work with keys takes, in a build that is not optimised.
const MAX_LEFT_BYTES: usize = 1024 * 1024;

/// Copies of so many bytes go through all registers that copying uses: eight of them, of the widest there are. Longer ones
/// are done without them.
const MAX_COPIED_BYTES: usize = 8 * 64;

/// Overwrites what lies on this thread's stack beyond the caller, copies that the compiler made of keys on their way, and
/// what copying left in its registers.
#[inline(never)]
pub(crate) fn wipe_stack() {
    let mut room = [0u64; MAX_LEFT_BYTES / size_of::<u64>()];
    room.zeroize();
    // Seen by somebody, or the compiler would do without.
    black_box(&room);
    wipe_registers();
}

/// What copying keys left in registers is overwritten by copying nothing, in each of the lengths that take other registers
/// or other widths of them.
fn wipe_registers() {
    let (nothing, mut room) = ([0; MAX_COPIED_BYTES], [0u8; MAX_COPIED_BYTES]);
    for bytes in [MAX_COPIED_BYTES, MAX_COPIED_BYTES / 2, MAX_COPIED_BYTES / 4, MAX_COPIED_BYTES / 8] {
        // A length that the compiler does not know is copied by the library, as keys are when they move with what holds them.
        room[..black_box(bytes)].copy_from_slice(black_box(&nothing[..bytes]));
    }
    black_box(&room);
}

/// Starts a thread that works with keys: it begins with nothing of this one's, and nothing of it stays.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    wipe_registers();
    std::thread::Builder::new().name(name.into()).spawn(move || {
        apart(work);
        wipe_stack();
    })
}

/// In a frame of its own, beyond its caller's.
#[inline(never)]
fn apart(work: impl FnOnce()) {
    work();
}
