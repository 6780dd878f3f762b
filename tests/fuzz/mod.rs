//! Every decoder as a fuzz target: a plain function over committed seeds and seeded mutations of them (CONTRIBUTING, "Fuzzing").
//!
//! An execution may not panic, allocate more at once than its target says, or take longer. What is accepted and has one
//! form only must come out again as it went in; the targets see to that themselves.
//!
//! `PURSUANCE_MUTATIONS` sets the executions of each target, `PURSUANCE_MUTATION_SEED` the seed.

mod core;
mod mutate;
mod node;
mod relay;
mod seeds;
mod whole;
mod wire;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::memory::peak_bytes;
use mutate::{Dice, mutated};

/// Executions of each target, where nothing else is said.
const EXECUTIONS: u64 = 20_000;
/// Processor time of a batch. Its length is chosen so that each execution may take what the target says on average; so
/// this is also the most that a single one may take.
const BATCH_TIME: Duration = Duration::from_millis(250);
/// How often a batch that took too long is run again before it is believed.
const SECOND_LOOKS: u32 = 3;
/// Bytes of an input that are printed when something is found; the round finds the rest again.
const MAX_PRINTED_BYTES: usize = 4 << 10;

/// What reads the input, and what it may cost.
struct Target {
    name: &'static str,
    seeds: Vec<Vec<u8>>,
    /// Whether the input was accepted.
    read: fn(&[u8]) -> bool,
    /// Bytes allocated at once, whatever the input.
    base_bytes: usize,
    /// Bytes allocated at once for each byte of the input.
    copies: usize,
    /// Processor time of an execution, on average: far above what was seen, since computers differ.
    micros: u32,
    /// One in so many executions is done: for what takes long and decodes nothing new.
    share: u64,
}

impl Target {
    /// A target whose reading costs next to nothing.
    fn new(name: &'static str, seeds: Vec<Vec<u8>>, read: fn(&[u8]) -> bool) -> Self {
        Self { name, seeds, read, base_bytes: 4 << 10, copies: 8, micros: 200, share: 1 }
    }

    /// Runs the seeds as they are, and then mutations of them.
    fn run(self) {
        assert!(!self.seeds.is_empty(), "{}: no seeds", self.name);
        let seed = setting("PURSUANCE_MUTATION_SEED", 1);
        let executions = (setting("PURSUANCE_MUTATIONS", EXECUTIONS) / self.share).max(1);
        let begun = Instant::now();
        let mut seen = Seen::default();
        for bytes in &self.seeds {
            self.execute(bytes, &mut seen, &"a seed as it is");
        }
        assert!(seen.accepted > 0, "{}: not even a seed is accepted", self.name);
        let batch = u64::try_from(BATCH_TIME.as_micros()).expect("less than a second") / u64::from(self.micros);
        let mut from = 0;
        while from < executions {
            let to = executions.min(from + batch);
            let started = Clock::start();
            self.batch(seed, from..to, &mut seen);
            if started.passed() > BATCH_TIME {
                self.look_again(seed, from..to);
            }
            from = to;
        }
        let Seen { accepted, peak_bytes } = seen;
        let seconds = begun.elapsed().as_secs();
        println!(
            "fuzz {}: {executions} executions, seed {seed}: {accepted} accepted, {peak_bytes} bytes at most, {seconds} s",
            self.name
        );
        assert!(accepted < executions, "{}: everything was accepted", self.name);
    }

    fn batch(&self, seed: u64, rounds: std::ops::Range<u64>, seen: &mut Seen) {
        for round in rounds {
            let bytes = mutated(&mut Dice::new(seed, round), &self.seeds);
            self.execute(&bytes, seen, &format_args!("seed {seed}, round {round}"));
        }
    }

    /// A batch took too long. Once may be the computer's fault, always is the target's: then the slowest is named.
    fn look_again(&self, seed: u64, rounds: std::ops::Range<u64>) {
        let mut seen = Seen::default();
        for _ in 0..SECOND_LOOKS {
            let started = Clock::start();
            self.batch(seed, rounds.clone(), &mut seen);
            if started.passed() <= BATCH_TIME {
                return;
            }
        }
        let slowness = |round: &u64| {
            let bytes = mutated(&mut Dice::new(seed, *round), &self.seeds);
            let started = Instant::now();
            (self.read)(&bytes);
            started.elapsed()
        };
        let slowest = rounds.clone().max_by_key(slowness).expect("a batch is not empty");
        let bytes = printed(&mutated(&mut Dice::new(seed, slowest), &self.seeds));
        panic!("fuzz {}, seed {seed}, rounds {rounds:?}: too slow; the slowest is {slowest}: {bytes}", self.name);
    }

    fn execute(&self, bytes: &[u8], seen: &mut Seen, what: &dyn std::fmt::Display) {
        let (peak, outcome) = peak_bytes(|| catch_unwind(AssertUnwindSafe(|| (self.read)(bytes))));
        let Ok(accepted) = outcome else {
            panic!("fuzz {}, {what}: it panicked: {}", self.name, printed(bytes));
        };
        let allowed = self.base_bytes + self.copies * bytes.len();
        assert!(peak <= allowed, "fuzz {}, {what}: {peak} bytes, {allowed} allowed: {}", self.name, printed(bytes));
        seen.accepted += u64::from(accepted);
        seen.peak_bytes = seen.peak_bytes.max(peak);
    }
}

#[derive(Default)]
struct Seen {
    accepted: u64,
    peak_bytes: usize,
}

/// Time that this thread had a processor, where the system tells; else the time on the wall.
enum Clock {
    Thread(Duration),
    Wall(Instant),
}

impl Clock {
    fn start() -> Self {
        thread_time().map_or_else(|| Self::Wall(Instant::now()), Self::Thread)
    }

    fn passed(&self) -> Duration {
        match self {
            Self::Thread(before) => thread_time().map_or(Duration::ZERO, |now| now.saturating_sub(*before)),
            Self::Wall(before) => before.elapsed(),
        }
    }
}

fn thread_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn printed(bytes: &[u8]) -> String {
    let cut = bytes.len().min(MAX_PRINTED_BYTES);
    format!("{} bytes, {}", bytes.len(), data_encoding::HEXLOWER.encode(&bytes[..cut]))
}

/// As text, whatever it was: what people paste is text. What that takes is not the decoder's, and is not counted.
fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    allocation_counter::opt_out(|| text = String::from_utf8_lossy(bytes).into_owned());
    text
}

mod limits {
    use super::*;

    #[test]
    #[should_panic(expected = "it panicked")]
    fn a_panic_is_found() {
        Target::new("a reader that panics", vec![vec![0; 8]], |bytes| bytes[7] == 0).run();
    }

    #[test]
    #[should_panic(expected = " allowed: ")]
    fn memory_beyond_the_limit_is_found() {
        let greedy = |bytes: &[u8]| !std::hint::black_box(vec![0_u8; usize::from(bytes.len() == 3) << 20]).is_empty();
        Target::new("a greedy reader", vec![vec![0; 8], vec![0; 3]], greedy).run();
    }

    #[test]
    #[should_panic(expected = "too slow; the slowest is")]
    fn a_slow_input_is_found() {
        let slow = |bytes: &[u8]| {
            let started = Clock::start();
            while bytes.first() == Some(&7) && started.passed() < 2 * BATCH_TIME {
                std::hint::spin_loop();
            }
            bytes.first() == Some(&0)
        };
        Target::new("a slow reader", vec![vec![0; 8]], slow).run();
    }
}
