//! Cells look like noise: every byte of them, at every place, over many cells of two groups.
//!
//! For each of the 2,048 places the values that 10,000 cells have there are counted, and Pearson's statistic over the 256
//! values is compared with the chi-square distribution of 255 degrees of freedom. One wrong alarm in a million runs is
//! allowed, so each place and each side gets 10^-6 / (2 x 2,048) (Bonferroni). The critical values come from Wilson and
//! Hilferty's approximation: the cube root of chi-square over its degrees k is nearly normal with mean 1 - 2/(9k) and
//! variance 2/(9k). Too even is as suspicious as too uneven: a counter in place of randomness would be.

use pursuance_core::cell::{open_cell, seal_entries};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Entry;
use pursuance_core::founding::{Founding, found};
use pursuance_core::keys::{DeviceKeys, EpochSecret};
use pursuance_core::plan::Circumstances;
use pursuance_core::replica::Replica;
use pursuance_wire::Cell;
use pursuance_wire::cell::{CELL_BYTES, CELL_PLAIN_BYTES};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

use super::make::cell::seal_plain;

const CELLS: usize = 10_000;
const FALSE_ALARMS: f64 = 1e-6;
const DEGREES: f64 = 255.0;

/// One group with entries of the sizes that people write.
struct Group {
    epoch: EpochSecret,
    entries: Vec<Entry>,
}

impl Group {
    fn new(rng: &mut StdRng) -> Self {
        let device = DeviceKeys::from_seed(rng.random());
        let founding =
            Founding { name: "A group".into(), mission: String::new(), my_name: "Maya".into(), relays: vec![] };
        let founded = found(&founding, &device, 1, &mut Seed::new(rng.random())).expect("good texts");
        let mut replica = Replica::new(founded.pursuance, device);
        let mut entries = founded.entries;
        entries.iter().for_each(|entry| drop(replica.append(entry.clone())));
        let mut tasks = Vec::new();
        for step in 0..120 {
            let text = "All the same letters ".repeat(1 << rng.random_range(0..9));
            let command = if step < 40 {
                Command::CreateTask {
                    title: format!("task {step}"),
                    parent: None,
                    assignees: vec![],
                    labels: vec![],
                    due: None,
                    priority: 0,
                    home: None,
                }
            } else {
                let task = tasks[rng.random_range(0..tasks.len())];
                Command::Comment { task, text }
            };
            let mut seed = Seed::new(rng.random());
            let mut with = Circumstances { now_seconds: 1_790_000_000, seed: &mut seed, since: vec![] };
            let authored = replica.command(&command, &mut with).expect("allowed");
            tasks.extend(authored.task);
            authored.entries.iter().for_each(|entry| drop(replica.append(entry.clone())));
            entries.extend(authored.entries);
        }
        Self { epoch: founded.epoch, entries }
    }

    /// So many cells, each with what a client would put into it.
    fn cells(&self, rng: &mut StdRng, count: usize) -> Vec<Cell> {
        let mut cells = Vec::new();
        while cells.len() < count {
            let first = rng.random_range(0..self.entries.len());
            let some = &self.entries[first..(first + rng.random_range(1..4)).min(self.entries.len())];
            let list = some.iter().map(|entry| (entry.id(), entry.bytes()));
            cells.extend(seal_entries(&self.epoch.cell_key(), list, &mut Seed::new(rng.random())));
        }
        cells.truncate(count);
        cells
    }
}

/// What a relay sees of two groups: their cells, and their dummies.
fn two_groups(rng: &mut StdRng) -> Vec<Cell> {
    let groups = [Group::new(rng), Group::new(rng)];
    let mut cells: Vec<Cell> = groups.iter().flat_map(|group| group.cells(rng, 9 * CELLS / 20)).collect();
    while cells.len() < CELLS {
        cells.push(Cell::from_bytes(random_bytes(rng)));
    }
    cells
}

