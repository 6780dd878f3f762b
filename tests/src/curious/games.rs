//! What the operator tries: of two, one is the right one, and which is to be told from what was seen. The operator has learned from the
//! first half of the days, with the truth beside it, how often what is seen goes with what is so; asked is about the second half. An
//! advantage of 0 is guessing, of 1 is knowing.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{BEGIN, DAY, HOUR, Post, Seen, Visit};

/// What is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Game {
    /// Which of two later visits is of the client that made this one.
    LinkVisits,
    /// Which of two posts of others is of the same pursuance as this one.
    SamePursuance,
    /// Which of two posts says nothing.
    SpotDummy,
    /// Which of two who are connected has made this post.
    WhoPosted,
    /// Which of two days was that of the greater pursuance (of two relays, each of which has one).
    CountMembers,
}

/// What was seen of one of both, in steps that double.
type Features = [u8; 3];

/// When, and what was seen of the right one and of the other.
type Pair = (u64, Features, Features);

/// Most pairs of a game.
const MAX_PAIRS: usize = 60_000;
/// How far apart two posts of one game are at most.
const NEAR: u64 = HOUR;

/// 0, 1, 2 to 3, 4 to 7 ...
fn doubling(value: u64) -> u8 {
    (u64::BITS - value.leading_zeros()) as u8
}

/// The operator's advantage over guessing, and how many pairs were asked about.
///
/// `other` is the relay of the smaller pursuance, where members are counted.
#[must_use]
pub fn advantage(game: Game, seen: &Seen, other: Option<&Seen>) -> (f64, usize) {
    let mut rng = StdRng::seed_from_u64(7);
    let pairs = match game {
        Game::LinkVisits => link_visits(seen, &mut rng),
        Game::SamePursuance => same_pursuance(seen, &mut rng),
        Game::SpotDummy => spot_dummy(seen, &mut rng),
        Game::WhoPosted => who_posted(seen, &mut rng),
        Game::CountMembers => other.map(|other| count_members(seen, other)).unwrap_or_default(),
    };
    let every = pairs.len().div_ceil(MAX_PAIRS).max(1);
    let half = BEGIN + seen.days * DAY / 2;
    let (learned, asked): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().step_by(every).partition(|(at, ..)| *at < half);
    let mut often: BTreeMap<Features, (f64, f64)> = BTreeMap::new();
    for (_, right, wrong) in &learned {
        often.entry(*right).or_default().0 += 1.0;
        often.entry(*wrong).or_default().1 += 1.0;
    }
    let likely = |features: &Features| {
        let (right, wrong) = often.get(features).copied().unwrap_or_default();
        (right + 1.0) / (wrong + 1.0)
    };
    let won: f64 = asked
        .iter()
        .map(|(_, right, wrong)| match likely(right).total_cmp(&likely(wrong)) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })
        .sum();
    (2.0 * won / asked.len().max(1) as f64 - 1.0, asked.len())
}

fn link_visits(seen: &Seen, rng: &mut StdRng) -> Vec<Pair> {
    let mut visits = seen.visits.clone();
    visits.sort_by_key(|visit| visit.at);
    let mut next: BTreeMap<usize, Visit> = BTreeMap::new();
    let mut pairs = Vec::new();
    for at in (0..visits.len()).rev() {
        let first = visits[at];
        let Some(second) = next.insert(first.client, first) else { continue };
        // Others who come in the hours in which this one comes back.
        let from = visits.partition_point(|visit| visit.at < first.until.max(second.at.saturating_sub(3 * HOUR)));
        let to = visits.partition_point(|visit| visit.at < second.at + 3 * HOUR);
        let others: Vec<&Visit> = visits[from..to].iter().filter(|visit| visit.client != first.client).collect();
        if others.is_empty() {
            continue;
        }
        let decoy = others[rng.random_range(0..others.len())];
        let features = |later: &Visit| {
            let back = first.end.checked_sub(later.first).map_or(0, |back| 1 + doubling(back));
            let windows = (first.until / super::SLOT_SECONDS as u64).checked_sub(later.window);
            let windows = windows.map_or(0, |slots| 1 + (slots / 360).min(8) as u8);
            [back, windows, doubling((later.at - first.until.min(later.at)) / HOUR)]
        };
        pairs.push((first.at, features(&second), features(decoy)));
    }
    pairs
}

