//! Our side of goal L3: the same acts as a pursuance has them, loaded from bytes into nothing.

use std::collections::BTreeSet;
use std::hint::black_box;

use pursuance_core::change::Change;
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::{Entry, GrantRef, UnverifiedEntry};
use pursuance_core::founding::{Founding, MEMBER, ORGANISER, found};
use pursuance_core::id::MemberId;
use pursuance_core::joining::Preview;
use pursuance_core::keys::DeviceKeys;
use pursuance_core::plan::{Authored, Circumstances};
use pursuance_core::replica::Replica;
use pursuance_core::rule::{Conditions, Object, Rule, Verb};

use crate::clock::{median, thread_nanos};

const NOW_SECONDS: u64 = 1_790_000_000;
/// Entries whose signatures are checked at once, as a node does with a page.
const PAGE: usize = 256;

/// Prints what loading so many acts costs.
pub fn load(acts: usize, members: usize, rounds: usize) {
    let (founder, bytes) = write(acts, members);
    let mut nanos: [Vec<f64>; 2] = Default::default();
    for _ in 0..rounds {
        let before = thread_nanos();
        drop(black_box(check(&founder, &bytes)));
        let checked = thread_nanos();
        nanos[0].push(checked - before);
        // Nobody who is in it: what is judged here is the public layer, by whoever reads it.
        let mut replica = Replica::new(founder.pursuance(), DeviceKeys::from_seed([8; 32]));
        for entry in check(&founder, &bytes) {
            replica.append(entry);
        }
        nanos[1].push(thread_nanos() - checked);
        assert_eq!(replica.authority().present().count(), members);
        assert_eq!(replica.people().rules, founder.people().rules);
    }
    let [checked, whole] = nanos.map(|nanos| median(nanos) / 1e6);
    println!(
        "    pursuance, {acts:6} acts           {whole:6.0} ms, of it {checked:.0} ms for decoding and signatures"
    );
}

/// Decodes and checks, a page at a time.
fn check(founder: &Replica, bytes: &[Vec<u8>]) -> Vec<Entry> {
    let pages = bytes.chunks(PAGE).enumerate().flat_map(|(at, page)| {
        let page = page.iter().map(|bytes| UnverifiedEntry::decode(bytes).expect("strict")).collect();
        UnverifiedEntry::verify_all(page, founder.pursuance(), &mut Seed::new([at as u8; 32]))
    });
    pages.map(|entry| entry.expect("signed")).collect()
}

/// A founder, everybody who joins by one link, and then a role that is given and taken back, one after the other.
fn write(acts: usize, members: usize) -> (Replica, Vec<Vec<u8>>) {
    let device = DeviceKeys::from_seed([7; 32]);
    let founding =
        Founding { name: "Team".into(), mission: String::new(), my_name: "Founder".into(), relays: Vec::new() };
    let founded = found(&founding, &device, NOW_SECONDS, &mut Seed::new([1; 32])).expect("good texts");
    let mut founder = Replica::new(founded.pursuance, device);
    let mut bytes = Vec::new();
    let mut take = |replica: &mut Replica, entries: &[Entry]| {
        for entry in entries {
            bytes.push(entry.bytes().to_vec());
            replica.append(entry.clone());
        }
        bytes.len()
    };
    take(&mut founder, &founded.entries);
    let mut drawn = 0_u64;
    let mut says = |founder: &Replica, command: &Command| -> Authored {
        drawn += 1;
        let mut seed = [3; 32];
        seed[..8].copy_from_slice(&drawn.to_be_bytes());
        let mut with =
            Circumstances { now_seconds: NOW_SECONDS + drawn, seed: &mut Seed::new(seed), since: Vec::new() };
        founder.command(command, &mut with).expect("allowed")
    };
    let invite = says(&founder, &Command::Invite { role: MEMBER, uses: 9_999, reviewed: false });
    take(&mut founder, &invite.entries);
    let (grant, secret) = invite.invite.as_ref().expect("an invite");
    for n in 1..members {
        let mut preview = Preview::new(founder.pursuance(), grant.entry, secret.clone());
        founder.preview_entries(*grant).into_iter().for_each(|entry| preview.add(entry.clone()));
        let mut seed = [5; 32];
        seed[..8].copy_from_slice(&(n as u64).to_be_bytes());
        let join =
            preview.join(&DeviceKeys::from_seed(seed), &format!("Member {n}"), NOW_SECONDS).expect("a use is left");
        take(&mut founder, &[join]);
    }
    let before: BTreeSet<_> = founder.people().roles.iter().map(|role| role.id).collect();
    let defined = says(&founder, &Command::DefineRole { name: "helper".into(), rank: 2, since_joining: false });
    take(&mut founder, &defined.entries);
    let role = founder.people().roles.iter().map(|role| role.id).find(|id| !before.contains(id)).expect("defined");
    for verb in [Verb::Grant, Verb::Revoke] {
        let rule =
            Rule { role: ORGANISER, verb, object: Object::Role(role), conditions: Conditions::ALWAYS, quorum: None };
        // What is about organisers they decide together; there is one.
        let change = Change::SetRule { rule, present: true };
        let set = says(&founder, &Command::Propose { of: ORGANISER, change });
        take(&mut founder, &set.entries);
    }
    let everybody: Vec<MemberId> =
        founder.authority().present().map(|(id, _)| id).filter(|id| Some(*id) != founder.me()).collect();
    let mut said = 0;
    'all: loop {
        for member in &everybody {
            let given = says(&founder, &Command::Grant { member: *member, role });
            let count = take(&mut founder, &given.entries);
            said += 1;
            if count >= acts {
                break 'all;
            }
            let grant = GrantRef { entry: given.entries[0].id(), op: 0 };
            let taken = says(&founder, &Command::RevokeGrant { grant });
            if take(&mut founder, &taken.entries) >= acts {
                break 'all;
            }
        }
    }
    assert!(said > 0);
    (founder, bytes)
}
