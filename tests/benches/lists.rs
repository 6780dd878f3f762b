//! How long lists take, in and out, at the size that a window must take and at the most (docs/benchmarks.md, "Lists").

use std::path::Path;

use divan::Bencher;
use pursuance_core::crypto::Seed;
use pursuance_core::founding::{Founding, found};
use pursuance_core::id::PursuanceId;
use pursuance_core::importing::{ImportPlan, ImportTask};
use pursuance_core::keys::DeviceKeys;
use pursuance_core::plan::Circumstances;
use pursuance_core::replica::Replica;
use pursuance_core::templates::Template;
use pursuance_node::api::{ExportFormat, Reply, Request};
use pursuance_node::{Clock, Node, NodeConfig, Pace, TorChoice, import};
use pursuance_tests::tasklist::{AT_SIZE, tasks};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const SIZES: [usize; 2] = [AT_SIZE, import::MAX_IMPORT_TASKS];
const NOW_SECONDS: u64 = 1_790_000_000;

fn main() {
    divan::main();
}

/// The text becomes tasks, or problems.
#[divan::bench(args = SIZES, sample_count = 20)]
fn read(bencher: Bencher<'_, '_>, size: usize) {
    let text = tasks(size);
    bencher.bench_local(|| import::read("", &text, None));
}

/// Tasks become signed entries.
#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn plan(bencher: Bencher<'_, '_>, size: usize) {
    let rows = import::read("", &tasks(size), None).tasks;
    let replica = founded();
    bencher.with_inputs(|| rows.clone()).bench_local_values(|rows| planned(&replica, rows).finish());
}

/// One of them, between which a window is answered.
#[divan::bench(sample_count = 100, sample_size = 1)]
fn plan_one_step(bencher: Bencher<'_, '_>) {
    let rows = import::read("", &tasks(AT_SIZE), None).tasks;
    let (replica, mut seed) = (founded(), Seed::new([3; 32]));
    let mut with = Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: Vec::new() };
    let begin = |with: &mut Circumstances<'_>| ImportPlan::new(&replica, rows.clone(), with).expect("a founder may");
    let mut plan = begin(&mut with);
    bencher.bench_local(|| {
        if !plan.step(&replica, &mut with).expect("a founder may") {
            plan = begin(&mut with);
        }
    });
}

/// Everything between a request and its answer: read, plan, sign, save, append.
#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn import_whole(bencher: Bencher<'_, '_>, size: usize) {
    let (person, csv) = (Person::new(), tasks(size));
    bencher
        .with_inputs(|| Request::Import {
            pursuance: person.found(),
            file: String::new(),
            text: csv.clone(),
            fields: None,
        })
        .bench_local_values(|request| person.ask(request));
}

/// Everything between a request and its answer: the rows, the text, the file, flushed and named.
#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn export_whole(bencher: Bencher<'_, '_>, size: usize) {
    let (person, out) = (Person::new(), tempfile::tempdir().expect("a folder"));
    let pursuance = person.found();
    person.ask(Request::Import { pursuance, file: String::new(), text: tasks(size), fields: None });
    let mut file = 0;
    bencher
        .with_inputs(|| {
            file += 1;
            Request::Export { pursuance, format: ExportFormat::Csv, path: in_folder(out.path(), file) }
        })
        .bench_local_values(|request| person.ask(request));
}

fn in_folder(folder: &Path, file: u32) -> String {
    folder.join(format!("{file}.csv")).display().to_string()
}

fn founded() -> Replica {
    let device = DeviceKeys::from_seed([1; 32]);
    let founding =
        Founding { name: "Harbour".into(), mission: String::new(), my_name: "Maya".into(), relays: Vec::new() };
    let founded = found(&founding, &device, NOW_SECONDS, &mut Seed::new([2; 32])).expect("good texts");
    let mut replica = Replica::new(founded.pursuance, device);
    for entry in founded.entries {
        replica.append(entry);
    }
    replica
}

fn planned(replica: &Replica, rows: Vec<ImportTask>) -> ImportPlan {
    let mut seed = Seed::new([3; 32]);
    let mut with = Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: Vec::new() };
    let mut plan = ImportPlan::new(replica, rows, &mut with).expect("a founder may");
    while plan.step(replica, &mut with).expect("a founder may") {}
    plan
}

/// A node with an open vault.
struct Person {
    runtime: Runtime,
    node: Node,
    _data: TempDir,
}

impl Person {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let data = tempfile::tempdir().expect("a folder");
        let config = NodeConfig {
            data_dir: data.path().into(),
            loopback: Vec::new(),
            tor: TorChoice::Off,
            clock: Clock::System,
        };
        let node = runtime.block_on(async { Node::start_with(config, Pace::hurried()).expect("an empty folder") });
        let person = Self { runtime, node, _data: data };
        person.ask(Request::CreateVault { passphrase: "a long enough passphrase".into() });
        person
    }

    fn ask(&self, request: Request) -> Reply {
        self.runtime.block_on(self.node.request(request)).expect("a good request")
    }

    fn found(&self) -> PursuanceId {
        let (name, mission, my_name) = ("Harbour".into(), String::new(), "Maya".into());
        match self.ask(Request::StartPursuance { name, mission, my_name, relay: None, template: Template::Plain }) {
            Reply::Pursuance { pursuance } => pursuance,
            other => panic!("{other:?}"),
        }
    }
}
