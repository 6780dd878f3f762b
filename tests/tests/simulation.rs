//! Three hundred simulated worlds, and some more for each defence that is left out on purpose.
//!
//! `PURSUANCE_SIM_SEED=<n>` lives through one world, `PURSUANCE_SIM_WORLDS=<n>` through so many.

use std::collections::BTreeSet;
use std::env::var;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use pursuance_tests::world::node::{Boundary, Side};
use pursuance_tests::world::relay::Lie;
use pursuance_tests::world::{Broken, Course, Defence, FIRST_WITH_DETAILS, Tally, run};

/// Worlds of an ordinary run.
const WORLDS: u64 = 300;

/// Worlds of an ordinary run in which people say more of tasks.
const WORLDS_WITH_DETAILS: u64 = 80;

/// Worlds of an ordinary run in which joins are lost.
const WORLDS_WITH_LOST_JOINS: u64 = 50;

/// Worlds of an ordinary run in which members are removed and go.
const WORLDS_WITH_REMOVALS: u64 = 80;

/// Worlds of an ordinary run in which roles read their own tasks.
const WORLDS_WITH_DESKS: u64 = 40;

/// Worlds among which one must break when a defence is left out.
const WORLDS_WITHOUT: u64 = 300;

fn number(name: &str) -> Option<u64> {
    var(name).ok().map(|text| text.parse().expect("a number"))
}

fn live(seed: u64, course: Course) -> Tally {
    match run(seed, course, None) {
        Ok(tally) => tally,
        Err(broken) => panic!("PURSUANCE_SIM_SEED={seed} ({course:?}): {broken:?}"),
    }
}

/// The first world that breaks without this defence; `known` is tried before the others.
fn noticed(without: Defence, known: u64) -> Broken {
    let mut worlds = std::iter::once(known).chain(0..WORLDS_WITHOUT);
    let course = match without {
        Defence::CarriesJoins => Course::JoinsAreLost,
        Defence::Coverage
        | Defence::EpochUnderParents
        | Defence::EpochUnderItself
        | Defence::PastUnderItsEpoch
        | Defence::CompletesEpochs => Course::Removals,
        Defence::RoleCoverage | Defence::WelcomesToRoles | Defence::HandsOn => Course::Desks,
        _ => Course::Ordinary,
    };
    let found = worlds.find_map(|seed| Some((seed, run(seed, course, Some(without)).err()?)));
    let (seed, broken) = found.unwrap_or_else(|| panic!("{WORLDS_WITHOUT} worlds stand without {without:?}"));
    println!("without {without:?}: seed {seed}: {broken:?}");
    broken
}

/// Lives through worlds, one on each processor at a time: a world itself is one thread and one seed.
fn live_all(worlds: u64, course: Course) -> Tally {
    live_from(0, worlds, course)
}

fn live_from(first: u64, worlds: u64, course: Course) -> Tally {
    let next = AtomicU64::new(first);
    let tally = Mutex::new(Tally::default());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + worlds {
                return;
            }
            let one = live(seed, course);
            tally.lock().expect("a world that breaks does not hold it").add(&one);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    tally.into_inner().expect("nobody holds it any more")
}

/// The same where people also say more of tasks: fields, checklists, relations, repetitions.
#[test]
fn everybody_sees_the_same_details() {
    live_from(FIRST_WITH_DETAILS, WORLDS_WITH_DETAILS, Course::Ordinary);
    live_from(FIRST_WITH_DETAILS, WORLDS_WITH_DETAILS / 4, Course::Removals);
}

#[test]
fn everybody_comes_to_the_same_state() {
    if let Some(seed) = number("PURSUANCE_SIM_SEED") {
        println!("{:#?}", live(seed, Course::Ordinary));
        return;
    }
    let worlds = number("PURSUANCE_SIM_WORLDS").unwrap_or(WORLDS);
    let mut tally = live_all(worlds, Course::Ordinary);
    println!("{tally:#?}");
    if worlds < WORLDS {
        return;
    }
    // A run that tried nothing proves nothing.
    let often = [
        "admitted",
        "answer lost",
        "cell repeated",
        "crash",
        "crash amid parts",
        "foreign entry smuggled in",
        "fork noticed",
        "invite",
        "join",
        "late post",
        "long entry",
        "no answer",
        "offline",
        "post lost",
        "relay restarted",
        "sealed text",
        "stream",
        "welcome",
        "wrong clock",
    ];
    let seldom =
        ["old copy, reads first", "old copy, writes first", "overtaken", "relay gone", "relay set back", "stranded"];
    let happened = |what: &str| tally.counts.get(what).copied().unwrap_or(0);
    for what in often {
        assert!(happened(what) >= worlds / 10, "{what} hardly happened");
    }
    for what in seldom {
        assert!(happened(what) >= worlds / 30, "{what} hardly happened");
    }
    for lie in Lie::ALL {
        assert!(tally.lies.contains_key(&lie), "{lie:?} was never told");
    }
    // Some boundaries are passed seldom: more worlds, until there was a crash on both sides of each.
    let points =
        || Boundary::ALL.into_iter().flat_map(|boundary| [Side::Before, Side::After].map(|side| (boundary, side)));
    let mut more = worlds..2 * worlds;
    while let Some(missing) = points().find(|point| !tally.crashes.contains_key(point)) {
        let seed = more.next().unwrap_or_else(|| panic!("never crashed at {missing:?}"));
        tally.add(&live(seed, Course::Ordinary));
    }
}

