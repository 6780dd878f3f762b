//! A modified client: it holds real keys, signs whatever it wants, and posts real cells to real relays.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pursuance_core::authority::{Presence, Verdict, package_tag, readers_hash};
use pursuance_core::cell::{CellContent, open_cell, seal_entries};
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Body, Content, Entry, GrantRef, UnverifiedEntry};
use pursuance_core::fragment::{Assembly, Fragments};
use pursuance_core::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{CellKey, DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::link::InviteLink;
use pursuance_core::logs::{Append, Standing};
use pursuance_core::op::{Genesis, Op, RoleEpoch, Seal};
use pursuance_core::plan::Circumstances;
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::rule::RuleTable;
use pursuance_core::seal::{GivesKey, Item, TaskKey, Where, seal_items, task_id};
use pursuance_core::task_op::TaskOp;
use pursuance_node::RelayAddress;
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::limits::MAX_POST_CELLS;
use pursuance_wire::{BlockRange, Cell, LeafHash};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Longest that anything here may take, on computers that do much else.
pub const WAIT: Duration = Duration::from_secs(120);
/// How often something is looked for.
pub const LOOK: Duration = Duration::from_millis(100);

/// A member without a node.
pub struct Rogue {
    pub replica: Replica,
    pub at: SocketAddr,
    /// The first entry of its log.
    pub first: Entry,
    /// What it signed last.
    pub last: Entry,
    /// Cells of the relay, as far as they were fetched.
    pub cells: Vec<Cell>,
    /// The epoch it came in with: what it posts stands under this, whatever happens later.
    door: Option<EpochSecret>,
    invites: Vec<CellKey>,
    scanned: BTreeMap<[u8; 32], usize>,
    fragments: Fragments,
    refused: BTreeMap<EntryId, Refusal>,
    seed: Seed,
}

impl Rogue {
    /// Comes in by a link, like anybody.
    pub async fn join(link: &str, name: &str, at: SocketAddr) -> Self {
        let link = InviteLink::parse(link).expect("a whole link");
        let key = CellKey::of_invite(&link.secret.cell_secret());
        let device = device(name);
        let preview = async {
            loop {
                let mut preview = Preview::new(link.pursuance, link.invite, InviteSecret::new(*link.secret.as_bytes()));
                let cells = fetch(at, 0).await;
                let opened = cells.iter().filter_map(|cell| open_cell(&key, cell));
                let mut fragments = Fragments::default();
                opened
                    .flat_map(|content| entries_in(content, &mut fragments, link.pursuance))
                    .for_each(|entry| preview.add(entry));
                if preview.view().is_some() {
                    return preview;
                }
                sleep(LOOK).await;
            }
        };
        let preview = timeout(WAIT, preview).await.expect("the preview came");
        let join = preview.join(&device, name, now_seconds()).expect("a use is left");
        let replica = Replica::new(link.pursuance, device);
        let mut rogue = Self::with(replica, at, join.clone(), vec![key.clone()], name);
        rogue.post_under(&key, &[join]).await;
        rogue.until("welcomed", |rogue| rogue.replica.is_member()).await;
        rogue.door = rogue.replica.usable_epoch().cloned();
        rogue
    }

    /// Founds a pursuance with rules of its own.
    pub async fn found(name: &str, table: RuleTable, relay: &RelayAddress, at: SocketAddr) -> Self {
        let device = device(name);
        let genesis = Genesis {
            name: "Harbour watch".into(),
            mission: String::new(),
            founder_name: name.into(),
            table,
            relays: vec![*relay],
            nonce: [9; 16],
        };
        let mut body = Body {
            author: device.author(),
            seq: 0,
            prev: None,
            heads: vec![],
            by: None,
            claimed_seconds: now_seconds(),
            checkpoints: vec![],
            content: Content::Public(vec![Op::Genesis(genesis)]),
        };
        let first = Entry::sign(&device.signing, None, &body);
        let pursuance = PursuanceId(first.id().0);
        let epoch = EpochSecret::new([0x77; 32]);
        let package = device.key_package().clone();
        let sealed = epoch.seal_to(pursuance, RoleId::EVERYONE, &package).expect("own package is a key");
        (body.seq, body.prev, body.by) = (1, Some(first.id()), Some(GrantRef { entry: first.id(), op: 0 }));
        body.content = Content::Public(vec![
            Op::RoleEpoch(RoleEpoch {
                role: RoleId::EVERYONE,
                epoch: epoch.id(),
                parents: vec![],
                readers: readers_hash(&[package.id()]),
                seals: vec![Seal { tag: package_tag(&package.id()), sealed }],
                backlinks: vec![],
            }),
            Op::KeyPackage(package),
        ]);
        let second = Entry::sign(&device.signing, Some(pursuance), &body);
        let mut replica = Replica::new(pursuance, device);
        replica.learn_epoch(epoch.clone());
        let mut rogue = Self::with(replica, at, first.clone(), vec![], name);
        rogue.door = Some(epoch);
        rogue.keep(&first);
        rogue.keep(&second);
        rogue.post(&[first, second]).await;
        rogue
    }

    fn with(replica: Replica, at: SocketAddr, first: Entry, invites: Vec<CellKey>, name: &str) -> Self {
        Self {
            replica,
            at,
            last: first.clone(),
            first,
            cells: vec![],
            door: None,
            invites,
            scanned: BTreeMap::new(),
            fragments: Fragments::default(),
            refused: BTreeMap::new(),
            seed: Seed::new(seed_of(name, 0x5a)),
        }
    }

    pub fn pursuance(&self) -> PursuanceId {
        self.replica.pursuance()
    }

    pub fn member(&self) -> MemberId {
        MemberId(self.first.id().0)
    }

    /// The grant by which it came.
    pub fn came(&self) -> GrantRef {
        GrantRef { entry: self.first.id(), op: 0 }
    }

    // What it does as anybody would

    /// Carries out a command as an honest client does.
    pub async fn act(&mut self, command: &Command) -> Option<(GrantRef, InviteSecret)> {
        let mut with = Circumstances { now_seconds: now_seconds(), seed: &mut self.seed, since: vec![] };
        let authored = self.replica.command(command, &mut with).expect("allowed");
        for entry in &authored.entries {
            self.keep(entry);
        }
        self.post_as_due(&authored.entries).await;
        authored.invite
    }

    /// A link to the role with this number, for so many.
    pub async fn invite(&mut self, role: RoleId, uses: u16, relay: &RelayAddress) -> String {
        let made = self.act(&Command::Invite { role, uses, reviewed: false }).await;
        let (grant, secret) = made.expect("an invite was made");
        let key = CellKey::of_invite(&secret.cell_secret());
        let entries: Vec<Entry> = self.replica.preview_entries(grant).into_iter().cloned().collect();
        self.post_under(&key, &entries).await;
        self.invites.push(key);
        let (pursuance, invite) = (self.pursuance(), grant.entry);
        InviteLink { pursuance, relay: *relay, invite, from_index: 0, secret }.to_text().to_string()
    }

    /// Welcomes whoever comes, until so many are members.
    pub async fn welcome_until(&mut self, members: usize) {
        let welcoming = async {
            loop {
                self.read().await;
                for to in self.replica.unwelcomed() {
                    let welcome = self.replica.welcome(to, now_seconds()).expect("a member");
                    self.keep(&welcome);
                    for key in self.invites.clone() {
                        self.post_under(&key, std::slice::from_ref(&welcome)).await;
                    }
                    self.post_as_due(&[welcome]).await;
                }
                if self.replica.authority().present().count() >= members {
                    return;
                }
                sleep(LOOK).await;
            }
        };
        timeout(WAIT, welcoming).await.expect("they came");
    }

    // What it signs

    /// Signs these ops after all that it knows, leaning on this grant, allowed or not.
    pub fn sign(&mut self, by: GrantRef, ops: Vec<Op>) -> Entry {
        let heads = self.replica.logs().heads_for(self.author());
        let entry = self.after(&self.last, heads, by, Content::Public(ops));
        self.keep(&entry);
        entry
    }

    /// The entry after this one of its log, whatever else it said there.
    pub fn after(&self, prev: &Entry, mut heads: Vec<EntryId>, by: GrantRef, content: Content) -> Entry {
        heads.sort_unstable();
        let body = Body {
            author: self.author(),
            seq: prev.body().seq + 1,
            prev: Some(prev.id()),
            heads,
            by: Some(by),
            claimed_seconds: 1_700_000_000,
            checkpoints: vec![],
            content,
        };
        Entry::sign(&self.replica.device().signing, Some(self.pursuance()), &body)
    }

    /// A task as the content of the entry after this one.
    pub fn task_after(&mut self, prev: &Entry, by: GrantRef, title: &str) -> Content {
        let at = Where { pursuance: self.pursuance(), author: self.author(), seq: prev.body().seq + 1, by };
        let key = TaskKey::new(self.seed.draw());
        let task = task_id(at, 0, &key);
        let ops = vec![TaskOp::Create { parent: None }, TaskOp::SetTitle(title.into())];
        let item = Item { task, generation: 0, key, gives_key: GivesKey::Yes, ops };
        let epoch = self.door.as_ref().expect("a member");
        Content::Role(seal_items(at, RoleId::EVERYONE, epoch, &[item], &mut self.seed))
    }

    fn author(&self) -> AuthorId {
        self.replica.device().author()
    }

    /// Takes its own entry up.
    fn keep(&mut self, entry: &Entry) {
        self.note(entry.clone());
        self.last = entry.clone();
    }

    // What it posts

    /// Posts under the epoch it came in with.
    pub async fn post(&mut self, entries: &[Entry]) {
        let key = self.door.as_ref().expect("a member").cell_key();
        self.post_under(&key, entries).await;
    }

    /// Posts as an honest client does.
    async fn post_as_due(&mut self, entries: &[Entry]) {
        for entry in entries {
            let keys = self.replica.cell_keys_for(entry);
            if keys.is_empty() {
                // An honest client would wait for the next epoch.
                self.post(std::slice::from_ref(entry)).await;
            }
            for key in keys {
                self.post_under(&key, std::slice::from_ref(entry)).await;
            }
        }
    }

    pub async fn post_under(&mut self, key: &CellKey, entries: &[Entry]) {
        let mut seed = Seed::new(self.seed.draw());
        let cells = seal_entries(key, entries.iter().map(|entry| (entry.id(), entry.bytes())), &mut seed);
        post(self.at, &cells).await;
    }

    // What it reads

    /// Reads all that its keys open.
    pub async fn read(&mut self) {
        let more = fetch(self.at, self.cells.len()).await;
        self.cells.extend(more);
        loop {
            let mut entries = Vec::new();
            for key in self.keys() {
                let from = self.scanned.insert(*key.id(), self.cells.len()).unwrap_or(0);
                for content in self.cells[from..].iter().filter_map(|cell| open_cell(&key, cell)) {
                    entries.extend(entries_in(content, &mut self.fragments, self.replica.pursuance()));
                }
            }
            if entries.is_empty() {
                return;
            }
            entries.into_iter().for_each(|entry| self.note(entry));
        }
    }

    fn note(&mut self, entry: Entry) {
        let id = entry.id();
        if let Append::Refused(refusal) = self.replica.append(entry).append {
            self.refused.insert(id, refusal);
        }
    }

    /// Every key it ever held.
    pub fn keys(&self) -> Vec<CellKey> {
        let door = self.door.iter().map(EpochSecret::cell_key);
        self.replica.cell_keys().into_iter().chain(self.invites.iter().cloned()).chain(door).collect()
    }

    /// Reads until something is so.
    pub async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let reading = async {
            loop {
                self.read().await;
                if is_so(self) {
                    return;
                }
                sleep(LOOK).await;
            }
        };
        timeout(WAIT, reading).await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
    }

    /// The epoch that seals what is written now.
    pub fn epoch(&self) -> Option<EpochId> {
        self.replica.usable_epoch().map(EpochSecret::id)
    }

    pub fn has_task(&self, title: &str) -> bool {
        let rank = |member| self.replica.authority().seniority(member);
        self.replica.tasks().iter().any(|(_, task)| task.title.shown(rank).is_some_and(|shown| shown == title))
    }

    pub fn is_here(&self, member: MemberId) -> bool {
        self.replica.authority().members().get(&member).is_some_and(|member| member.presence == Presence::Here)
    }

    /// Whether an entry has effect, and the number of the reason why not, as far as it was noted.
    pub fn reason(&self, id: EntryId) -> String {
        let numbered = |refusal: &Refusal| refusal.to_string().split(':').next().expect("it has a number").to_owned();
        if let Some(refusal) = self.refused.get(&id) {
            return format!("refused {}", numbered(refusal));
        }
        match self.replica.authority().verdict(id) {
            Some(Verdict::Counts) => "counts".into(),
            Some(Verdict::Refused(refusal)) => format!("refused {}", numbered(refusal)),
            Some(Verdict::Held(refusal)) => format!("held {}", numbered(refusal)),
            Some(Verdict::NeedsNewer) => "newer".into(),
            None => match self.replica.logs().standing(id) {
                Some(Standing::Counts) => "counts".into(),
                Some(standing) => format!("{standing:?}").to_lowercase(),
                None => "unknown".into(),
            },
        }
    }
}

