//! Members with modified clients: whatever they sign, honest nodes end with the members, roles and rules that the rules say.

use std::collections::BTreeMap;
use std::time::Instant;

use pursuance_core::change::Change;
use pursuance_core::command::Command;
use pursuance_core::entry::{Content, Entry, GrantRef};
use pursuance_core::founding::{MEMBER, ORGANISER, starting_rules};
use pursuance_core::id::{EntryId, MemberId, PursuanceId, RoleId};
use pursuance_core::link::InviteLink;
use pursuance_core::op::{Grant, Invite, Join, Op, Propose, Remove, SetRule};
use pursuance_core::refusal::Refusal;
use pursuance_core::rule::{Conditions, Object, Quorum, Role, Rule, RuleTable, Verb};
use pursuance_core::view::PeopleView;
use pursuance_node::api::{Request, Trouble};
use tokio::time::{sleep, timeout};

use crate::harbour::{Berth, Sailor};
use crate::rogue::{Rogue, WAIT, device, now_seconds};

/// Back-dated entries of somebody removed, if nothing else is asked for.
const BACKDATED: usize = 1_000;
/// What the program may grow by for one back-dated entry; four clients and the relay are in it.
const MAX_GROWTH_BYTES: usize = 48 << 10;
/// What it may grow by for anything else meanwhile.
const MAX_OTHER_GROWTH_BYTES: usize = 64 << 20;

/// Two people at honest nodes, Maya who started it and Ben; Eve with a modified client; Ada, who only watches.
struct Scene {
    berth: Berth,
    maya: Sailor,
    ben: Sailor,
    eve: Rogue,
    ada: Rogue,
    pursuance: PursuanceId,
    link: String,
}

impl Scene {
    async fn open() -> Self {
        let berth = Berth::open().await;
        let doors = [(berth.address, berth.at)];
        let (maya, ben) = (Sailor::aboard(&doors).await, Sailor::aboard(&doors).await);
        let pursuance = maya.found(Some(&berth.address)).await;
        let link = maya.invite(pursuance, 3).await;
        ben.come_in(&link, "Ben").await;
        let mut eve = Rogue::join(&link, "Eve", berth.at).await;
        let ada = Rogue::join(&link, "Ada", berth.at).await;
        let watcher = ada.member();
        eve.until("Ada came", |eve| eve.is_here(watcher)).await;
        let scene = Self { berth, maya, ben, eve, ada, pursuance, link };
        scene.both("all are in", |people| people.members.len() == 4).await;
        scene
    }

    /// Waits until both honest nodes show it.
    async fn both(&self, what: &str, is_so: impl Fn(&PeopleView) -> bool) {
        for sailor in [&self.maya, &self.ben] {
            sailor.until_async(what, async || is_so(&sailor.people(self.pursuance).await)).await;
        }
    }

    /// Waits until both honest nodes show a task.
    async fn shown(&self, title: &str) {
        for sailor in [&self.maya, &self.ben] {
            shown(sailor, self.pursuance, title).await;
        }
    }

    /// What both honest nodes say of members, roles and rules.
    async fn told(&self) -> String {
        let told = told(&self.maya.people(self.pursuance).await);
        assert_eq!(told, self::told(&self.ben.people(self.pursuance).await));
        told
    }

    async fn member(&self, name: &str) -> MemberId {
        member(&self.maya.people(self.pursuance).await, name)
    }

    /// Maya makes them organisers.
    async fn promote(&mut self, names: &[&str]) {
        for name in names {
            let member = self.member(name).await;
            self.maya.act(self.pursuance, Command::Grant { member, role: ORGANISER }).await;
        }
        let count = 1 + names.len();
        self.both("promoted", |people| organisers(people) == count).await;
        let promoted = |eve: &Rogue| {
            let present = eve.replica.authority().present();
            present.filter(|(_, member)| member.key.rank == 0).count() == count
        };
        self.eve.until("promoted", promoted).await;
    }
}

/// Everything that two people must see alike, as text.
fn told(people: &PeopleView) -> String {
    let mut members: Vec<String> = (people.members.iter().chain(&people.others))
        .map(|member| {
            let roles: Vec<u16> = member.roles.iter().map(|role| role.id.0).collect();
            format!("{} {:?} {roles:?} {:?}", member.person.name, member.presence, member.grants)
        })
        .collect();
    members.sort();
    format!("{members:#?}\n{:?}\n{:#?}", people.roles, people.rules)
}

