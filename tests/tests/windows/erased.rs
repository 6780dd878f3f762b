//! What was erased is in no page of memory or disk afterwards: old private halves, keys of a pursuance that was forgotten
//! (docs/protocol/03-keys.md, K20 to K23; docs/threat-model.md, "Forensics after locking").
//!
//! Every test first finds what it looks for where it must be, so that not finding it later means something.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use pursuance_core::crypto::{KemSecret, KeySuite};
use pursuance_core::id::PursuanceId;
use pursuance_core::keys::DeviceKeys;
use pursuance_node::store::{Changes, KeptStanding, Number, Store};
use pursuance_node::vault::{self, DatabaseKey};
use pursuance_tests::headless::Headless;
use pursuance_tests::memory::{Secret, Sighting, look_below, look_into};
use pursuance_tests::pages::look_into_pages;
use pursuance_tests::people::{PASSPHRASE, come_in_unseen, open_relay, until};
use pursuance_tests::relay::RelayProcess;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// A little more than packages and epochs last.
const MONTH_SECONDS: u64 = 31 * 86_400;
/// Courses of a store's rows: in some of them something stays where rows were moved.
const COURSES: u64 = 12;
const TITLE: &str = "Tow the grey barge at night";

/// A data folder of somebody.
struct Folder {
    dir: PathBuf,
    key: OnceCell<Box<DatabaseKey>>,
}

/// What a folder keeps of the keys of its first pursuance.
struct Kept {
    seed_spent: bool,
    packages: Vec<[u8; 32]>,
}

impl Folder {
    fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), key: OnceCell::new() }
    }

    /// Starts the program so many months from now; without a relay where none is given.
    fn start(&self, relay: Option<&RelayProcess>, months: u64) -> Headless {
        let offset = (months * MONTH_SECONDS).to_string();
        let mut options = vec!["--clock-offset", &offset];
        let loopback = relay.map(RelayProcess::loopback);
        options.extend(loopback.iter().flat_map(|loopback| loopback[1..].iter().map(String::as_str)));
        Headless::start(&self.dir, PASSPHRASE, &options, ("warn", Stdio::inherit()))
    }

    fn key(&self) -> &DatabaseKey {
        let open = || vault::open(&self.dir.join("vault"), PASSPHRASE).expect("the passphrase opens it");
        self.key.get_or_init(open)
    }

    /// The store, also while the program has it open.
    fn store(&self) -> Store {
        Store::open(&self.dir.join("store"), self.key()).expect("the key opens it")
    }

    fn kept(&self) -> Kept {
        let store = self.store();
        let pursuance = store.pursuances().expect("readable").remove(0);
        let packages = store.packages(pursuance.number).expect("readable");
        Kept { seed_spent: pursuance.seed_spent, packages: packages.iter().map(|package| *package.private()).collect() }
    }

    fn in_pages(&self, secrets: &[Secret]) -> Vec<Sighting> {
        look_into_pages(&self.dir.join("store"), self.key(), secrets)
    }

    /// The control: what is kept is found, in memory and in pages.
    fn assert_everywhere(&self, node: &Headless, kept: &[Secret]) {
        assert_eq!(names(&in_memory(node, kept)), names_of(kept), "in memory");
        assert_eq!(names(&self.in_pages(kept)), names_of(kept), "in pages");
    }

    /// Waits until nothing is left of what was erased, in memory and in pages.
    fn until_nowhere(&self, node: &mut Headless, erased: &[Secret]) {
        until(node, "what was erased is in memory or in a page", |node| {
            let seen = [in_memory(node, erased), self.in_pages(erased)].concat();
            if !seen.is_empty() {
                println!("still there: {seen:?}");
            }
            seen.is_empty()
        });
    }
}

fn in_memory(node: &Headless, secrets: &[Secret]) -> Vec<Sighting> {
    look_into(node.pid(), secrets).expect("a child may be looked into")
}

