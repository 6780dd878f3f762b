//! Makes every vector from fixed seeds, the bad ones by hand.

use std::collections::BTreeMap;

use pursuance_core::command::Command;
use pursuance_core::crypto::{self, Seed, label};
use pursuance_core::entry::{Body, Content, Entry, GrantRef, UnverifiedEntry};
use pursuance_core::founding::{Founding, MEMBER, found};
use pursuance_core::id::{EntryId, PursuanceId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{DeviceKeys, EpochSecret, InviteSecret};
use pursuance_core::op::Op;
use pursuance_core::plan::{Authored, Circumstances};
use pursuance_core::replica::Replica;
use pursuance_wire::RelayAddress;
use pursuance_wire::log::LogSigner;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use pursuance_tests::vectors::core_kinds::hex;
use raw::V;

pub mod authority;
pub mod cell;
mod code;
mod command;
mod desk;
mod entry;
mod golden;
mod log;
pub mod raw;
pub mod sealed;
mod sharing;
mod signature;
mod since;
pub mod standards;

/// Vectors by path below the folder, without `.json`.
pub type Vectors = BTreeMap<String, Value>;

/// All of them.
pub fn all() -> Vectors {
    let mut vectors = Shelf(Vectors::new());
    let cast = Cast::new();
    entry::make(&cast, &mut vectors);
    authority::make(&cast, &mut vectors);
    signature::make(&cast, &mut vectors);
    log::make(&cast, &mut vectors);
    desk::make(&cast, &mut vectors);
    sharing::make(&cast, &mut vectors);
    since::make(&cast, &mut vectors);
    command::make(&cast, &mut vectors);
    cell::make(&cast, &mut vectors);
    sealed::make(&cast, &mut vectors);
    code::make(&cast, &mut vectors);
    golden::make(&mut vectors);
    vectors.0
}

/// The golden logs alone, by their names.
pub fn golden_logs() -> Vectors {
    let mut vectors = Shelf(Vectors::new());
    golden::make(&mut vectors);
    vectors.0.into_iter().map(|(path, vector)| (path["authority/".len()..].to_owned(), vector)).collect()
}

/// Where makers put their vectors.
pub struct Shelf(Vectors);

impl Shelf {
    /// Adds a vector; its folder is its kind.
    pub fn add(&mut self, kind: &str, case: &str, given: Value, expect: Value) {
        self.put(kind, case, json!({"kind": kind, "given": given, "expect": expect}));
    }

    /// Adds a vector that says what it is about.
    pub fn add_with(&mut self, kind: &str, case: &str, comment: &str, given: Value, expect: Value) {
        self.put(kind, case, json!({"kind": kind, "comment": comment, "given": given, "expect": expect}));
    }

    fn put(&mut self, kind: &str, case: &str, vector: Value) {
        let path = format!("{kind}/{case}");
        assert!(self.0.insert(path, vector).is_none(), "{kind}/{case} twice");
    }

    /// Adds a vector whose outcome is right as it is computed now, and is frozen by being written down.
    pub fn add_frozen(&mut self, kind: &str, case: &str, given: Value) -> Value {
        let vector = json!({"kind": kind, "given": given});
        let kinds = pursuance_tests::vectors::kinds();
        let expect =
            pursuance_tests::vectors::outcome(&vector, &kinds).unwrap_or_else(|error| panic!("{case}: {error}"));
        self.add(kind, case, vector["given"].clone(), expect.clone());
        expect
    }
}

/// The people of all vectors and what they did: Maya founds, invites Ben with a link for one, and both write.
pub struct Cast {
    pub pursuance: PursuanceId,
    pub maya_seed: [u8; 32],
    pub ben_seed: [u8; 32],
    pub eve_seed: [u8; 32],
    pub epoch: EpochSecret,
    pub relay: RelayAddress,
    pub invite: GrantRef,
    pub invite_secret: InviteSecret,
    /// In an order in which they can be appended: genesis, epoch, invite, task, join, welcome, claim, comment.
    pub entries: Vec<Entry>,
    pub task: pursuance_core::id::TaskId,
    pub maya: Replica,
    pub ben: Replica,
}

pub const NOW_SECONDS: u64 = 1_790_000_000;

/// Places in [`Cast::entries`].
pub mod at {
    pub const GENESIS: usize = 0;
    pub const EPOCH: usize = 1;
    pub const INVITE: usize = 2;
    pub const TASK: usize = 3;
    pub const JOIN: usize = 4;
    pub const WELCOME: usize = 5;
    pub const CLAIM: usize = 6;
    pub const COMMENT: usize = 7;
}

impl Cast {
    pub fn new() -> Self {
        let (maya_seed, ben_seed, eve_seed) = ([0x11; 32], [0x22; 32], [0x33; 32]);
        let relay = RelayAddress::new(
            *LogSigner::from_seed(&[0x51; 32]).key().as_bytes(),
            *LogSigner::from_seed(&[0x52; 32]).key().as_bytes(),
        )
        .expect("two keys");
        let device = DeviceKeys::from_seed(maya_seed);
        let founding = Founding {
            name: "Harbour watch".into(),
            mission: "Know what is built there".into(),
            my_name: "Maya".into(),
            relays: vec![relay],
        };
        let founded = found(&founding, &device, NOW_SECONDS, &mut Seed::new([0x41; 32])).expect("good texts");
        let pursuance = founded.pursuance;
        let mut maya = Replica::new(pursuance, device);
        let mut entries = Vec::new();
        take(&mut maya, &founded.entries, &mut entries);

        let authored = act(&maya, 0x42, &Command::Invite { role: MEMBER, uses: 1, reviewed: false });
        let (invite, invite_secret) = authored.invite.expect("an invite");
        take(&mut maya, &authored.entries, &mut entries);
        let created = act(&maya, 0x43, &create("Photograph the permits"));
        let task = created.task.expect("a task");
        take(&mut maya, &created.entries, &mut entries);

        let mut preview = Preview::new(pursuance, invite.entry, InviteSecret::new(*invite_secret.as_bytes()));
        maya.preview_entries(invite).into_iter().for_each(|entry| preview.add(entry.clone()));
        let ben_device = DeviceKeys::from_seed(ben_seed);
        let join = preview.join(&ben_device, "Ben", NOW_SECONDS + 1).expect("a use is left");
        let mut ben = Replica::new(pursuance, ben_device);
        take(&mut maya, &[join], &mut entries);
        let welcome = maya.welcome(ben.device().author(), NOW_SECONDS + 2).expect("the epoch is held");
        take(&mut maya, &[welcome], &mut entries);
        for entry in &entries {
            ben.append(entry.clone());
        }
        let claim = act(&ben, 0x44, &Command::Claim { task });
        take(&mut ben, &claim.entries, &mut entries);
        maya.append(entries[at::CLAIM].clone());
        let comment = act(&maya, 0x45, &Command::Comment { task, text: "On my way".into() });
        take(&mut maya, &comment.entries, &mut entries);
        ben.append(entries[at::COMMENT].clone());
        assert_eq!(maya.digest(), ben.digest());
        Self {
            pursuance,
            maya_seed,
            ben_seed,
            eve_seed,
            epoch: founded.epoch,
            relay,
            invite,
            invite_secret,
            entries,
            task,
            maya,
            ben,
        }
    }

    pub fn maya_keys(&self) -> DeviceKeys {
        DeviceKeys::from_seed(self.maya_seed)
    }

    pub fn ben_keys(&self) -> DeviceKeys {
        DeviceKeys::from_seed(self.ben_seed)
    }

    /// The next body of Maya's or Ben's device, with nothing in it yet.
    pub fn next_body(&self, replica: &Replica, content: Content) -> Body {
        let author = replica.device().author();
        let tip = replica.logs().tip(author).expect("a member has written");
        let me = replica.me().expect("a member");
        Body {
            author,
            seq: tip.seq + 1,
            prev: Some(tip.id),
            heads: replica.logs().heads_for(author),
            by: Some(replica.authority().members()[&me].grant),
            claimed_seconds: NOW_SECONDS + 60,
            checkpoints: Vec::new(),
            content,
        }
    }

    /// An entry of public ops that a member's own client would not write.
    pub fn says(&self, replica: &Replica, ops: Vec<Op>) -> Entry {
        let body = self.next_body(replica, Content::Public(ops));
        Entry::sign(&replica.device().signing, Some(self.pursuance), &body)
    }
}

/// The signing seed of a device.
pub fn signing_seed(device_seed: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(crypto::derive_key(label::DEVICE_SIGN, device_seed))
}

pub fn create(title: &str) -> Command {
    Command::create_task(title)
}

pub fn act(replica: &Replica, seed: u8, command: &Command) -> Authored {
    let mut seed = Seed::new([seed; 32]);
    let mut with = Circumstances { now_seconds: NOW_SECONDS + 5, seed: &mut seed, since: Vec::new() };
    replica.command(command, &mut with).expect("allowed")
}

fn take(replica: &mut Replica, new: &[Entry], all: &mut Vec<Entry>) {
    for entry in new {
        let read = UnverifiedEntry::decode(entry.bytes()).expect("strict").verify(replica.pursuance()).expect("signed");
        replica.append(read.clone());
        all.push(read);
    }
}

/// An entry whose body is these bytes, whatever they are, signed as its author would.
pub fn signed(device: &DeviceKeys, pursuance: PursuanceId, body: &[u8]) -> Vec<u8> {
    envelope(body, &device.signing.sign(&signed_message(pursuance, body)))
}

pub fn signed_message(pursuance: PursuanceId, body: &[u8]) -> Vec<u8> {
    [label::ENTRY_SIGNATURE, &pursuance.0, &id_of(body).0].concat()
}

pub fn id_of(body: &[u8]) -> EntryId {
    EntryId(crypto::hash(label::ENTRY_ID, &[body]))
}

pub fn envelope(body: &[u8], signature: &[u8]) -> Vec<u8> {
    V::Array(vec![V::Bytes(body.into()), V::Bytes(signature.into())]).encode()
}

/// The body of an entry as a tree.
pub fn body_tree(entry: &Entry) -> V {
    let mut outer = V::parse(entry.bytes());
    let body = outer.list()[0].blob().clone();
    V::parse(&body)
}

pub fn hexes<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<String> {
    entries.into_iter().map(|entry| hex(entry.bytes())).collect()
}
