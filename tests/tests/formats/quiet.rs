//! One memory for all tests of this program: who measures it waits until nobody else runs.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// How often a work is measured.
const RUNS: u32 = 5;
/// Time for the program that runs the tests to finish what it is at.
const PAUSE: Duration = Duration::from_millis(2);

static RUNNING: RwLock<()> = RwLock::new(());

/// Held by every test that measures nothing, as long as it runs.
pub fn busy() -> RwLockReadGuard<'static, ()> {
    RUNNING.read().unwrap_or_else(PoisonError::into_inner)
}

/// Held by every test that measures, as long as it runs: what it allocates between two measurements would disturb others.
pub struct Quiet(#[expect(dead_code, reason = "held, never read")] RwLockWriteGuard<'static, ()>);

/// Waits until no other test runs, and keeps all others waiting.
pub fn quiet() -> Quiet {
    Quiet(RUNNING.write().unwrap_or_else(PoisonError::into_inner))
}

impl Quiet {
    /// The most bytes that were allocated at once while `work` ran, beyond those before it; and its result.
    ///
    /// It runs a few times, with pauses, and the least peak counts: the program that runs the tests may allocate at any
    /// moment, to start or report one, and does not do so each time.
    pub fn peak_bytes<T>(&self, mut work: impl FnMut() -> T) -> (usize, T) {
        let mut least = usize::MAX;
        for _ in 1..RUNS {
            let (peak, result) = measured(&mut work);
            least = least.min(peak);
            drop(result);
            std::thread::sleep(PAUSE);
        }
        let (peak, result) = measured(&mut work);
        (least.min(peak), result)
    }
}

fn measured<T>(work: &mut impl FnMut() -> T) -> (usize, T) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = work();
    (ALLOCATOR.peak_usage().saturating_sub(before), result)
}

#[test]
fn the_peak_is_seen_even_when_it_is_gone_again() {
    /// What the program that runs the tests may give back meanwhile: that much less is seen.
    const SLACK_BYTES: usize = 64 << 10;
    let quiet = quiet();
    let (peak, ()) = quiet.peak_bytes(|| drop(std::hint::black_box(vec![1_u8; 3 << 20])));
    assert!(((3 << 20) - SLACK_BYTES..4 << 20).contains(&peak), "{peak}");
}