fn member(people: &PeopleView, name: &str) -> MemberId {
    let mut all = people.members.iter().chain(&people.others);
    all.find(|member| member.person.name == name).unwrap_or_else(|| panic!("no {name}")).person.member
}

fn is_member(people: &PeopleView, name: &str) -> bool {
    people.members.iter().any(|member| member.person.name == name)
}

fn organisers(people: &PeopleView) -> usize {
    people.members.iter().filter(|member| member.roles.iter().any(|role| role.id == ORGANISER)).count()
}

async fn titles(sailor: &Sailor, pursuance: PursuanceId) -> Vec<String> {
    sailor.tree(pursuance).await.rows.into_iter().map(|row| row.title).collect()
}

async fn shown(sailor: &Sailor, pursuance: PursuanceId, title: &str) {
    let wait = async {
        while !titles(sailor, pursuance).await.iter().any(|shown| shown == title) {
            sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    timeout(5 * WAIT, wait).await.unwrap_or_else(|_| panic!("never shown: {title}"));
}

/// Two organisers of three take the role from the third, and one of them removes the member who is left.
async fn expel(proposer: &Sailor, other: &Sailor, pursuance: PursuanceId, member: MemberId) {
    let change = Change::Remove { member, roles: vec![ORGANISER], pins: vec![] };
    proposer.act(pursuance, Command::Propose { of: ORGANISER, change }).await;
    other.until_async("proposed", async || other.people(pursuance).await.decisions.len() == 1).await;
    let proposal = other.people(pursuance).await.decisions[0].proposal;
    other.act(pursuance, Command::Approve { proposal }).await;
    let decided = async || proposer.people(pursuance).await.decisions[0].decided;
    proposer.until_async("decided", decided).await;
    proposer.act(pursuance, Command::RemoveMember { member, roles: vec![] }).await;
}

fn rule(role: RoleId, verb: Verb, object: Object) -> Rule {
    Rule { role, verb, object, conditions: Conditions::ALWAYS, quorum: None }
}

fn set(rule: Rule, present: bool) -> Op {
    Op::SetRule(SetRule { rule, present })
}

fn remove(member: MemberId) -> Op {
    Op::Remove(Remove { member, roles: vec![], pins: vec![] })
}

fn invite(role: RoleId, byte: u8) -> Op {
    let key = device(&format!("invite {byte}")).author().0;
    let cell_secret = [byte; 32];
    Op::Invite(Invite { role, uses: 9, key, cell_secret, note: String::new(), since: vec![], reviewed: false })
}

fn propose(op: Op) -> Op {
    Op::Propose(Propose { of: ORGANISER, op: Box::new(op) })
}

fn number(refusal: &Refusal) -> String {
    format!("refused {}", refusal.to_string().split(':').next().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_takes_what_no_rule_gives() {
    let mut scene = Scene::open().await;
    let (pursuance, everyone) = (scene.pursuance, Object::Role(RoleId::EVERYONE));
    let (maya, ben, ada) = (scene.member("Maya").await, scene.member("Ben").await, scene.member("Ada").await);
    let (me, came) = (scene.eve.member(), scene.eve.came());
    let founded = GrantRef { entry: EntryId(maya.0), op: 0 };
    let before = scene.told().await;

    let grant = |member, role| Op::Grant(Grant { member, role });
    let lets_all_remove = set(rule(RoleId::EVERYONE, Verb::Remove, Object::Role(ORGANISER)), true);
    let lets_members_edit = set(rule(MEMBER, Verb::Edit, everyone), true);
    let lets_all_assign = set(rule(RoleId::EVERYONE, Verb::Assign, everyone), true);
    let top = Op::DefineRole(Role { id: RoleId(77), name: "owner".into(), rank: 0, since_joining: false });
    let cases: Vec<(&str, GrantRef, Vec<Op>, &str)> = vec![
        ("makes itself organiser", came, vec![grant(me, ORGANISER)], "F14"),
        ("leans on the founder's grant", founded, vec![grant(me, ORGANISER)], "F16"),
        ("leans on an op that is none", GrantRef { op: 3, ..came }, vec![grant(me, ORGANISER)], "F16"),
        ("makes a friend organiser", came, vec![grant(ada, ORGANISER)], "F14"),
        ("lets a stranger in", came, vec![grant(MemberId([7; 32]), MEMBER)], "F4"),
        ("invites organisers", came, vec![invite(ORGANISER, 1)], "F1"),
        ("invites members", came, vec![invite(MEMBER, 2)], "F1"),
        ("lets everybody remove organisers", came, vec![lets_all_remove], "F25"),
        ("lets members edit", came, vec![lets_members_edit.clone()], "F25"),
        ("lets everybody assign", came, vec![lets_all_assign], "F1"),
        ("hides it behind another op", came, vec![Op::SetName("Mine".into()), lets_members_edit], "F1"),
        ("renames it", came, vec![Op::SetName("Mine".into())], "F1"),
        ("moves it to no relay", came, vec![Op::SetRelays(vec![])], "F1"),
        ("defines a role above all", came, vec![top], "F14"),
        ("retires the organisers", came, vec![Op::RetireRole(ORGANISER)], "F25"),
        ("takes the founder's grant", came, vec![Op::RevokeGrant(founded)], "F25"),
        ("removes the founder", came, vec![remove(maya)], "F25"),
        ("removes a peer", came, vec![remove(ben)], "F25"),
        ("settles what happened", came, vec![Op::Checkpoint], "F32"),
        ("proposes to remove the founder", came, vec![propose(remove(maya))], "F28"),
    ];
    let mut signed = sign(&mut scene.eve, cases);
    // Whoever holds a link: joins that claim more than it offers, by a device nobody knows.
    let stranger = device("Mallory");
    let link = InviteLink::parse(&scene.link).unwrap();
    let offer = GrantRef { entry: link.invite, op: 0 };
    for (what, by, reason) in [
        ("joins with the founder's grant", founded, "F16"),
        ("joins by an op that is none", GrantRef { op: 1, ..offer }, "F16"),
        ("joins once more by a used link", offer, "F13"),
    ] {
        let heads = if by == offer { vec![scene.eve.last.id()] } else { vec![link.invite] };
        let package = stranger.key_package().clone();
        let message = pursuance_core::authority::join_message(pursuance, stranger.author(), "Mallory", &package);
        let signature = link.secret.signing().sign(&message);
        let body = pursuance_core::entry::Body {
            author: stranger.author(),
            seq: 0,
            prev: None,
            heads,
            by: Some(by),
            claimed_seconds: now_seconds(),
            checkpoints: vec![],
            content: Content::Public(vec![Op::Join(Join { name: "Mallory".into(), package, signature })]),
        };
        signed.push((what, Entry::sign(&stranger.signing, Some(pursuance), &body), reason));
    }
    post_and_say(&mut scene, &signed, "After the first").await;
    assert_eq!(scene.told().await, before);
    explained(&mut scene, &signed).await;

    // An honest client refuses its own person for the same reasons.
    for (command, reason) in [
        (Command::Grant { member: ben, role: ORGANISER }, "F14"),
        (Command::SetRule { rule: rule(MEMBER, Verb::Edit, everyone), present: true }, "F25"),
        (Command::RemoveMember { member: maya, roles: vec![] }, "F25"),
        (Command::Rename { name: "Mine".into() }, "F1"),
    ] {
        match scene.ben.ask(Request::Act { pursuance, command }).await {
            Err(Trouble::Refused { refusal }) => assert_eq!(number(&refusal), format!("refused {reason}")),
            other => panic!("{other:?}"),
        }
    }

    // As an organiser, one alone cannot do what is about organisers either.
    scene.promote(&["Ben", "Eve"]).await;
    let before = scene.told().await;
    let people = scene.maya.people(pursuance).await;
    let row = people.members.iter().find(|row| row.person.member == me).unwrap();
    let mine = row.grants[0];
    let cases: Vec<(&str, GrantRef, Vec<Op>, &str)> = vec![
        ("removes the founder alone", mine, vec![remove(maya)], "F25"),
        ("removes a peer alone", mine, vec![remove(ben)], "F25"),
        ("takes the founder's grant alone", mine, vec![Op::RevokeGrant(founded)], "F25"),
        ("retires the organisers alone", mine, vec![Op::RetireRole(ORGANISER)], "F25"),
        ("gives organisers more", mine, vec![set(rule(ORGANISER, Verb::RemoveRetroactive, everyone), true)], "F25"),
        ("settles what happened alone", mine, vec![Op::Checkpoint], "F32"),
    ];
    let signed = sign(&mut scene.eve, cases);
    // What it proposes stands, and one signature decides nothing, however often it is given.
    let proposal = scene.eve.sign(mine, vec![propose(remove(maya))]);
    let again = scene.eve.sign(mine, vec![Op::Approve(proposal.id())]);
    let member = scene.eve.sign(came, vec![Op::Approve(proposal.id())]);
    scene.eve.post(std::slice::from_ref(&proposal)).await;
    let signed = [signed, vec![("signs twice", again, "F18"), ("signs as a member", member, "F27")]].concat();
    post_and_say(&mut scene, &signed, "After the second").await;
    assert_eq!(scene.told().await, before);
    explained(&mut scene, &signed).await;
    assert_eq!(scene.ada.reason(proposal.id()), "counts");
    for sailor in [&scene.maya, &scene.ben] {
        let decisions = sailor.people(pursuance).await.decisions;
        assert_eq!((decisions.len(), decisions[0].decided, decisions[0].signed.len()), (1, false, 1));
    }
}

type Signed<'a> = Vec<(&'a str, Entry, &'a str)>;

fn sign<'a>(eve: &mut Rogue, cases: Vec<(&'a str, GrantRef, Vec<Op>, &'a str)>) -> Signed<'a> {
    cases.into_iter().map(|(what, by, ops, reason)| (what, eve.sign(by, ops), reason)).collect()
}

/// Eve posts all of it and says something she may say; both honest nodes show that.
async fn post_and_say(scene: &mut Scene, signed: &Signed<'_>, title: &str) {
    let entries: Vec<Entry> = signed.iter().map(|(_, entry, _)| entry.clone()).collect();
    scene.eve.post(&entries).await;
    scene.eve.act(&Command::create_task(title)).await;
    scene.shown(title).await;
}

/// Whoever reads all of it finds the same numbered reasons.
async fn explained(scene: &mut Scene, signed: &Signed<'_>) {
    let last = signed.last().expect("something").1.id();
    scene.ada.until("all of it", |ada| ada.reason(last) != "unknown").await;
    for (what, entry, reason) in signed {
        assert_eq!(scene.ada.reason(entry.id()), format!("refused {reason}"), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_dated_entries_of_a_removed_member_change_nothing() {
    let count = std::env::var("PURSUANCE_BACKDATED").map_or(BACKDATED, |count| count.parse().expect("a number"));
    let mut scene = Scene::open().await;
    let (pursuance, me) = (scene.pursuance, scene.eve.member());
    scene.promote(&["Ben", "Eve"]).await;
    scene.eve.read().await;
    scene.eve.act(&Command::create_task("Before the removal")).await;
    scene.shown("Before the removal").await;
    let fork = scene.eve.last.clone();
    let mine = fork.body().by.expect("it leans on something");
    let people = scene.maya.people(pursuance).await;
    let role = people.members.iter().find(|row| row.person.member == me).unwrap().grants[0];
    let old = scene.ada.epoch();

    // Two of three organisers remove Eve.
    expel(&scene.maya, &scene.ben, pursuance, me).await;
    scene.both("Eve is out", |people| !is_member(people, "Eve") && people.decisions[0].decided).await;
    scene.ada.until("the next epoch", |ada| !ada.is_here(me) && ada.epoch().is_some_and(|now| Some(now) != old)).await;

    // What is written from here on, Eve cannot open, with all that she holds.
    sleep(std::time::Duration::from_secs(3)).await;
    let from = crate::rogue::fetch(scene.berth.at, 0).await.len();
    scene.maya.task(pursuance, "Said without Eve", None).await;
    scene.shown("Said without Eve").await;
    scene.ada.until("said", |ada| ada.has_task("Said without Eve")).await;
    scene.eve.read().await;
    let opens = |rogue: &Rogue| {
        let keys = rogue.keys();
        let after = rogue.cells[from..].iter();
        after.filter(|cell| keys.iter().any(|key| pursuance_core::cell::open_cell(key, cell).is_some())).count()
    };
    assert!(opens(&scene.ada) > 0 && scene.eve.cells.len() > from);
    assert_eq!(opens(&scene.eve), 0, "a removed member opens what came after");
    assert!(scene.eve.has_task("Before the removal") && !scene.eve.has_task("Said without Eve"));

    // What she signs knowing it is refused for ever.
    let knowing = scene.eve.sign(mine, vec![Op::Grant(Grant { member: me, role: ORGANISER })]);
    scene.eve.post(std::slice::from_ref(&knowing)).await;

    let before = (scene.told().await, titles(&scene.maya, pursuance).await.len());
    let memory = resident_bytes();
    let started = Instant::now();
    let flood = back_dated(&mut scene, &fork, role, count).await;
    let signed = started.elapsed();
    scene.eve.post(&flood[..count / 2]).await;
    scene.maya.task(pursuance, "Meanwhile", None).await;
    let answered = started.elapsed();
    scene.eve.post(&flood[count / 2..]).await;
    let posted = started.elapsed();
    scene.ada.act(&Command::create_task("After all of it")).await;
    scene.shown("After all of it").await;
    let taken = started.elapsed();
    let grown = resident_bytes().saturating_sub(memory);
    println!(
        "{count} back-dated entries: signed after {signed:?}, a command answered at {answered:?}, posted at {posted:?}, \
         taken by two nodes at {taken:?}, grown by {} MiB",
        grown >> 20
    );
    assert!(grown <= MAX_OTHER_GROWTH_BYTES + count * MAX_GROWTH_BYTES, "it grew by {grown} bytes");
    scene.shown("Meanwhile").await;
    assert_eq!((scene.told().await, titles(&scene.maya, pursuance).await.len()), (before.0.clone(), before.1 + 2));
    scene.shown("Before the removal").await;

    // All that can be held is held, for its reason, at whoever reads it.
    let last = flood.last().expect("some").id();
    scene.ada.until("all of it", |ada| ada.reason(last) != "unknown").await;
    assert_eq!(scene.ada.reason(knowing.id()), "refused F16");
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    flood.iter().for_each(|entry| *reasons.entry(scene.ada.reason(entry.id())).or_default() += 1);
    println!("{reasons:?}");
    assert!(!reasons.contains_key("counts") && !reasons.contains_key("unknown"), "{reasons:?}");
    assert!(reasons["held F33"] > count / 4, "{reasons:?}");

    // The same after the program ended and started again.
    let started = Instant::now();
    scene.maya = scene.maya.restart().await;
    println!("started again after {:?}", started.elapsed());
    assert_eq!((scene.told().await, titles(&scene.maya, pursuance).await.len()), (before.0, before.1 + 2));
}

/// So many entries that know nothing of the removal, some of them beside each other: what an organiser may do.
async fn back_dated(scene: &mut Scene, fork: &Entry, role: GrantRef, count: usize) -> Vec<Entry> {
    let friend = scene.member("Ada").await;
    let assign = rule(RoleId::EVERYONE, Verb::Assign, Object::Role(RoleId::EVERYONE));
    let mut entries: Vec<Entry> = Vec::with_capacity(count);
    let (mut last, mut present) = (fork.clone(), true);
    for n in 0..count {
        // Twenty histories, each of which begins before the removal.
        let begins = n % count.div_ceil(20) == 0;
        if begins {
            (last, present) = (fork.clone(), true);
        }
        let content = match n % 4 {
            _ if begins => Content::Public(vec![Op::Grant(Grant { member: friend, role: ORGANISER })]),
            0 => Content::Public(vec![invite(MEMBER, n as u8)]),
            1 => {
                let content = Content::Public(vec![set(assign, present)]);
                present = !present;
                content
            }
            2 => Content::Public(vec![Op::SetName(format!("Eve's {n}"))]),
            _ => scene.eve.task_after(&last, role, &format!("Back-dated {n}")),
        };
        last = scene.eve.after(&last, vec![], role, content);
        entries.push(last.clone());
    }
    entries
}

/// Memory of this program that is in use.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("this system tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
    let kib: usize = line.trim().trim_end_matches(" kB").trim().parse().expect("a number");
    kib << 10
}

/// The starting rules, and a line of succession: most of the members can expel organisers, and change the rules.
fn succession() -> RuleTable {
    let mut table = starting_rules();
    let most = Some(Quorum { count: 0, of: MEMBER });
    table.rules.push(Rule { quorum: most, ..rule(MEMBER, Verb::Remove, Object::Role(ORGANISER)) });
    table.rules.push(Rule { quorum: most, ..rule(MEMBER, Verb::Amend, Object::Rules) });
    table
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_expels_its_founder_while_the_founder_expels_them() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let mut eve = Rogue::found("Eve", succession(), &berth.address, berth.at).await;
    let pursuance = eve.pursuance();
    let link = eve.invite(MEMBER, 3, &berth.address).await;
    let (maya, ben) = (Sailor::aboard(&doors).await, Sailor::aboard(&doors).await);
    tokio::join!(maya.come_in(&link, "Maya"), eve.welcome_until(2));
    tokio::join!(ben.come_in(&link, "Ben"), eve.welcome_until(3));
    let (ada, ()) = tokio::join!(Rogue::join(&link, "Ada", berth.at), async { eve.welcome_until(4).await });
    let mut ada = ada;
    // Who came by themselves have a voice once somebody senior vouched for them.
    let people = maya.people(pursuance).await;
    let group: Vec<MemberId> = ["Maya", "Ben"].iter().map(|name| member(&people, name)).chain([ada.member()]).collect();
    for member in &group {
        eve.act(&Command::Vouch { member: *member, note: String::new() }).await;
    }
    eve.act(&Command::create_task("Said by the founder")).await;
    shown(&maya, pursuance, "Said by the founder").await;
    shown(&ben, pursuance, "Said by the founder").await;

    // At the same time: she signs without knowing what they sign.
    let mine = eve.came();
    let theirs: Vec<Entry> = group.iter().map(|member| eve.sign(mine, vec![remove(*member)])).collect();
    let change = Change::Remove { member: eve.member(), roles: vec![], pins: vec![] };
    maya.act(pursuance, Command::Propose { of: MEMBER, change }).await;
    ben.until_async("proposed", async || ben.people(pursuance).await.decisions.len() == 1).await;
    eve.post(&theirs).await;
    let proposal = ben.people(pursuance).await.decisions[0].proposal;
    // Ben may have read by now that he is removed; he can sign all the same.
    ben.act(pursuance, Command::Approve { proposal }).await;

    for sailor in [&maya, &ben] {
        sailor
            .until_async("the founder is out, they are in", async || {
                let people = sailor.people(pursuance).await;
                let names: Vec<&str> = people.members.iter().map(|row| row.person.name.as_str()).collect();
                names.len() == 3 && !names.contains(&"Eve") && people.decisions.iter().any(|one| one.decided)
            })
            .await;
    }
    let last = theirs.last().expect("three").id();
    let founder = eve.member();
    ada.until("all of it", |ada| ada.reason(last) != "unknown" && !ada.is_here(founder)).await;
    for entry in &theirs {
        assert_eq!(ada.reason(entry.id()), "held F33");
    }
    assert!(group.iter().all(|member| ada.is_here(*member)));
    assert_eq!(told(&maya.people(pursuance).await), told(&ben.people(pursuance).await));
    assert_eq!(maya.people(pursuance).await.rules, succession().rules);

    // They go on without her; she does not come back, and what she says is not shown.
    let fork = eve.last.clone();
    let back = eve.sign(mine, vec![Op::Grant(Grant { member: ada.member(), role: ORGANISER })]);
    let content = eve.task_after(&fork, mine, "Said when she was gone");
    let task = eve.after(&fork, vec![], mine, content);
    eve.post(&[back.clone(), task.clone()]).await;
    ben.task(pursuance, "Said without the founder", None).await;
    shown(&maya, pursuance, "Said without the founder").await;
    ada.until("all of it", |ada| ada.reason(task.id()) != "unknown" && ada.has_task("Said without the founder")).await;
    for entry in [&back, &task] {
        assert!(ada.reason(entry.id()).starts_with("held"), "{}", ada.reason(entry.id()));
    }
    let titles = titles(&maya, pursuance).await;
    assert_eq!(titles, ["Said by the founder", "Said without the founder"]);
    eve.read().await;
    assert!(!eve.has_task("Said without the founder"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sides_that_both_remove_agree_when_they_meet() {
    let (here, there) = (Berth::open().await, Berth::open().await);
    let maya = Sailor::aboard(&[(here.address, here.at)]).await;
    let ben = Sailor::aboard(&[(here.address, here.at)]).await;
    let kim = Sailor::aboard(&[(there.address, there.at)]).await;
    let pursuance = maya.found(Some(&here.address)).await;
    let relays = vec![here.address.to_string(), there.address.to_string()];
    maya.act(pursuance, Command::SetRelays { relays }).await;
    let carried = tokio::spawn(crate::rogue::ferry(here.at, there.at));
    let link = maya.invite(pursuance, 4).await;
    ben.come_in(&link, "Ben").await;
    let mut other = InviteLink::parse(&link).unwrap();
    (other.relay, other.from_index) = (there.address, 0);
    kim.come_in(&other.to_text(), "Kim").await;
    let mut eve = Rogue::join(&link, "Eve", there.at).await;
    let mut ada = Rogue::join(&link, "Ada", here.at).await;
    for name in ["Ben", "Eve"] {
        maya.until_async("came", async || is_member(&maya.people(pursuance).await, name)).await;
        let member = member(&maya.people(pursuance).await, name);
        maya.act(pursuance, Command::Grant { member, role: ORGANISER }).await;
    }
    for sailor in [&maya, &ben, &kim] {
        sailor
            .until_async("all are in", async || {
                let people = sailor.people(pursuance).await;
                organisers(&people) == 3 && people.members.len() == 5
            })
            .await;
    }
    let (me, watcher) = (eve.member(), ada.member());
    eve.until("promoted", |eve| {
        let members = eve.replica.authority().members();
        members.get(&me).is_some_and(|member| member.key.rank == 0) && eve.is_here(watcher)
    })
    .await;

    // They are cut off from each other. There, Eve removes Ada, as organisers may, and Kim's node believes it.
    carried.abort();
    let _ = carried.await;
    eve.act(&Command::RemoveMember { member: watcher, roles: vec![] }).await;
    let removal = eve.last.clone();
    eve.until("the next epoch", |eve| eve.epoch().is_some()).await;
    eve.act(&Command::create_task("Said there")).await;
    shown(&kim, pursuance, "Said there").await;
    assert!(!is_member(&kim.people(pursuance).await, "Ada"));
    kim.task(pursuance, "Kim was here", None).await;

    // Here, the two others remove Eve.
    expel(&maya, &ben, pursuance, me).await;
    for sailor in [&maya, &ben] {
        sailor.until_async("Eve is out", async || !is_member(&sailor.people(pursuance).await, "Eve")).await;
        assert!(is_member(&sailor.people(pursuance).await, "Ada"));
    }
    maya.task(pursuance, "Said here", None).await;

    // They meet.
    let carried = tokio::spawn(crate::rogue::ferry(here.at, there.at));
    for sailor in [&maya, &ben, &kim] {
        shown(sailor, pursuance, "Said here").await;
        shown(sailor, pursuance, "Kim was here").await;
        sailor
            .until_async("they agree", async || {
                let people = sailor.people(pursuance).await;
                is_member(&people, "Ada") && !is_member(&people, "Eve") && people.members.len() == 4
            })
            .await;
    }
    let agreed = told(&maya.people(pursuance).await);
    for sailor in [&ben, &kim] {
        assert_eq!(told(&sailor.people(pursuance).await), agreed);
        sailor.until_like(&maya, pursuance).await;
    }
    assert!(!titles(&kim, pursuance).await.contains(&"Said there".to_owned()));
    let id = removal.id();
    ada.until("read", |ada| ada.reason(id) != "unknown" && !ada.is_here(me)).await;
    assert_eq!(ada.reason(id), "held F33");
    assert!(ada.is_here(watcher));
    // Whoever was removed there for a while reads on; what was said there without her comes with the next epoch.
    ada.until("reads on", |ada| ada.has_task("Said here")).await;
    kim.act(pursuance, Command::Leave).await;
    ada.until("reads what was said there", |ada| ada.has_task("Kim was here")).await;
    carried.abort();
}
