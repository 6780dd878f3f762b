//! Randomness, from the operating system.

/// Fresh random bytes that nobody can guess.
pub(crate) fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).expect("a system without randomness cannot run this program at all");
    bytes
}

/// A random duration up to `max`.
pub(crate) fn up_to(max: std::time::Duration) -> std::time::Duration {
    max.mul_f64(evenly())
}

/// A random number from 0 to 1, without 1.
pub(crate) fn evenly() -> f64 {
    below(1 << 20) as f64 / f64::from(1 << 20)
}

/// A random number below `end`, which is small enough that the remainder does not show.
pub(crate) fn below(end: u64) -> u64 {
    u64::from_be_bytes(random()) % end
}
