//! What a piece of work allocates: counted for its own thread, so that nothing else disturbs it.

/// The most bytes that were allocated at once while `work` ran, beyond those before it; and its result.
pub fn peak_bytes<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let mut result = None;
    let counted = allocation_counter::measure(|| result = Some(work()));
    (usize::try_from(counted.bytes_max).expect("it fitted into memory"), result.expect("the work was done"))
}

#[test]
fn the_peak_is_seen_even_when_it_is_gone_again() {
    let others = std::thread::spawn(|| vec![1_u8; 64 << 20]);
    let (peak, ()) = peak_bytes(|| drop(std::hint::black_box(vec![1_u8; 3 << 20])));
    assert_eq!(peak, 3 << 20);
    drop(others.join());
}