fn random_bytes(rng: &mut StdRng) -> [u8; CELL_BYTES] {
    let mut bytes = [0; CELL_BYTES];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// Places at which the values are not spread as chance spreads them.
fn uneven_places(cells: &[Cell]) -> Vec<usize> {
    let deviation = deviation_of(FALSE_ALARMS / (2.0 * CELL_BYTES as f64));
    let (least, most) = (chi_square(-deviation), chi_square(deviation));
    let expected = cells.len() as f64 / 256.0;
    let mut counts = vec![[0_u32; 256]; CELL_BYTES];
    for cell in cells {
        for (at_place, byte) in counts.iter_mut().zip(cell.as_bytes()) {
            at_place[usize::from(*byte)] += 1;
        }
    }
    let statistic = |counts: &[u32; 256]| -> f64 {
        counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
    };
    (0..CELL_BYTES).filter(|at| !(least..=most).contains(&statistic(&counts[*at]))).collect()
}

/// The value of chi-square that lies so many standard deviations of the normal distribution out (Wilson and Hilferty 1931).
fn chi_square(deviation: f64) -> f64 {
    let variance = 2.0 / (9.0 * DEGREES);
    DEGREES * (1.0 - variance + deviation * variance.sqrt()).powi(3)
}

/// How far out the normal distribution's upper tail has this weight, found by halving; `tail` is below one tenth.
fn deviation_of(tail: f64) -> f64 {
    let (mut low, mut high) = (1.0, 40.0);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if upper_tail(middle) > tail { low = middle } else { high = middle }
    }
    low
}

/// Weight of the normal distribution beyond `z`, by Laplace's continued fraction: density / (z + 1/(z + 2/(z + 3/...))).
fn upper_tail(z: f64) -> f64 {
    let fraction = (1..=200).rev().fold(z, |below, step| z + f64::from(step) / below);
    (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() / fraction
}

#[test]
fn the_critical_values_are_those_of_the_tables() {
    for (tail, deviation, critical) in
        [(0.05, 1.644_854, 293.248), (0.01, 2.326_348, 310.457), (0.001, 3.090_232, 330.520)]
    {
        assert!((deviation_of(tail) - deviation).abs() < 1e-4, "{tail}: {}", deviation_of(tail));
        assert!((chi_square(deviation_of(tail)) - critical).abs() < 0.2, "{tail}: {}", chi_square(deviation_of(tail)));
    }
    assert!((deviation_of(1e-9) - 5.997_807).abs() < 1e-4);
}

#[test]
fn ten_thousand_cells_of_two_groups_look_like_noise() {
    let cells = two_groups(&mut StdRng::seed_from_u64(10_000));
    assert_eq!(cells.len(), CELLS);
    assert_eq!(uneven_places(&cells), [0_usize; 0]);
}

#[test]
fn noise_itself_passes() {
    let mut rng = StdRng::seed_from_u64(1);
    let cells: Vec<Cell> = (0..CELLS).map(|_| Cell::from_bytes(random_bytes(&mut rng))).collect();
    assert_eq!(uneven_places(&cells), [0_usize; 0]);
}

/// A sealer that is as good as ours but for its nonce, which is always the same.
fn sealed_with_constant_nonce(rng: &mut StdRng) -> Vec<Cell> {
    let group = Group::new(rng);
    let plains = group.cells(rng, 400).into_iter().map(|cell| {
        let opened = open_cell(&group.epoch.cell_key(), &cell).expect("our own cell");
        let mut plain = format!("{opened:?}").into_bytes();
        plain.resize(CELL_PLAIN_BYTES, 0);
        plain
    });
    let plains: Vec<Vec<u8>> = plains.collect();
    (0..CELLS).map(|at| seal_plain(&group.epoch, &plains[at % plains.len()], [7; 24], &group.epoch.id().0)).collect()
}

#[test]
fn a_sealer_with_a_constant_nonce_fails() {
    let uneven = uneven_places(&sealed_with_constant_nonce(&mut StdRng::seed_from_u64(2)));
    assert!((0..32).all(|at| uneven.contains(&at)), "tag and nonce never change: {uneven:?}");
    assert!(uneven.len() > 1_000, "and the same key stream shows the text: {}", uneven.len());
}

#[test]
fn small_faults_are_seen_too() {
    let good = two_groups(&mut StdRng::seed_from_u64(3));
    let bent = |bend: &dyn Fn(usize, &mut [u8; CELL_BYTES])| -> Vec<Cell> {
        let bend_one = |(at, cell): (usize, &Cell)| {
            let mut bytes = *cell.as_bytes();
            bend(at, &mut bytes);
            Cell::from_bytes(bytes)
        };
        good.iter().enumerate().map(bend_one).collect()
    };
    assert_eq!(uneven_places(&bent(&|_, bytes| bytes[5] &= 0x7f)), [5], "a bit that is never set");
    assert_eq!(
        uneven_places(&bent(&|at, bytes| if at % 10 == 0 {
            bytes[2_047] = 0
        })),
        [2_047],
        "one cell in ten is marked"
    );
    assert_eq!(uneven_places(&bent(&|at, bytes| bytes[8] = at as u8)), [8], "a counter is too even");
    let plain = uneven_places(&bent(&|_, bytes| bytes[32..].fill(b'x')));
    assert_eq!(plain, (32..CELL_BYTES).collect::<Vec<_>>(), "a body that is not sealed");
}