pub fn entries_in(content: CellContent, fragments: &mut Fragments, pursuance: PursuanceId) -> Vec<Entry> {
    let entries: Vec<UnverifiedEntry> = match content {
        CellContent::Entries(entries) => {
            entries.iter().filter_map(|bytes| UnverifiedEntry::decode(bytes).ok()).collect()
        }
        CellContent::Fragment(part) => match fragments.insert(part) {
            Assembly::Whole(entry) => vec![*entry],
            Assembly::Kept | Assembly::Ignored => vec![],
        },
    };
    entries.into_iter().filter_map(|entry| entry.verify(pursuance).ok()).collect()
}

pub fn device(name: &str) -> DeviceKeys {
    DeviceKeys::from_seed(seed_of(name, 0))
}

fn seed_of(name: &str, fill: u8) -> [u8; 32] {
    let mut seed = [fill; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    seed
}

pub fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

// A relay's door, by hand

/// All cells from this index on.
pub async fn fetch(at: SocketAddr, from: usize) -> Vec<Cell> {
    let Some(note) = request(at, "GET", "/checkpoint", &[]).await else { return vec![] };
    let size = String::from_utf8_lossy(&note).lines().nth(1).and_then(|line| line.parse().ok()).expect("a checkpoint");
    let mut cells = Vec::new();
    for range in BlockRange::covering(from as u64..size) {
        let start = usize::try_from(range.cells(size).start).unwrap();
        let body = request(at, "GET", &range.path(), &[]).await.expect("published");
        let held = body.chunks_exact(CELL_BYTES).map(|cell| Cell::from_bytes(cell.try_into().expect("a whole cell")));
        cells.extend(held.skip(from.saturating_sub(start)));
    }
    cells
}

/// Posts cells in their order.
pub async fn post(at: SocketAddr, cells: &[Cell]) {
    for some in cells.chunks(MAX_POST_CELLS) {
        let body: Vec<u8> = some.iter().flat_map(|cell| *cell.as_bytes()).collect();
        let posting = async {
            while request(at, "POST", "/post", &body).await.is_none() {
                sleep(LOOK).await;
            }
        };
        timeout(WAIT, posting).await.expect("taken");
    }
}

/// Carries each relay's cells to the other, for ever.
pub async fn ferry(a: SocketAddr, b: SocketAddr) {
    let doors = [a, b];
    let (mut read, mut known) = ([vec![], vec![]], [BTreeSet::<LeafHash>::new(), BTreeSet::new()]);
    loop {
        for here in [0, 1] {
            let more = fetch(doors[here], read[here].len()).await;
            known[here].extend(more.iter().map(Cell::leaf_hash));
            read[here].extend(more);
        }
        for (here, there) in [(0, 1), (1, 0)] {
            let new = read[here].iter().filter(|cell| known[there].insert(cell.leaf_hash())).cloned();
            post(doors[there], &new.collect::<Vec<_>>()).await;
        }
        sleep(LOOK).await;
    }
}

async fn request(at: SocketAddr, method: &str, path: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(at).await.ok()?;
    let length = if method == "POST" { format!("content-length: {}\r\n", body.len()) } else { String::new() };
    let head = format!("{method} {path} HTTP/1.1\r\nhost: relay\r\n{length}connection: close\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let split = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    answer.starts_with(b"HTTP/1.1 200").then(|| answer.split_off(split + 4))
}