/// The next post that this is so of, within an hour.
fn next_post(posts: &[Post], at: usize, is_so: impl Fn(&Post) -> bool) -> Option<&Post> {
    posts[at + 1..].iter().take_while(|post| post.at <= posts[at].at + NEAR).find(|post| is_so(post))
}

fn same_pursuance(seen: &Seen, rng: &mut StdRng) -> Vec<Pair> {
    let posts = &seen.posts;
    let groups = posts.iter().map(|post| post.group + 1).max().unwrap_or(1);
    let mut pairs = Vec::new();
    for at in 0..posts.len() {
        let post = posts[at];
        if !post.says_something {
            continue;
        }
        // One other pursuance, not whichever comes first.
        let decoy = (post.group + rng.random_range(1..groups.max(2))) % groups;
        let same = next_post(posts, at, |next| next.client != post.client && next.group == post.group);
        let other = next_post(posts, at, |next| next.group == decoy && next.group != post.group);
        let (Some(same), Some(other)) = (same, other) else { continue };
        let features = |next: &Post| [doubling(next.at - post.at), next.cells as u8, 0];
        pairs.push((post.at, features(same), features(other)));
    }
    pairs
}

/// Seconds since the last of these moments.
fn since(moments: &[u64], at: u64) -> u64 {
    let before = moments.partition_point(|moment| *moment <= at);
    before.checked_sub(1).map_or(u64::MAX, |before| at - moments[before])
}

fn spot_dummy(seen: &Seen, rng: &mut StdRng) -> Vec<Pair> {
    let posts = &seen.posts;
    let mut came: Vec<u64> = seen.visits.iter().map(|visit| visit.at).collect();
    came.sort_unstable();
    let features = |at: usize| {
        let before = at.checked_sub(1).map_or(u64::MAX, |before| posts[at].at - posts[before].at);
        let after = posts.get(at + 1).map_or(u64::MAX, |after| after.at - posts[at].at);
        [doubling(before), doubling(after), doubling(since(&came, posts[at].at)) + 64 * u8::from(posts[at].cells > 1)]
    };
    let (says, nothing): (Vec<usize>, Vec<usize>) = (0..posts.len()).partition(|at| posts[*at].says_something);
    if says.is_empty() {
        return Vec::new();
    }
    // Each dummy beside something said at about the same time.
    let mut pairs = Vec::new();
    for dummy in nothing {
        let near = says.partition_point(|at| *at < dummy);
        let beside = says[(near + rng.random_range(0..8)).min(says.len() - 1)];
        pairs.push((posts[dummy].at, features(dummy), features(beside)));
    }
    pairs
}

fn who_posted(seen: &Seen, rng: &mut StdRng) -> Vec<Pair> {
    let mut visits = seen.visits.clone();
    visits.sort_by_key(|visit| visit.at);
    let mut pairs = Vec::new();
    for post in seen.posts.iter().filter(|post| post.says_something) {
        let from = visits.partition_point(|visit| visit.at + super::STAY.1 < post.at);
        let to = visits.partition_point(|visit| visit.at <= post.at);
        let here: Vec<&Visit> = visits[from..to].iter().filter(|visit| visit.until >= post.at).collect();
        let Some(own) = here.iter().find(|visit| visit.client == post.client) else { continue };
        let others: Vec<&&Visit> = here.iter().filter(|visit| visit.client != post.client).collect();
        if others.is_empty() {
            continue;
        }
        let decoy = others[rng.random_range(0..others.len())];
        let features =
            |visit: &Visit| [doubling(post.at - visit.at), doubling(visit.until - post.at), post.cells as u8];
        pairs.push((post.at, features(own), features(decoy)));
    }
    pairs
}

/// What a day looked like.
fn day_of(seen: &Seen, day: u64) -> Features {
    let within = |at: u64| at >= BEGIN + day * DAY && at < BEGIN + (day + 1) * DAY;
    let visits = seen.visits.iter().filter(|visit| within(visit.at)).count();
    let posts = seen.posts.iter().filter(|post| within(post.at)).count();
    [(visits / 3).min(255) as u8, doubling(posts as u64), 0]
}

fn count_members(seen: &Seen, other: &Seen) -> Vec<Pair> {
    (0..seen.days.min(other.days)).map(|day| (BEGIN + day * DAY, day_of(seen, day), day_of(other, day))).collect()
}
