//! A hundred simulated worlds, and one more for each defence that is left out on purpose.
//!
//! `PURSUANCE_SIM_SEED=<n>` lives through one world, `PURSUANCE_SIM_WORLDS=<n>` through so many.

use std::env::var;

use pursuance_tests::world::relay::Lie;
use pursuance_tests::world::{Broken, Defence, Tally, run};

/// Worlds of an ordinary run.
const WORLDS: u64 = 100;

/// Worlds among which one must break when a defence is left out.
const WORLDS_WITHOUT: u64 = 100;

/// Seeds beyond the ordinary ones that once found something: always lived through.
const FOUND: [u64; 0] = [];

fn number(name: &str) -> Option<u64> {
    var(name).ok().map(|text| text.parse().expect("a number"))
}

fn live(seed: u64) -> Tally {
    match run(seed, None) {
        Ok(tally) => tally,
        Err(broken) => panic!("PURSUANCE_SIM_SEED={seed}: {broken:?}"),
    }
}

/// The first world that breaks without this defence.
fn noticed(without: Defence) -> Broken {
    let mut worlds = 0..WORLDS_WITHOUT;
    let found = worlds.find_map(|seed| Some((seed, run(seed, Some(without)).err()?)));
    let (seed, broken) = found.unwrap_or_else(|| panic!("{WORLDS_WITHOUT} worlds stand without {without:?}"));
    println!("without {without:?}: seed {seed}: {broken:?}");
    broken
}

#[test]
fn everybody_comes_to_the_same_state() {
    if let Some(seed) = number("PURSUANCE_SIM_SEED") {
        println!("{:#?}", live(seed));
        return;
    }
    let mut tally = Tally::default();
    let worlds = number("PURSUANCE_SIM_WORLDS").unwrap_or(WORLDS);
    for seed in FOUND.into_iter().chain(0..worlds) {
        tally.add(&live(seed));
    }
    println!("{tally:#?}");
    if worlds < WORLDS {
        return;
    }
    // A run that tried nothing proves nothing.
    let tried = [
        "admitted",
        "answer lost",
        "cell repeated",
        "crash",
        "crash amid parts",
        "foreign entry smuggled in",
        "invite",
        "join",
        "late post",
        "long entry",
        "no answer",
        "offline",
        "post lost",
        "relay restarted",
        "stream",
        "welcome",
    ];
    for what in tried {
        assert!(tally.counts.get(what).is_some_and(|count| *count >= worlds / 10), "{what} hardly happened");
    }
    for lie in Lie::ALL {
        assert!(tally.lies.contains_key(&lie), "{lie:?} was never told");
    }
}

/// One test for each defence: without it, what it is there for happens in some world.
macro_rules! without {
    ($($name:ident: $defence:ident => $broken:pat),* $(,)?) => {
        $(#[test]
        fn $name() {
            let broken = noticed(Defence::$defence);
            assert!(matches!(broken, $broken), "another thing broke: {broken:?}");
        })*
    };
}

without! {
    without_consistency_a_fork_is_believed: Consistency => Broken::Believed { lie: Lie::RewrittenPast | Lie::TwoTrees | Lie::Shrunk | Lie::RolledBack | Lie::HiddenBranch, .. },
    without_bodies_checked_garbage_is_believed: Bodies => Broken::Believed { lie: Lie::GarbageCells, .. },
    without_inclusion_an_empty_receipt_is_believed: Inclusion => Broken::Believed { lie: Lie::EmptyReceipt, .. },
    without_receipts_checked_a_forged_one_is_believed: Receipts => Broken::Believed { .. },
    without_posting_again_something_is_lost: Reposts => Broken::Lost { .. } | Broken::Missing { .. } | Broken::NotAdmitted { .. },
    without_saving_first_an_honest_author_forks: SaveFirst => Broken::Equivocation { .. } | Broken::NeverSaved { .. },
    without_giving_up_old_copies_an_honest_author_forks: OldCopies => Broken::Equivocation { .. },
    without_one_transaction_something_is_lost: OneTransaction => Broken::Lost { .. } | Broken::Missing { .. } | Broken::NotAdmitted { .. },
    without_reading_again_something_is_lost: ReadAgain => Broken::Lost { .. } | Broken::Missing { .. } | Broken::NotAdmitted { .. },
    without_signatures_a_foreign_entry_is_taken: Signatures => Broken::TookForeign { .. },
    without_keeping_what_waits_something_is_lost: KeepsWaiting => Broken::Lost { .. } | Broken::Missing { .. } | Broken::NotAdmitted { .. },
    without_keeping_parts_something_is_lost: KeepsParts => Broken::Lost { .. } | Broken::Missing { .. } | Broken::NotAdmitted { .. },
}