/// The names of what was seen.
fn names(seen: &[Sighting]) -> BTreeSet<&str> {
    seen.iter().map(|sighting| sighting.name.as_str()).collect()
}

fn names_of(secrets: &[Secret]) -> BTreeSet<&str> {
    secrets.iter().map(Secret::name).collect()
}

#[test]
fn an_old_private_half_is_in_no_page_once_it_is_erased() {
    let dir = tempfile::tempdir().expect("a folder");
    let relay = open_relay(dir.path());
    let maya = Folder::new(&dir.path().join("maya"));
    let mut node = maya.start(Some(&relay), 0);
    node.request(json!({
        "kind": "startPursuance", "name": "Ferry circle", "mission": "", "myName": "Maya", "relay": relay.address(),
    }));
    node.stop();
    let seed = *maya.store().pursuances().expect("readable")[0].device_seed;
    let mut node = maya.start(Some(&relay), 1);
    until(&mut node, "no package was made", |_| maya.kept().packages.len() == 1);
    node.stop();
    // First the package that comes with the device goes, and what gives it; a month later the one that followed it.
    let first = DeviceKeys::from_seed(seed);
    let first = first.privates().next().expect("the first package");
    for months in 2..=3 {
        let before = maya.kept();
        assert_eq!((before.seed_spent, before.packages.len()), (months > 2, months - 1));
        let oldest = Secret::bytes("oldest private half", if before.seed_spent { &before.packages[0] } else { first });
        let mut old = vec![oldest];
        old.extend((!before.seed_spent).then(|| Secret::bytes("seed", &seed)));
        // The relay does not have the second newer one yet: the oldest is kept.
        let mut node = maya.start(None, months as u64);
        until(&mut node, "no package was made", |_| maya.kept().packages.len() == before.packages.len() + 1);
        assert_eq!(names(&in_memory(&node, &old)), names_of(&old), "the control: it is in memory");
        node.stop();
        let in_store = &old[old.len() - 1..];
        assert_eq!(names(&maya.in_pages(in_store)), names_of(in_store), "the control: it is in the pages");

        let mut node = maya.start(Some(&relay), months as u64);
        until(&mut node, "nothing was erased", |_| {
            let kept = maya.kept();
            kept.seed_spent && kept.packages.len() == 2
        });
        maya.until_nowhere(&mut node, &old);
        let newest = [Secret::bytes("newest private half", &maya.kept().packages[1])];
        maya.assert_everywhere(&node, &newest);
        node.request(json!({ "kind": "lock" }));
        assert_eq!(in_memory(&node, &old), [], "locked");
        node.stop();
        assert_eq!(maya.in_pages(&old), []);
        assert_eq!(look_below(&maya.dir, &old), []);
    }
}