#[test]
fn a_join_that_is_lost_stops_no_member() {
    if let Some(seed) = number("PURSUANCE_SIM_SEED") {
        println!("{:#?}", live(seed, Course::JoinsAreLost));
        return;
    }
    let tally = live_all(WORLDS_WITH_LOST_JOINS, Course::JoinsAreLost);
    let lost = tally.counts.get("join lost").copied().unwrap_or(0);
    assert!(lost >= WORLDS_WITH_LOST_JOINS / 10, "{lost} were lost");
}

#[test]
fn who_is_removed_reads_no_more_and_all_others_everything() {
    if let Some(seed) = number("PURSUANCE_SIM_SEED") {
        println!("{:#?}", live(seed, Course::Removals));
        return;
    }
    // A long run lives through a tenth as many of these.
    let worlds = number("PURSUANCE_SIM_WORLDS").map_or(WORLDS_WITH_REMOVALS, |worlds| worlds.div_ceil(10));
    let tally = live_all(worlds, Course::Removals);
    println!("{tally:#?}");
    if worlds < WORLDS_WITH_REMOVALS {
        return;
    }
    let happened = |what: &str| tally.counts.get(what).copied().unwrap_or(0);
    for what in ["grant", "removal", "epoch", "out"] {
        assert!(happened(what) >= worlds / 2, "{what} hardly happened");
    }
    for what in ["leave", "crash at an epoch", "old copy, reads first", "old copy, writes first"] {
        assert!(happened(what) >= worlds / 20, "{what} hardly happened");
    }
}

#[test]
fn who_does_not_read_a_desk_opens_nothing_of_it_and_its_readers_everything() {
    if let Some(seed) = number("PURSUANCE_SIM_SEED") {
        println!("{:#?}", live(seed, Course::Desks));
        return;
    }
    // A long run lives through a tenth as many of these.
    let worlds = number("PURSUANCE_SIM_WORLDS").map_or(WORLDS_WITH_DESKS, |worlds| worlds.div_ceil(10));
    let tally = live_all(worlds, Course::Desks);
    println!("{tally:#?}");
    if worlds < WORLDS_WITH_DESKS {
        return;
    }
    let happened = |what: &str| tally.counts.get(what).copied().unwrap_or(0);
    for what in ["said at desks", "closed to a member", "closed to a thief", "opened by a thief", "given later"] {
        assert!(happened(what) >= 5 * worlds, "{what} hardly happened");
    }
    for what in ["epoch of a desk", "welcome to a desk", "role given", "role taken", "opened to others", "out"] {
        assert!(happened(what) >= worlds / 2, "{what} hardly happened");
    }
    for what in ["closed", "crash at an epoch", "leave", "old copy, writes first", "removal"] {
        assert!(happened(what) >= worlds / 20, "{what} hardly happened");
    }
}

/// Every defence, a world that broke without it (the first to be tried), and what may break: without it, what it is there for
/// happens in some world.
macro_rules! without {
    ($($name:ident: $defence:ident, $seed:literal => $broken:pat),* $(,)?) => {
        /// Those that the table names.
        const NAMED: &[Defence] = &[$(Defence::$defence),*];

        $(#[test]
        fn $name() {
            let broken = noticed(Defence::$defence, $seed);
            assert!(matches!(broken, $broken), "another thing broke: {broken:?}");
        })*
    };
}

