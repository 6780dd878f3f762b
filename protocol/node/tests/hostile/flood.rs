//! Too much of everything: a member who floods, relays that never stop. Memory and disk stay within limits, others are heard,
//! what was acknowledged is kept.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pursuance_core::cell::{CellContent, open_cell, seal_entries};
use pursuance_core::command::Command;
use pursuance_core::crypto::{self, Seed, label};
use pursuance_core::entry::{Body, Content, Entry, GrantRef, UnverifiedEntry};
use pursuance_core::founding::MEMBER;
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::{EntryId, PursuanceId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{CellKey, DeviceKeys, InviteSecret};
use pursuance_core::limits::MAX_HEADS;
use pursuance_core::link::InviteLink;
use pursuance_core::op::Op;
use pursuance_core::plan::Circumstances;
use pursuance_core::replica::Replica;
use pursuance_core::templates::Template;
use pursuance_node::api::{Fault, Query, RelayView, Reply, Request, StatusLine, View};
use pursuance_node::{Clock, Node, NodeConfig, Pace, RelayAddress, TorChoice};
use pursuance_wire::limits::MAX_TREE_CELLS;
use pursuance_wire::log::tree::complete_root;
use pursuance_wire::log::{Checkpoint, Frontier, LogSigner, NodeHash, Policy, Posting, SlotNumber, TileId};
use pursuance_wire::{BlockRange, Cell, Frame, LeafHash};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::liar::{Liar, Shared, address, cells};
use crate::node::{founder, say, until};

const PASSPHRASE: &str = "a long enough passphrase";
/// Cells that a slot may bring, with room for those of others.
const SLOT_CELLS: usize = 3_000;
/// What the program may grow by while a relay streams 120 MiB; other tests run meanwhile, but no other flood.
const MAX_GROWTH_BYTES: usize = 48 << 20;
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
/// Long enough for computers that do much else.
const WAIT: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_who_floods_keeps_nobody_out() {
    let _alone = ALONE.lock().await;
    let (node, dir, pursuance, shared) = founder(Liar::honest(40)).await;
    until(&node, "fine", |status| matches!(status, StatusLine::Fine { kept: 0, .. })).await;
    let command = Command::Invite { role: MEMBER, uses: 9, reviewed: false };
    let Ok(Reply::Invite { link }) = node.request(Request::Act { pursuance, command }).await else { panic!("a link") };
    let mut ben = Guest::join(&link, "Ben", &shared).await;
    let eve = Guest::join(&link, "Eve", &shared).await;

    let floods: [(&str, Vec<Cell>); 4] = [
        ("parts that never become whole", eve.parts(SLOT_CELLS)),
        ("entries with sixteen heads", eve.sealed(&eve.chain(1_500))),
        ("entries that name unknown ones, and second histories", {
            let unheard = (0..1_100).map(|n| eve.next(None, vec![unheard(n)], n));
            let forks = (0..500).map(|n| eve.next(None, vec![], 10_000 + n));
            eve.sealed(&unheard.chain(forks).collect::<Vec<_>>())
        }),
        ("noise, and what came before once more", [cells(1_024), eve.sealed(&eve.chain(300))].concat()),
    ];
    for (what, cells) in floods {
        assert!(cells.len() <= SLOT_CELLS, "{what}: {} cells", cells.len());
        shared.lock().unwrap().cells.extend(cells);
        let title = format!("Said after {what}");
        ben.says(&title, &shared);
        shown(&node, pursuance, &title).await;
        say(&node, pursuance, &format!("Mine after {what}")).await;
        until(&node, what, |status| !matches!(status, StatusLine::Fine { kept: 1.., .. })).await;
    }
    let titles = titles(&node, pursuance).await;
    assert_eq!(titles.len(), 8, "{titles:?}");
    handed(&node, pursuance).await;
    node.stop().await;
    // Everything is there again, and only the newest parts were kept.
    let file = std::fs::metadata(dir.path().join("store")).map_or(0, |file| file.len());
    assert!(file < 40 << 20, "{file} bytes on the disk");
    let config =
        NodeConfig { data_dir: dir.path().into(), loopback: vec![], tor: TorChoice::Off, clock: Clock::System };
    let node = Node::start_with(config, Pace::hurried()).unwrap();
    node.request(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    assert_eq!(self::titles(&node, pursuance).await, titles);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_streams_without_end_costs_little_and_keeps_no_other_out() {
    let _alone = ALONE.lock().await;
    let log = Mutex::new((SlotNumber(slot_now()), Vec::new()));
    let hose = Hose::serve(Says::Frames { frames: 120, cells: 512, log }).await;
    let (shared, at) = Liar::honest(40).serve().await;
    let dir = tempfile::tempdir().unwrap();
    let loopback = vec![(address(), at), (Hose::address(), hose.at)];
    let config = NodeConfig { data_dir: dir.path().into(), loopback, tor: TorChoice::Off, clock: Clock::System };
    let node = Node::start_with(config, Pace::hurried()).unwrap();
    node.request(Request::CreateVault { passphrase: PASSPHRASE.into() }).await.unwrap();
    let relay = Some(address().to_string());
    let start = Request::StartPursuance {
        name: "Harbour watch".into(),
        mission: String::new(),
        my_name: "Maya".into(),
        relay,
        template: Template::Plain,
    };
    let Ok(Reply::Pursuance { pursuance }) = node.request(start).await else { panic!("founded") };
    until(&node, "fine", |status| matches!(status, StatusLine::Fine { kept: 0, .. })).await;
    let command = Command::Invite { role: MEMBER, uses: 9, reviewed: false };
    let Ok(Reply::Invite { link }) = node.request(Request::Act { pursuance, command }).await else { panic!("a link") };
    let mut ben = Guest::join(&link, "Ben", &shared).await;

    let before = resident_bytes();
    let relays = vec![address().to_string(), Hose::address().to_string()];
    let command = Command::SetRelays { relays };
    node.request(Request::Act { pursuance, command }).await.unwrap();
    let mut most = 0;
    for n in 0.. {
        let is_done = hose.says.is_done();
        let title = format!("While it streams, {n}");
        ben.says(&title, &shared);
        shown(&node, pursuance, &title).await;
        say(&node, pursuance, &format!("Mine, {n}")).await;
        most = most.max(resident_bytes().saturating_sub(before));
        if is_done {
            break;
        }
    }
    assert!(most <= MAX_GROWTH_BYTES, "it grew by {most} bytes");
    // The other relay took all that was said meanwhile.
    let wait = async {
        while relays_of(&node, pursuance).await[0].waiting > 0 {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(WAIT, wait).await.expect("handed over");
    let of = relays_of(&node, pursuance).await;
    assert!(of[0].fault.is_none() && of[0].handed > 0, "{of:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_are_none_have_their_fault() {
    let _alone = ALONE.lock().await;
    let signer = Hose::signer();
    let frame = |slot: u64, size: u64, root: NodeHash, cells: &[Cell]| {
        Frame::encode(Checkpoint::sign(&signer, SlotNumber(slot), size, root).note().as_bytes(), cells).unwrap()
    };
    let soon = slot_now() + 5;
    let cases: [(&str, Vec<u8>, Fault); 5] = [
        ("a note of four gigabytes", vec![0xff; 64], Fault::Garbage),
        ("cells without number", [&1_u32.to_be_bytes()[..], b"n", &[0xff; 4]].concat(), Fault::Garbage),
        ("notes without end", Frame::encode(b"n", &[]).unwrap().repeat(100_000), Fault::Garbage),
        ("a slot long past", frame(1, 0, Frontier::new().root(), &[]), Fault::RolledBack),
        ("an earlier log", [frame(soon, 0, NodeHash([7; 32]), &[])].concat(), Fault::Forked),
    ];
    for (what, says, fault) in cases {
        let hose = Hose::serve(Says::Bytes(says)).await;
        let (node, _dir, pursuance) = hose.founder().await;
        let status = until(&node, what, |status| matches!(status, StatusLine::RelayFault { .. })).await;
        assert_eq!(status, StatusLine::RelayFault { fault }, "{what}");
        say(&node, pursuance, "kept all the same").await;
        assert_eq!(titles(&node, pursuance).await, ["kept all the same"], "{what}");
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_of_a_million_million_cells_is_not_followed() {
    let _alone = ALONE.lock().await;
    let (node, _dir, pursuance, shared) = founder(Liar::honest(40)).await;
    until(&node, "fine", |status| matches!(status, StatusLine::Fine { kept: 0, .. })).await;
    let before = resident_bytes();
    for (size, what) in [(MAX_TREE_CELLS, "the longest log there may be"), (MAX_TREE_CELLS + 1, "a longer one")] {
        {
            let mut liar = shared.lock().unwrap();
            let slot = SlotNumber(liar.slot() + 1);
            let huge = Checkpoint::sign(&liar.signer, slot, size, NodeHash([7; 32]));
            let note = huge.note().as_bytes().to_vec();
            liar.asked.clear();
            liar.instead.push(("/checkpoint", note.into()));
        }
        // Nothing of such a log is asked for.
        let status = until(&node, what, |status| !matches!(status, StatusLine::Fine { .. })).await;
        let fault = StatusLine::RelayFault { fault: Fault::Garbage };
        assert!(status == fault || matches!(status, StatusLine::Unreachable { .. }), "{what}: {status:?}");
        assert!(!shared.lock().unwrap().asked.iter().any(|path| path.starts_with("/tile/")), "{what}");
        say(&node, pursuance, what).await;
        shared.lock().unwrap().instead.clear();
        until(&node, "fine again", |status| matches!(status, StatusLine::Fine { kept: 0, .. })).await;
    }
    assert!(resident_bytes().saturating_sub(before) <= MAX_GROWTH_BYTES);
    handed(&node, pursuance).await;
}

// What is seen

async fn titles(node: &Node, pursuance: PursuanceId) -> Vec<String> {
    let mut titles: Vec<String> = Vec::new();
    loop {
        let mut query = Query::tree(pursuance);
        if let Query::Tree { first, .. } = &mut query {
            *first = titles.len() as u32;
        }
        let Ok(View::Tree(page)) = node.view(query).await else { panic!("a tree") };
        titles.truncate(page.first as usize);
        let is_last = page.rows.is_empty() || titles.len() + page.rows.len() >= page.shown as usize;
        titles.extend(page.rows.into_iter().map(|row| row.title));
        if is_last {
            return titles;
        }
    }
}

async fn shown(node: &Node, pursuance: PursuanceId, title: &str) {
    let wait = async {
        while !titles(node, pursuance).await.iter().any(|shown| shown == title) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(WAIT, wait).await.unwrap_or_else(|_| panic!("never shown: {title}"));
}

async fn relays_of(node: &Node, pursuance: PursuanceId) -> Vec<RelayView> {
    let Ok(View::Relays(relays)) = node.view(Query::Relays { pursuance }).await else { panic!("relays") };
    relays
}

/// Waits until the relays signed for all that was said here.
async fn handed(node: &Node, pursuance: PursuanceId) {
    let wait = async {
        while relays_of(node, pursuance).await.iter().any(|relay| relay.waiting > 0) {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(WAIT, wait).await.expect("handed over");
}

/// Memory of this program that is in use.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("this system tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
    let kib: usize = line.trim().trim_end_matches(" kB").trim().parse().expect("a number");
    kib << 10
}

fn slot_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

// People who write without a node

/// The id of an entry that will never come.
fn unheard(n: usize) -> EntryId {
    let mut id = [0xee; 32];
    id[..8].copy_from_slice(&(n as u64).to_be_bytes());
    EntryId(id)
}

/// A member without a node: reads and writes the relay's cells by hand.
struct Guest {
    replica: Replica,
    keys: Vec<CellKey>,
    join: Entry,
    drawn: u64,
}

impl Guest {
    async fn join(link: &str, name: &str, shared: &Shared) -> Self {
        let link = InviteLink::parse(link).expect("a whole link");
        let key = CellKey::of_invite(&link.secret.cell_secret());
        let mut seed = [0; 32];
        seed[..name.len()].copy_from_slice(name.as_bytes());
        let device = DeviceKeys::from_seed(seed);
        let preview = || {
            let mut preview = Preview::new(link.pursuance, link.invite, InviteSecret::new(*link.secret.as_bytes()));
            read(shared, &key, link.pursuance).into_iter().for_each(|entry| preview.add(entry));
            preview
        };
        let wait = async {
            while preview().view().is_none() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(WAIT, wait).await.expect("the preview came");
        let join = preview().join(&device, name, slot_now()).expect("a use is left");
        let mut guest = Self { replica: Replica::new(link.pursuance, device), keys: vec![key], join, drawn: 0 };
        let cells = guest.sealed(std::slice::from_ref(&guest.join.clone()));
        shared.lock().unwrap().cells.extend(cells);
        let wait = async {
            while !guest.replica.is_member() {
                guest.read(shared);
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(WAIT, wait).await.expect("welcomed");
        let epoch = guest.replica.usable_epoch().expect("welcomed").cell_key();
        guest.keys = vec![epoch];
        guest
    }

    fn read(&mut self, shared: &Shared) {
        let keys = self.keys.iter().cloned().chain(self.replica.cell_keys()).collect::<Vec<_>>();
        for key in keys {
            for entry in read(shared, &key, self.replica.pursuance()) {
                self.replica.append(entry);
            }
        }
    }

    fn says(&mut self, title: &str, shared: &Shared) {
        self.drawn += 1;
        let mut seed = [0x5a; 32];
        seed[..8].copy_from_slice(&self.drawn.to_be_bytes());
        let command = Command::create_task(title);
        let mut seed = Seed::new(seed);
        let mut with = Circumstances { now_seconds: slot_now(), seed: &mut seed, since: Vec::new() };
        let entries = self.replica.command(&command, &mut with).expect("allowed").entries;
        entries.iter().for_each(|entry| drop(self.replica.append(entry.clone())));
        let cells = self.sealed(&entries);
        shared.lock().unwrap().cells.extend(cells);
    }

    fn sealed(&self, entries: &[Entry]) -> Vec<Cell> {
        let mut seed = [0xc1; 32];
        seed[..8].copy_from_slice(&self.drawn.to_be_bytes());
        let first = entries.first().expect("something is said").id();
        let mut seed = Seed::new(crypto::keyed_hash(&seed, &first.0));
        seal_entries(&self.keys[0], entries.iter().map(|entry| (entry.id(), entry.bytes())), &mut seed)
    }

    /// So many entries in a row, each with as many heads as there may be: old ones.
    fn chain(&self, count: usize) -> Vec<Entry> {
        let mut chain: Vec<Entry> = Vec::new();
        for n in 0..count {
            let heads = (1..=MAX_HEADS).filter_map(|back| Some(chain.get(n.checked_sub(1 + back)?)?.id())).collect();
            chain.push(self.next(chain.last(), heads, n));
        }
        chain
    }

    /// The entry after this one, or after the join, whatever else was said there.
    fn next(&self, prev: Option<&Entry>, mut heads: Vec<EntryId>, n: usize) -> Entry {
        let prev = prev.unwrap_or(&self.join);
        heads.sort_unstable();
        let body = Body {
            author: self.replica.device().author(),
            seq: prev.body().seq + 1,
            prev: Some(prev.id()),
            heads,
            by: Some(GrantRef { entry: self.join.id(), op: 0 }),
            claimed_seconds: 1_790_000_000,
            checkpoints: vec![],
            content: Content::Public(vec![Op::Unknown { number: 900, arguments: n.to_be_bytes().to_vec() }]),
        };
        Entry::sign(&self.replica.device().signing, Some(self.replica.pursuance()), &body)
    }

    /// First parts of so many entries that will never be whole.
    fn parts(&self, count: usize) -> Vec<Cell> {
        let epoch = self.replica.usable_epoch().expect("a member");
        let id = epoch.id().0;
        let key = crypto::derive_key(label::EPOCH_CELL, epoch.as_bytes());
        let detect = crypto::derive_key(label::EPOCH_DETECT, epoch.as_bytes());
        let associated = [label::CELL_AD, &id].concat();
        let part = |n: usize| {
            let numbers = [512, 0, 1_960].map(u16::to_be_bytes).concat();
            let mut plain = [&[1][..], &unheard(n).0, &numbers, &[7; 1_960]].concat();
            plain.resize(2_000, 0);
            let mut nonce = [3; 24];
            nonce[..8].copy_from_slice(&(n as u64).to_be_bytes());
            let tag = crypto::keyed_hash(&detect, &nonce);
            let sealed = crypto::seal(&key, &nonce, &associated, &plain);
            Cell::from_parts(tag.first_chunk().unwrap(), &nonce, sealed.as_slice().try_into().unwrap())
        };
        (0..count).map(part).collect()
    }
}

/// All entries that this key opens.
fn read(shared: &Shared, key: &CellKey, pursuance: PursuanceId) -> Vec<Entry> {
    let cells = shared.lock().unwrap().cells.clone();
    let mut fragments = Fragments::default();
    let opened = cells.iter().filter_map(|cell| open_cell(key, cell));
    let entries = opened.flat_map(|content| match content {
        CellContent::Entries(entries) => {
            entries.iter().filter_map(|bytes| UnverifiedEntry::decode(bytes).ok()).collect()
        }
        CellContent::Fragment(part) => match fragments.insert(part) {
            Assembly::Whole(entry) => vec![*entry],
            Assembly::Kept | Assembly::Ignored => vec![],
        },
    });
    entries.filter_map(|entry| entry.verify(pursuance).ok()).collect()
}

// Relays that never stop

/// A relay that begins with an empty log and, when it is followed, says what it has to say as fast as it is taken.
struct Hose {
    at: SocketAddr,
    says: Arc<Says>,
}

/// What a [`Hose`] says to those who follow it.
enum Says {
    /// These bytes.
    Bytes(Vec<u8>),
    /// So many frames of so many cells, each a slot of one log: made as they are wanted, for all of them together would be
    /// what is measured.
    Frames { frames: usize, cells: usize, log: Mutex<(SlotNumber, Vec<LeafHash>)> },
}

impl Says {
    fn cell(n: usize) -> Cell {
        let mut bytes = [0x99; 2_048];
        bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
        Cell::from_bytes(bytes)
    }

    fn checkpoint(&self) -> Checkpoint {
        let Self::Frames { log, .. } = self else {
            return Checkpoint::sign(&Hose::signer(), SlotNumber(slot_now()), 0, Frontier::new().root());
        };
        let log = log.lock().unwrap();
        let mut frontier = Frontier::new();
        log.1.iter().for_each(|leaf| frontier.append(*leaf));
        Checkpoint::sign(&Hose::signer(), log.0, frontier.size(), frontier.root())
    }

    fn next_frame(&self) -> Option<Vec<u8>> {
        let Self::Frames { frames, cells, log } = self else { return None };
        let cells: Vec<Cell> = {
            let mut log = log.lock().unwrap();
            let start = log.1.len();
            if start == frames * cells {
                return None;
            }
            let cells: Vec<Cell> = (start..start + cells).map(Self::cell).collect();
            log.1.extend(cells.iter().map(Cell::leaf_hash));
            log.0 = log.0.next();
            cells
        };
        Some(Frame::encode(self.checkpoint().note().as_bytes(), &cells).unwrap())
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        if path == "/policy" {
            let policy = Policy { slot_seconds: 1, retention_days: 30, posting: Posting::Open };
            return Some(policy.sign(&Hose::signer()).unwrap().as_bytes().to_vec());
        }
        if path == "/checkpoint" {
            return Some(self.checkpoint().note().as_bytes().to_vec());
        }
        let Self::Frames { log, .. } = self else { return None };
        let log = log.lock().unwrap();
        if let Some(range) = path.strip_prefix("/blocks/") {
            let range = BlockRange::parse(range).ok()?.cells(log.1.len() as u64);
            return Some(range.flat_map(|n| *Self::cell(n as usize).as_bytes()).collect());
        }
        let id = TileId::parse(path.strip_prefix("/tile/")?).ok()?;
        let mut level: Vec<NodeHash> = log.1.iter().map(|leaf| NodeHash(leaf.0)).collect();
        for _ in 0..id.level() {
            level = level.chunks_exact(256).map(|chunk| complete_root(chunk).expect("a full tile")).collect();
        }
        let start = id.index() as usize * 256;
        Some(level.get(start..start + usize::from(id.width()))?.iter().flat_map(|hash| hash.0).collect())
    }

    /// Whether all was said.
    fn is_done(&self) -> bool {
        matches!(self, Self::Frames { frames, cells, log } if log.lock().unwrap().1.len() == frames * cells)
    }
}

impl Hose {
    fn signer() -> LogSigner {
        LogSigner::from_seed(&[4; 32])
    }

    fn address() -> RelayAddress {
        let onion = *LogSigner::from_seed(&[3; 32]).key().as_bytes();
        RelayAddress::new(onion, *Self::signer().key().as_bytes()).unwrap()
    }

    async fn serve(says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let says = Arc::new(says);
        let said = says.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let said = said.clone();
                tokio::spawn(async move {
                    let _ = converse(stream, &said).await;
                });
            }
        });
        Self { at, says }
    }

    /// A founder whose only relay is this one.
    async fn founder(&self) -> (Node, tempfile::TempDir, PursuanceId) {
        let dir = tempfile::tempdir().unwrap();
        let loopback = vec![(Self::address(), self.at)];
        let config = NodeConfig { data_dir: dir.path().into(), loopback, tor: TorChoice::Off, clock: Clock::System };
        let node = Node::start_with(config, Pace::hurried()).unwrap();
        node.request(Request::CreateVault { passphrase: PASSPHRASE.into() }).await.unwrap();
        let relay = Some(Self::address().to_string());
        let start = Request::StartPursuance {
            name: "Harbour watch".into(),
            mission: String::new(),
            my_name: "Maya".into(),
            relay,
            template: Template::Plain,
        };
        let Ok(Reply::Pursuance { pursuance }) = node.request(start).await else { panic!("founded") };
        (node, dir, pursuance)
    }
}

/// Answers what a visit asks; then says what there is to say, and then nothing more.
async fn converse(mut stream: TcpStream, says: &Says) -> std::io::Result<()> {
    let mut request = Vec::new();
    loop {
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let head = String::from_utf8_lossy(&request[..end]).into_owned();
        request.drain(..end + 4);
        let path = head.split(' ').nth(1).unwrap_or_default();
        if path == "/stream" {
            break;
        }
        let Some(body) = says.read(path) else {
            // It was not there before, so it has no older checkpoint.
            stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await?;
            continue;
        };
        stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes()).await?;
        stream.write_all(&body).await?;
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    if let Says::Bytes(bytes) = says {
        stream.write_all(bytes).await?;
    }
    while let Some(frame) = says.next_frame() {
        stream.write_all(&frame).await?;
    }
    sleep(WAIT).await;
    Ok(())
}