/// Who is in no more may have it gone from their computer, with all epochs that they ever held.
#[test]
fn keys_of_a_pursuance_that_was_forgotten_are_in_no_page() {
    let dir = tempfile::tempdir().expect("a folder");
    let relay = open_relay(dir.path());
    let mut maya = Folder::new(&dir.path().join("maya")).start(Some(&relay), 0);
    let start = |node: &mut Headless, name: &str| {
        let (mission, relay) = ("Keep it afloat", relay.address());
        let request =
            json!({ "kind": "startPursuance", "name": name, "mission": mission, "myName": "Maya", "relay": relay });
        node.request(request)["pursuance"].as_str().expect("a pursuance").to_owned()
    };
    let ferry = start(&mut maya, "Ferry circle");
    let act = |node: &mut Headless, pursuance: &str, command: Value| {
        node.request(json!({ "kind": "act", "pursuance": pursuance, "command": command }))
    };
    let create = json!({ "kind": "createTask", "title": TITLE, "parent": null, "assignees": [], "labels": [] });
    act(&mut maya, &ferry, create.clone());
    let people = |node: &mut Headless| node.view(json!({ "kind": "people", "pursuance": ferry }));
    let known = people(&mut maya);
    let roles = known["roles"].as_array().expect("roles").iter();
    let members = roles.max_by_key(|role| role["rank"].as_u64()).expect("a role")["id"].clone();
    let invite = act(&mut maya, &ferry, json!({ "kind": "invite", "role": members, "uses": 1 }));
    let (mut ben, _) = come_in_unseen("ben", dir.path(), &relay, invite["link"].as_str().expect("a link"));
    let own = start(&mut ben, "My own");
    let shown = |node: &mut Headless, pursuance: &str| {
        node.view(json!({ "kind": "tree", "pursuance": pursuance })).to_string().contains(TITLE)
    };
    until(&mut ben, "the task did not come", |ben| shown(ben, &ferry));

    let folder = Folder::new(&dir.path().join("ben"));
    let (mut forgotten, mut stays) = (vec![Secret::text("title", TITLE)], Vec::new());
    let store = folder.store();
    for kept in store.pursuances().expect("readable") {
        let keys = if kept.id.to_string() == ferry { &mut forgotten } else { &mut stays };
        keys.push(Secret::bytes("device seed", &kept.device_seed[..]));
        keys.extend(
            store.epochs(kept.number).expect("readable").iter().map(|epoch| Secret::bytes("epoch", &epoch[..])),
        );
    }
    drop(store);
    folder.assert_everywhere(&ben, &forgotten);

    let known = people(&mut maya);
    let him = known["members"].as_array().expect("members").iter().find(|member| member["person"]["name"] == "ben");
    act(&mut maya, &ferry, json!({ "kind": "removeMember", "member": him.expect("he came")["person"]["member"] }));
    let forget = json!({ "request": { "kind": "dropInvite", "pursuance": ferry } }).to_string();
    until(&mut ben, "he cannot forget it", |ben| ben.line(&forget).get("ok").is_some());
    folder.until_nowhere(&mut ben, &forgotten);
    folder.assert_everywhere(&ben, &stays);
    ben.stop();
    assert_eq!(folder.in_pages(&forgotten), []);
    assert_eq!(look_below(&folder.dir, &forgotten), []);
    // What is left is whole.
    let mut ben = folder.start(Some(&relay), 0);
    act(&mut ben, &own, create);
    assert!(shown(&mut ben, &own));
    ben.stop();
    maya.stop();
}

/// What is kept of a pursuance: its seed, the private halves of its packages, its epochs.
type Rows = BTreeMap<Number, ([u8; 32], Vec<[u8; 32]>, Vec<[u8; 32]>)>;

/// Rows of many pursuances that come, grow and go, so that the database moves others from page to page.
struct Moves {
    rng: StdRng,
    store: Store,
    kept: Rows,
    /// Of these the seed was erased.
    spent: BTreeSet<Number>,
    erased: Vec<Secret>,
}

impl Moves {
    fn new(seed: u64, dir: &Path) -> Self {
        let store = Store::open(&dir.join("store"), &store_key()).expect("a fresh one");
        Self { rng: StdRng::seed_from_u64(seed), store, kept: Rows::new(), spent: BTreeSet::new(), erased: Vec::new() }
    }

    fn come(&mut self, count: usize) {
        for _ in 0..count {
            let (id, seed): ([u8; 32], [u8; 32]) = (self.rng.random(), self.rng.random());
            let link = "l".repeat(self.rng.random_range(0..500));
            let add = |w: &Changes<'_>| w.add_pursuance(PursuanceId(id), KeptStanding::Invited, &seed, &link, 5);
            let number = self.store.write(add).expect("room");
            self.kept.insert(number, (seed, Vec::new(), Vec::new()));
        }
    }