without! {
    without_consistency_a_fork_is_believed: Consistency, 1 => Broken::Believed { lie: Lie::RewrittenPast | Lie::TwoTrees | Lie::Shrunk | Lie::RolledBack, .. },
    without_bodies_checked_garbage_is_believed: Bodies, 3 => Broken::Believed { lie: Lie::GarbageCells, .. },
    without_inclusion_an_empty_receipt_is_believed: Inclusion, 13 => Broken::Believed { lie: Lie::EmptyReceipt, .. },
    without_receipts_checked_a_forged_one_is_believed: Receipts, 1 => Broken::Believed { .. },
    without_posting_again_something_is_lost: Reposts, 5 => Broken::Lost { .. } | Broken::Missing { .. } | Broken::NotAdmitted { .. },
    without_saving_first_an_honest_author_forks: SaveFirst, 1 => Broken::Equivocation { .. } | Broken::NeverSaved { .. },
    without_giving_up_old_copies_an_honest_author_forks: OldCopies, 0 => Broken::Equivocation { .. },
    without_one_transaction_something_is_lost: OneTransaction, 22 => Broken::Lost { .. } | Broken::Missing { .. } | Broken::NotAdmitted { .. },
    without_reading_again_something_is_lost: ReadAgain, 1 => Broken::Lost { .. } | Broken::Missing { .. } | Broken::NotAdmitted { .. },
    without_signatures_a_foreign_entry_is_taken: Signatures, 2 => Broken::TookForeign { .. },
    without_keeping_what_waits_something_is_lost: KeepsWaiting, 1 => Broken::Lost { .. } | Broken::Missing { .. } | Broken::NotAdmitted { .. },
    without_keeping_parts_something_is_lost: KeepsParts, 5 => Broken::Lost { .. } | Broken::Missing { .. } | Broken::NotAdmitted { .. },
    without_looking_back_an_empty_receipt_is_believed: LooksBack, 175 => Broken::Believed { lie: Lie::EmptyReceipt, .. },
    without_keeping_proofs_there_is_none: KeepsProofs, 0 => Broken::NoProof { .. } | Broken::Unnoticed { .. },
    without_saving_cells_first_an_entry_goes_out_twice: SaveCellsFirst, 2 => Broken::SealedTwice { .. },
    without_sealing_leftovers_something_is_lost: SealsLeftovers, 2 => Broken::Lost { .. } | Broken::Missing { .. } | Broken::NotAdmitted { .. },
    without_taking_up_reading_a_newcomer_is_never_in: TakesUpReading, 72 => Broken::NotAdmitted { .. } | Broken::Missing { .. } | Broken::Lost { .. },
    without_carrying_joins_one_is_missing: CarriesJoins, 5 => Broken::Missing { .. } | Broken::Lost { .. } | Broken::Diverged { .. },
    without_coverage_somebody_removed_reads_on: Coverage, 5 => Broken::ReadByOutsider { .. },
    without_epochs_under_their_parents_nobody_follows: EpochUnderParents, 2 => Broken::Missing { .. } | Broken::Lost { .. } | Broken::NotAdmitted { .. } | Broken::NoEpoch { .. } | Broken::OtherEpoch { .. },
    without_epochs_under_themselves_a_newcomer_misses_the_beginning: EpochUnderItself, 54 => Broken::Missing { .. } | Broken::Lost { .. } | Broken::NotAdmitted { .. } | Broken::NoEpoch { .. } | Broken::OtherEpoch { .. },
    without_its_past_under_what_was_usable_nobody_hears_that_they_are_out: PastUnderItsEpoch, 188 => Broken::Missing { .. } | Broken::Lost { .. } | Broken::NotAdmitted { .. } | Broken::NoEpoch { .. } | Broken::OtherEpoch { .. } | Broken::Refused { .. },
    without_completing_epochs_none_can_be_used: CompletesEpochs, 1 => Broken::NoEpoch { .. } | Broken::Lost { .. } | Broken::NotAdmitted { .. },
    without_role_coverage_somebody_reads_on_at_a_desk: RoleCoverage, 8 => Broken::ReadByNoReader { .. },
    without_welcomes_to_roles_a_reader_of_a_desk_does_not_read: WelcomesToRoles, 4 => Broken::Unread { .. },
    without_handing_on_a_task_stays_closed_to_a_reader: HandsOn, 58 => Broken::Unread { .. },
    without_fresh_randomness_a_nonce_is_used_twice: FreshRandomness, 0 => Broken::NonceTwice { .. },
    without_stopping_when_overtaken_a_copy_writes_on: StopsOvertaken, 16 => Broken::WroteOn { .. } | Broken::Equivocation { .. },
}

#[test]
fn every_defence_is_left_out_once() {
    assert_eq!(NAMED.iter().collect::<BTreeSet<_>>(), Defence::ALL.iter().collect::<BTreeSet<_>>());
}

/// Worlds that once found something, named by what they found: they are lived through again.
macro_rules! found {
    ($($name:ident: $course:ident, $($seed:literal),+);* $(;)?) => {
        $(#[test]
        fn $name() {
            for seed in [$($seed),+] {
                live(seed, Course::$course);
            }
        })*
    };
}

found! {
    a_join_that_one_relay_lost_stops_nobody: Ordinary, 73;
    a_branch_breaks_receipts_at_once: Ordinary, 214, 231, 238;
    a_newcomer_whose_relay_nobody_reads_is_alone: Ordinary, 62, 155, 221;
    a_secret_may_be_in_a_welcome_alone: Ordinary, 98;
    a_surplus_join_waits_with_whoever_read_it: Ordinary, 613;
    an_epoch_of_somebody_removed_meanwhile_is_read: Removals, 5, 88, 144, 168;
    who_is_welcomed_while_they_are_removed_reads_no_more: Removals, 25, 265;
    an_overtaken_device_makes_no_epoch: Removals, 109;
    who_left_and_holds_another_role_may_leave_again: Removals, 127, 129;
    members_write_under_one_epoch: Removals, 210, 246;
    it_is_known_to_whom_a_key_was_handed_in_any_order: Desks, 5, 9;
    a_task_of_a_desk_that_has_gone_is_handed_on: Desks, 67;
    who_comes_back_is_handed_what_was_opened_to_them: Desks, 104;
    nothing_is_handed_on_again_and_again: Desks, 20, 401;
}
