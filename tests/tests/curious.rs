//! What a curious relay finds out in a hundred simulated days, and what hiding it costs (docs/benchmarks.md, "A curious relay";
//! docs/threat-model.md). `cargo test --workspace --test curious -- --nocapture` prints all of it.

use pursuance_node::sending::Sending;
use pursuance_tests::curious::{Game, Leaves, Seen, Setting, Start, advantage, watch};

const SEED: u64 = 2_026;
const DAYS: u64 = 100;
/// Members of a pursuance, of a smaller one, and pursuances of a shared relay.
const MEMBERS: usize = 12;
const FEW: usize = 6;
const SHARED_BY: usize = 10;
/// Fewer pairs than that say nothing.
const LEAST_PAIRS: usize = 500;

fn world(groups: usize, start: Start, leaves: Leaves) -> Seen {
    watch(&Setting { groups: vec![MEMBERS; groups], start, leaves, days: DAYS }, SEED)
}

/// The advantage over guessing, which is 0; knowing is 1.
fn tells(game: Game, seen: &Seen) -> f64 {
    let (advantage, pairs) = advantage(game, seen, None);
    assert!(pairs >= LEAST_PAIRS, "{game:?}: {pairs} pairs");
    advantage
}

fn cost(seen: &Seen) -> String {
    let cost = seen.cost();
    format!("{} kB sent, {} kB read", cost.sent / 1_000, cost.read / 1_000)
}

#[test]
fn where_visits_begin_says_who_comes_back() {
    let at_once = Leaves::By(Sending::AtOnce);
    let mut told = Vec::new();
    for groups in [1, SHARED_BY] {
        for start in [Start::Exact, Start::Cells, Start::Window, Start::Product, Start::First] {
            let seen = world(groups, start, at_once);
            let advantage = tells(Game::LinkVisits, &seen);
            println!("{groups} x {MEMBERS}, visits begin by {start:?}: {advantage:.2}; {}", cost(&seen));
            told.push(advantage);
        }
    }
    let [exact, cells, window, product, first, shared_exact, _, shared_window, shared_product, shared_first] = told[..]
    else {
        panic!("ten worlds")
    };
    assert!(exact > 0.9 && shared_exact > 0.9, "without a defence it is known");
    assert!(product < 0.6 && product < window && product < cells, "{told:?}");
    assert!(shared_product < shared_window, "{told:?}");
    assert!(first < product && shared_first < shared_product, "times alone tell less: {told:?}");
}

/// One price for another: no length of windows hides as much as the product does for fewer bytes.
#[test]
fn what_hides_more_costs_more() {
    let at_once = Leaves::By(Sending::AtOnce);
    let mut told = Vec::new();
    for hours in [3, 4, 6, 8, 12, 24] {
        let seen = world(1, Start::WindowOf(hours), at_once);
        let advantage = tells(Game::LinkVisits, &seen);
        println!("windows of {hours} hours, never earlier: {advantage:.2}; {}", cost(&seen));
        told.push((advantage, seen.cost().read));
    }
    let product = world(1, Start::Product, at_once);
    let (advantage, read) = (tells(Game::LinkVisits, &product), product.cost().read);
    assert!(told.windows(2).all(|two| two[1].0 < two[0].0 + 0.02 && two[1].1 > two[0].1), "{told:?}");
    assert!(told.iter().all(|one| one.0 > advantage - 0.02 || one.1 > read), "{told:?}, {advantage} for {read}");
}

#[test]
fn when_posts_leave_says_who_speaks_and_with_whom() {
    let all = Sending::ALL.map(Leaves::By).into_iter().chain([Leaves::AtOnceAndDummies]);
    for leaves in all {
        let (alone, two) = (world(1, Start::Product, leaves), world(2, Start::Product, leaves));
        let who = tells(Game::WhoPosted, &alone);
        let same = advantage(Game::SamePursuance, &two, None);
        let few = watch(&Setting { groups: vec![FEW], start: Start::Product, leaves, days: DAYS }, SEED + 1);
        let count = advantage(Game::CountMembers, &alone, Some(&few)).0;
        let has_dummies = matches!(leaves, Leaves::By(Sending::Steady) | Leaves::AtOnceAndDummies);
        let dummy = has_dummies.then(|| tells(Game::SpotDummy, &two));
        println!(
            "{leaves:?}: who posted {who:.2}, same pursuance {:.2} of {} pairs, dummies {dummy:.2?}, {MEMBERS} or {FEW} members by one day {count:.2}; {}",
            same.0,
            same.1,
            cost(&alone),
        );
        assert!(count > 0.9, "how many come is not hidden");
        match leaves {
            Leaves::By(Sending::AtOnce) => assert!(who > 0.05 && same.0 > 0.2, "{who} {same:?}"),
            Leaves::By(Sending::Steady) => {
                assert!(who.abs() < 0.05 && same.0.abs() < 0.05, "{who} {same:?}");
                assert!(dummy.is_some_and(|dummy| dummy < 0.1), "{dummy:?}");
            }
            Leaves::AtOnceAndDummies => {
                assert!(
                    dummy.is_some_and(|dummy| dummy > 0.15),
                    "dummies beside what leaves at once are known: {dummy:?}"
                );
            }
            Leaves::By(Sending::WithinMinutes | Sending::WithinHour) => assert!(same.0 < 0.2, "{same:?}"),
        }
    }
}