    /// Each gets a key or two; the row of some grows.
    fn work(&mut self) {
        let Self { rng, store, kept, .. } = self;
        let write = |w: &Changes<'_>| {
            for (number, (_, packages, epochs)) in kept.iter_mut() {
                epochs.push(rng.random());
                w.add_epoch(*number, &epochs[epochs.len() - 1])?;
                if rng.random() {
                    packages.push(rng.random());
                    w.add_package(*number, &package(packages[packages.len() - 1]))?;
                }
                if rng.random() {
                    w.set_standing(*number, KeptStanding::Member, rng.random_range(0..1 << 40))?;
                }
            }
            Ok(())
        };
        store.write(write).expect("room");
    }

    /// Some erase all their keys but the newest package.
    fn erase(&mut self) {
        let Self { rng, store, kept, spent, erased } = self;
        for (number, (seed, packages, _)) in kept.iter_mut().filter(|(_, (_, packages, _))| packages.len() > 1) {
            if rng.random() {
                continue;
            }
            let newest = packages.pop().expect("several");
            erased.extend(packages.drain(..).map(|old| Secret::bytes("private half", &old)));
            if spent.insert(*number) {
                erased.push(Secret::bytes("seed", &*seed));
                *seed = rng.random();
            }
            packages.push(newest);
            let left = DeviceKeys::from_signing(*seed, package(newest));
            store.write(|w| w.keep_keys(*number, &left)).expect("room");
        }
    }

    /// One of three is forgotten.
    fn forget(&mut self) {
        let gone: Vec<Number> = self.kept.keys().copied().filter(|_| self.rng.random_range(0..3) == 0).collect();
        for number in gone {
            self.store.write(|w| w.drop_pursuance(number)).expect("room");
            let (seed, packages, epochs) = self.kept.remove(&number).expect("it was there");
            let keys = packages.iter().chain(&epochs).chain([&seed]);
            self.erased.extend(keys.map(|key| Secret::bytes("key of what was forgotten", key)));
        }
    }

    /// How many pages hold something that was erased, before the store sweeps; then none do, and all else is there.
    fn stale(self, dir: &Path) -> usize {
        let Self { store, kept, erased, .. } = self;
        drop(store);
        let look = || look_into_pages(&dir.join("store"), &store_key(), &erased);
        let before = look().iter().map(|sighting| sighting.count).sum();
        let mut store = Store::open(&dir.join("store"), &store_key()).expect("it was closed");
        assert!(store.sweep().expect("room"));
        assert_eq!(look(), [], "while it is open");
        let epochs =
            |number| -> Vec<[u8; 32]> { store.epochs(number).expect("readable").iter().map(|epoch| **epoch).collect() };
        let packages = |number| -> Vec<[u8; 32]> {
            store.packages(number).expect("readable").iter().map(|package| *package.private()).collect()
        };
        let all = store.pursuances().expect("readable").into_iter();
        let all = all.map(|it| (it.number, (*it.device_seed, packages(it.number), epochs(it.number))));
        assert!(all.collect::<Rows>() == kept, "all else is there, in its order");
        drop(store);
        assert_eq!(look(), []);
        before
    }
}

fn store_key() -> DatabaseKey {
    Zeroizing::new([7; 32])
}

fn package(private: [u8; 32]) -> KemSecret {
    KemSecret::from_private(KeySuite::X25519, Zeroizing::new(private))
}

#[test]
fn what_is_erased_is_in_no_page_however_rows_were_moved() {
    let stale = |erases: fn(&mut Moves)| -> usize {
        let one = |seed| {
            let dir = tempfile::tempdir().expect("a folder");
            let mut moves = Moves::new(seed, dir.path());
            moves.come(60);
            for _ in 0..6 {
                moves.work();
                erases(&mut moves);
                moves.come(10);
            }
            moves.stale(dir.path())
        };
        (0..COURSES).map(one).sum()
    };
    let (keys, all) = (stale(Moves::erase), stale(Moves::forget));
    println!("left before the sweep: {keys} after keys were erased, {all} after pursuances were forgotten");
    assert!(keys > 0 && all > 0, "the control: moved rows leave copies");
}
