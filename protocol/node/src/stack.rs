//! What calls that have returned leave on their thread's stack is overwritten (docs/protocol/08-node.md, section 2).

use zeroize::Zeroize;

/// More than the deepest work with keys takes, in a build that is not optimised.
const MAX_LEFT_BYTES: usize = 256 * 1024;

/// Overwrites what lies on this thread's stack beyond the caller: copies that the compiler made of keys on their way.
#[inline(never)]
pub(crate) fn wipe_stack() {
    let mut room = [0; MAX_LEFT_BYTES];
    room.zeroize();
    // Seen by somebody, or the compiler would do without.
    std::hint::black_box(&room);
}
