//! One memory for all tests of this program: who measures it waits until nobody else runs.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

static RUNNING: RwLock<()> = RwLock::new(());

/// Held by every test that measures nothing.
pub fn busy() -> RwLockReadGuard<'static, ()> {
    RUNNING.read().unwrap_or_else(PoisonError::into_inner)
}

/// The most bytes that were allocated at once while `work` ran, beyond those before it; and its result.
///
/// It runs three times and the least peak counts: the test program itself may allocate at any moment, to start or report a
/// test, and does not do so three times in a row.
pub fn peak_bytes<T>(mut work: impl FnMut() -> T) -> (usize, T) {
    let _alone = RUNNING.write().unwrap_or_else(PoisonError::into_inner);
    let mut least = usize::MAX;
    for _ in 0..2 {
        let (peak, result) = measured(&mut work);
        least = least.min(peak);
        drop(result);
    }
    let (peak, result) = measured(&mut work);
    (least.min(peak), result)
}

fn measured<T>(work: &mut impl FnMut() -> T) -> (usize, T) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = work();
    (ALLOCATOR.peak_usage().saturating_sub(before), result)
}

#[test]
fn the_peak_is_seen_even_when_it_is_gone_again() {
    let (peak, ()) = peak_bytes(|| drop(std::hint::black_box(vec![1_u8; 3 << 20])));
    assert!((3 << 20..4 << 20).contains(&peak), "{peak}");
}
