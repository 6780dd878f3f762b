//! Goal L3: what it takes to load the signed acts of a team; processor time of the thread.
//!
//! `@localfirst/auth` is measured by `team/load.mjs`, in a language of its own. Our side stands beside p2panda-auth ([`crate::ours`]), with
//! the same acts: a founding, members who come, and rights that change.

use std::hint::black_box;

use p2panda_auth::Access;
use p2panda_auth::group::resolver::StrongRemove;
use p2panda_auth::group::{GroupAction, GroupCrdt, GroupMember};
use p2panda_auth::traits::{IdentityHandle, Operation as Act, OperationId};
use p2panda_core::cbor::decode_cbor;
use p2panda_core::{
    Hash, Header, Operation, SigningKey, Timestamp, VerifyingKey, validate_backlink, validate_operation,
};
use serde::{Deserialize, Serialize};

use crate::clock::{median, thread_nanos};
use crate::ours;

const ACTS: usize = 1_000;
const MEMBERS: usize = 100;
const ROUNDS: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Who(VerifyingKey);
impl IdentityHandle for Who {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Id(Hash);
impl OperationId for Id {}

/// What an operation carries beside its header: an act in a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Carried {
    group: Who,
    action: GroupAction<Who>,
    dependencies: Vec<Id>,
}

#[derive(Clone, Debug)]
struct Found {
    id: Id,
    author: Who,
    carried: Carried,
}

impl Act<Who, Id> for Found {
    fn id(&self) -> Id {
        self.id
    }
    fn author(&self) -> Who {
        self.author
    }
    fn dependencies(&self) -> Vec<Id> {
        self.carried.dependencies.clone()
    }
    fn group_id(&self) -> Who {
        self.carried.group
    }
    fn action(&self) -> GroupAction<Who> {
        self.carried.action.clone()
    }
}

type Crdt = GroupCrdt<Who, Id, Found, (), StrongRemove<Who, Id, Found, ()>>;

/// Prints what each costs.
pub fn compare() {
    let (group, acts) = write();
    let mut nanos: [Vec<f64>; 2] = Default::default();
    for _ in 0..ROUNDS {
        let before = thread_nanos();
        drop(black_box(take_in(&acts)));
        let checked = thread_nanos();
        nanos[0].push(checked - before);
        let mut state = Crdt::init();
        for act in take_in(&acts) {
            state = Crdt::process(state, &act).expect("allowed");
        }
        nanos[1].push(thread_nanos() - checked);
        assert_eq!(state.members(group).len(), MEMBERS);
    }
    let [checked, whole] = nanos.map(|nanos| median(nanos) / 1e6);
    println!("\n{ACTS} acts of a team of {MEMBERS}, signed by its founder, median of {ROUNDS} rounds");
    println!("    p2panda-auth 0.6.1                {whole:6.0} ms, of it {checked:.0} ms for decoding and signatures");
    println!("    @localfirst/auth                  see tests/peers/team");
    ours::load(ACTS, MEMBERS, ROUNDS);
    ours::load(10 * ACTS, MEMBERS, ROUNDS);
}

/// Prints what so many of ours cost, once.
pub fn ours_alone(acts: usize) {
    ours::load(acts, MEMBERS, 1);
}

/// Decodes and checks, as p2panda-core does.
fn take_in(acts: &[Vec<u8>]) -> Vec<Found> {
    let mut last: Option<Header<Carried>> = None;
    acts.iter()
        .map(|bytes| {
            let header: Header<Carried> = decode_cbor(&bytes[..]).expect("their CBOR");
            let operation = Operation { hash: header.hash(), header, body: None };
            validate_operation(&operation).expect("signed");
            if let Some(last) = &last {
                validate_backlink(last, &operation.header).expect("a chain");
            }
            let header = operation.header;
            last = Some(header.clone());
            Found { id: Id(operation.hash), author: Who(header.verifying_key), carried: header.extensions }
        })
        .collect()
}

/// The founder starts a group, adds everybody, then raises and lowers what they may do, one after the other.
fn write() -> (Who, Vec<Vec<u8>>) {
    let key =
        |n: usize| SigningKey::from_bytes(&std::array::from_fn(|at| if at < 2 { (n >> (8 * at)) as u8 } else { 9 }));
    let founder = key(0);
    let member = |n: usize| GroupMember::Individual(Who(key(n).verifying_key()));
    let group = Who(key(MEMBERS).verifying_key());
    let mut backlink = None;
    let acts = (0..ACTS)
        .map(|n| {
            let whom = member(1 + (n + MEMBERS - 2) % (MEMBERS - 1));
            let action = match n {
                0 => GroupAction::Create { initial_members: vec![(member(0), Access::manage())] },
                _ if n < MEMBERS => GroupAction::Add { member: whom, access: Access::read() },
                _ if (n - 1) / (MEMBERS - 1) % 2 == 1 => GroupAction::Promote { member: whom, access: Access::write() },
                _ => GroupAction::Demote { member: whom, access: Access::read() },
            };
            let mut header = Header {
                version: 1,
                verifying_key: founder.verifying_key(),
                signature: None,
                payload_size: 0,
                payload_hash: None,
                timestamp: Timestamp::now(),
                seq_num: n as u64,
                backlink,
                extensions: Carried { group, action, dependencies: backlink.map(Id).into_iter().collect() },
            };
            header.sign(&founder);
            backlink = Some(header.hash());
            header.to_bytes()
        })
        .collect();
    (group, acts)
}
