//! Each row of the templates, both ways: whom it lets do something can, and whom none lets is refused with the number of the row
//! that would. Generated from the tables; what a row means is read here a second time, without the code that judges.

use pursuance_core::authority::Occasion;
use pursuance_core::change::Change;
use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Entry;
use pursuance_core::founding::{Founding, found_with};
use pursuance_core::govern::How;
use pursuance_core::id::{EntryId, MemberId, RoleId, TaskId};
use pursuance_core::joining::Preview;
use pursuance_core::keys::{DeviceKeys, InviteSecret};
use pursuance_core::plan::{Authored, Circumstances};
use pursuance_core::refusal::Refusal;
use pursuance_core::replica::Replica;
use pursuance_core::rule::{Object, Rule, RuleTable, Verb};
use pursuance_core::task::Status;
use pursuance_core::templates::Template;

const NOW_SECONDS: u64 = 1_790_000_000;
const FIRST: RoleId = RoleId(1);
const EVERYONE: Object = Object::Role(RoleId::EVERYONE);

/// A pursuance in which each role has a holder, and the first has three. All of them know everything.
struct Cast {
    table: RuleTable,
    /// Who holds which role; the first is the founder.
    people: Vec<(RoleId, Replica)>,
    drawn: u64,
}

impl Cast {
    fn of(template: Template) -> Self {
        let table = template.table();
        let founding =
            Founding { name: "Harbour".into(), mission: String::new(), my_name: "Maya".into(), relays: vec![] };
        let device = DeviceKeys::from_seed([1; 32]);
        let founded =
            found_with(&founding, table.clone(), &device, NOW_SECONDS, &mut Seed::new([9; 32])).expect("texts");
        let mut maya = Replica::new(founded.pursuance, device);
        take(&mut maya, &founded.entries);
        let mut cast = Self { table, people: vec![(FIRST, maya)], drawn: 0 };
        for role in cast.table.roles.clone().into_iter().skip(1) {
            cast.joins(role.id);
        }
        // Two more of the first role: founders are told to have three. Whoever came by a link needs a word to sign.
        let least = cast.table.roles.last().expect("several").id;
        for _ in 0..2 {
            let came_as = if cast.gives(FIRST, Verb::Invite, Object::Role(FIRST)) { FIRST } else { least };
            let at = cast.joins(came_as);
            let member = cast.member(at);
            cast.does(0, &Command::Vouch { member, note: String::new() }).expect("the first role may vouch");
            if came_as != FIRST {
                if cast.gives(FIRST, Verb::Grant, Object::Role(FIRST)) {
                    cast.does(0, &Command::Grant { member, role: FIRST }).expect("one gives it");
                } else {
                    cast.decides(FIRST, &Change::Grant { member, role: FIRST });
                }
                cast.people[at].0 = FIRST;
            }
        }
        cast
    }

    /// Whether a row lets the role, or everyone, do it alone.
    fn gives(&self, role: RoleId, verb: Verb, object: Object) -> bool {
        rows(&self.table, role, verb, object).any(|(_, row)| row.quorum.is_none())
    }

    fn member(&self, at: usize) -> MemberId {
        self.people[at].1.me().expect("is in")
    }

    fn seed(&mut self) -> Seed {
        self.drawn += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.drawn.to_be_bytes());
        Seed::new(seed)
    }

    fn plan(&mut self, at: usize, command: &Command) -> Result<Authored, Refusal> {
        let mut seed = self.seed();
        let with = &mut Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: Vec::new() };
        self.people[at].1.command(command, with)
    }

    fn does(&mut self, at: usize, command: &Command) -> Result<Authored, Refusal> {
        let authored = self.plan(at, command)?;
        self.tell(&authored.entries);
        Ok(authored)
    }

    fn tell(&mut self, entries: &[Entry]) {
        for (_, replica) in &mut self.people {
            take(replica, entries);
            let counts = |entry: &Entry| {
                replica.authority().verdict(entry.id()) == Some(&pursuance_core::authority::Verdict::Counts)
            };
            assert!(entries.iter().all(counts), "what one's own client allows counts everywhere");
        }
    }

    /// Somebody comes by a link of the founder to a role.
    fn joins(&mut self, role: RoleId) -> usize {
        let link = self.does(0, &Command::Invite { role, uses: 1, reviewed: false }).expect("the first role invites");
        let (grant, secret) = link.invite.expect("an invite");
        let host = &self.people[0].1;
        let mut preview = Preview::new(host.pursuance(), grant.entry, InviteSecret::new(*secret.as_bytes()));
        host.preview_entries(grant).into_iter().for_each(|entry| preview.add(entry.clone()));
        let number = self.people.len() as u8 + 1;
        let device = DeviceKeys::from_seed([number; 32]);
        let author = device.author();
        let join = preview.join(&device, &format!("Member {number}"), NOW_SECONDS).expect("open");
        self.tell(&[join]);
        let welcome = self.people[0].1.welcome(author, NOW_SECONDS).expect("the epoch is held");
        self.tell(&[welcome]);
        let mut replica = Replica::new(self.people[0].1.pursuance(), DeviceKeys::from_seed([number; 32]));
        let known: Vec<Entry> = self.people[0].1.logs().iter().cloned().collect();
        take(&mut replica, &known);
        assert!(replica.is_member());
        self.people.push((role, replica));
        self.people.len() - 1
    }

    /// As many holders as it takes sign, until it is decided.
    fn decides(&mut self, of: RoleId, change: &Change) -> usize {
        let proposal = self.does(0, &Command::Propose { of, change: change.clone() }).expect("it can be proposed");
        let proposal = proposal.entries[0].id();
        let signers: Vec<usize> = (1..self.people.len()).filter(|at| self.people[*at].0 == of).collect();
        let mut signed = 1;
        for at in signers {
            if self.is_decided(proposal) {
                break;
            }
            self.does(at, &Command::Approve { proposal }).expect("a holder signs");
            signed += 1;
        }
        assert!(self.is_decided(proposal), "{change:?}");
        signed
    }

    fn is_decided(&self, proposal: EntryId) -> bool {
        let decisions = self.people[0].1.people().decisions;
        decisions.iter().any(|decision| decision.proposal == proposal && decision.decided)
    }

    /// A task of a role, made by the first who may.
    fn task(&mut self, home: RoleId) -> TaskId {
        let create = Command::create_task_for(home, "Count the ships");
        let made = (0..self.people.len()).find_map(|at| self.does(at, &create).ok());
        made.expect("somebody creates").task.expect("a task")
    }
}

fn take(replica: &mut Replica, entries: &[Entry]) {
    entries.iter().for_each(|entry| drop(replica.append(entry.clone())));
}

/// Rows that give this to the role or to everyone, with their numbers.
fn rows(table: &RuleTable, role: RoleId, verb: Verb, object: Object) -> impl Iterator<Item = (u16, Rule)> {
    let numbered = (1..).zip(table.rules.clone());
    numbered.filter(move |(_, row)| {
        row.verb == verb && row.object == object && (row.role == role || row.role == RoleId::EVERYONE)
    })
}

fn each() -> impl Iterator<Item = Template> {
    Template::ALL.into_iter()
}

#[test]
fn every_template_is_read_and_its_rules_can_be_changed() {
    for template in each() {
        let table = template.table();
        assert_eq!(table.roles[0].rank, 0, "{template:?}: the founder's role is first");
        let amends = |row: &Rule| row.verb == Verb::Amend && row.object == Object::Rules;
        assert!(table.rules.iter().any(|row| amends(row) && row.quorum.is_some()), "{template:?}: together");
        assert!(Cast::of(template).people.len() > table.roles.len(), "{template:?}");
    }
}

/// Conditions are what they are asked of: one occasion meets all, one none.
#[test]
fn each_row_lets_whom_it_names_and_refuses_others_with_its_number() {
    for template in each() {
        let cast = Cast::of(template);
        let authority = cast.people[0].1.authority();
        for row in &cast.table.rules {
            let (verb, object) = (row.verb, row.object);
            for (at, (role, _)) in cast.people.iter().enumerate() {
                let member = cast.member(at);
                // Two others of any role found it good.
                let agreed: Vec<(RoleId, MemberId)> = cast
                    .table
                    .roles
                    .iter()
                    .flat_map(|role| [(role.id, MemberId([1; 32])), (role.id, MemberId([2; 32]))])
                    .collect();
                let best = Occasion { by: member, own: true, entries: u32::MAX, agreed: &agreed };
                let worst = Occasion::of(member, 0);
                let held: Vec<RoleId> = authority.members()[&member].grants.iter().map(|grant| grant.role).collect();
                let mine: Vec<(u16, Rule)> =
                    held.iter().flat_map(|role| rows(&cast.table, *role, verb, object)).collect();
                let alone = mine.iter().any(|(_, row)| row.quorum.is_none() || verb.is_about_tasks());
                let always = mine
                    .iter()
                    .any(|(_, row)| row.quorum.is_none() && !row.conditions.own && row.conditions.review.is_none());
                let what = format!("{template:?}: {role:?} {verb:?} {object:?}");
                assert_eq!(authority.allows(member, verb, object, &best).is_ok(), alone, "{what}");
                let refusal = authority.allows(member, verb, object, &worst).err();
                assert_eq!(refusal.is_none(), always, "{what}");
                let Some(refusal) = refusal else { continue };
                let first = (1..).zip(&cast.table.rules).find(|(_, row)| row.verb == verb && row.object == object);
                let (number, first) = first.expect("this very row");
                let expected = match mine.first() {
                    None => Refusal::NotAllowed { verb, rule: Some(number), allowed_role: Some(first.role.0) },
                    Some((rule, row)) => match (row.quorum, row.conditions.review) {
                        (Some(quorum), _) if verb.is_about_tasks() => {
                            Refusal::NeedsReview { verb, rule: *rule, count: quorum.count, of: quorum.of.0 }
                        }
                        (Some(quorum), _) => {
                            Refusal::NeedsQuorum { verb, rule: *rule, count: quorum.count, of: quorum.of.0 }
                        }
                        (None, Some(of)) => Refusal::NeedsReview { verb, rule: *rule, count: 1, of: of.0 },
                        (None, None) => Refusal::OnlyOwn { verb, rule: *rule },
                    },
                };
                assert_eq!(refusal, expected, "{what}");
            }
        }
    }
}

/// The command that a row is about, done to a fresh object, where this version has one.
fn command(cast: &mut Cast, row: &Rule, at: usize) -> Option<Command> {
    if let (Object::Role(home), true) = (row.object, row.verb.is_about_tasks()) {
        return about_task(cast, row, home, at);
    }
    Some(match (row.verb, row.object) {
        (Verb::Invite, Object::Role(role)) => Command::Invite { role, uses: 1, reviewed: false },
        (Verb::Vouch, Object::Role(role)) => {
            let other = (0..cast.people.len()).find(|other| *other != at && cast.people[*other].0 == role)?;
            Command::Vouch { member: cast.member(other), note: String::new() }
        }
        (Verb::Amend, Object::Relays) => Command::SetRelays { relays: Vec::new() },
        _ => return None,
    })
}

/// The same for a row about the tasks of a role. Who does not read them has no such task to try it with.
fn about_task(cast: &mut Cast, row: &Rule, home: RoleId, at: usize) -> Option<Command> {
    match row.verb {
        Verb::Create => return Some(Command::create_task_for(home, "Another")),
        Verb::Suggest if home == RoleId::EVERYONE => {
            return Some(Command::SuggestTask { title: "Perhaps".into(), parent: None });
        }
        Verb::See | Verb::Suggest => return None,
        _ => {}
    }
    let task = cast.task(home);
    cast.people[at].1.tasks().task(task)?;
    Some(match row.verb {
        Verb::Claim => Command::Claim { task },
        Verb::Comment => Command::Comment { task, text: "Seen".into() },
        Verb::Edit if !row.conditions.own => Command::SetTitle { task, title: "Better".into() },
        Verb::Label if !row.conditions.own => Command::AddLabel { task, label: "field".into() },
        Verb::Assign => Command::Assign { task, member: cast.member(0) },
        // Until somebody found it good, there is no saying that it is done.
        Verb::Finish if row.conditions.review.is_none() => Command::SetStatus { task, status: Status::Done },
        Verb::Review => Command::Review { task, good: true },
        Verb::File => Command::SetFiled { task, filed: true },
        Verb::Widen => Command::WidenTo { task, member: cast.member(cast.people.len() - 1) },
        _ => return None,
    })
}

/// Nobody can do anything to what they cannot read: a row that lets a role do something to tasks stands beside one that lets it
/// see them, or one by which they can be opened to others.
#[test]
fn who_may_do_something_to_tasks_may_see_them() {
    for template in each() {
        let cast = Cast::of(template);
        let authority = cast.people[0].1.authority();
        for (number, row) in (1..).zip(&cast.table.rules) {
            let (Object::Role(home), true) = (row.object, row.verb.is_about_tasks()) else { continue };
            let readers = authority.reading_roles(home);
            let reads = readers.contains(&row.role) || readers.contains(&RoleId::EVERYONE);
            let opens = cast.table.rules.iter().any(|line| (line.verb, line.object) == (Verb::Widen, row.object));
            assert!(reads || opens, "{template:?} rule {number}: {row:?}");
        }
    }
}

#[test]
fn each_row_is_done_and_refused_through_commands() {
    let mut tried = 0;
    for template in each() {
        let mut cast = Cast::of(template);
        for (number, row) in (1..).zip(cast.table.rules.clone()) {
            if row.quorum.is_some() {
                continue;
            }
            for at in 0..cast.people.len() {
                let Some(command) = command(&mut cast, &row, at) else { continue };
                let role = cast.people[at].0;
                let may = rows(&cast.table, role, row.verb, row.object)
                    .chain(
                        rows(&cast.table, cast.table.roles.last().expect("several").id, row.verb, row.object)
                            .filter(|_| role == FIRST && at > 0),
                    )
                    .any(|(_, row)| row.quorum.is_none() && !row.conditions.own);
                // Who may create may suggest.
                let may = may
                    || row.verb == Verb::Suggest && rows(&cast.table, role, Verb::Create, EVERYONE).next().is_some();
                // Nothing is said twice about the same.
                let done = match cast.does(at, &command) {
                    Err(Refusal::NothingToChange) if row.object == Object::Relays => Ok(()),
                    done => done.map(drop),
                };
                tried += 1;
                assert_eq!(done.is_ok(), may, "{template:?} rule {number} by {role:?}: {done:?}");
                if let Err(Refusal::NotAllowed { verb, rule, .. }) = done {
                    let first =
                        cast.table.rules.iter().position(|other| other.verb == verb && other.object == row.object);
                    assert_eq!(rule, first.map(|at| at as u16 + 1), "{template:?} rule {number}");
                }
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn what_takes_several_takes_as_many_as_its_row_says() {
    for (template, signatures) in [
        (Template::Plain, 2),
        (Template::AffinityGroup, 2),
        (Template::LeakDesk, 2),
        (Template::VolunteerCampaign, 2),
        (Template::OpenCall, 2),
    ] {
        let mut cast = Cast::of(template);
        let firsts: Vec<usize> = (0..cast.people.len()).filter(|at| cast.people[*at].0 == FIRST).collect();
        let out = cast.member(firsts[2]);
        // *Not oneself*: of three two are asked, and both agree, or the two that the row names.
        let change = Change::Remove { member: out, roles: vec![], pins: vec![] };
        let alone = cast.plan(0, &Command::RemoveMember { member: out, roles: vec![] }).err();
        assert!(matches!(alone, Some(Refusal::NeedsQuorum { .. } | Refusal::NotSenior)), "{template:?}: {alone:?}");
        assert_eq!(cast.decides(FIRST, &change), signatures, "{template:?}");
    }
    // Three change the rules of an affinity group.
    let mut cast = Cast::of(Template::AffinityGroup);
    assert_eq!(cast.decides(FIRST, &Change::Rename { name: "Quay".into() }), 3);
    let mut cast = Cast::of(Template::VolunteerCampaign);
    assert_eq!(cast.decides(FIRST, &Change::Rename { name: "Quay".into() }), 2);
}

#[test]
fn a_change_of_the_rules_asks_as_many_as_it_takes_and_is_remembered_with_who_signed() {
    let mut cast = Cast::of(Template::VolunteerCampaign);
    assert_eq!(cast.people[0].1.rules_view().versions, []);
    let [organiser, coordinator, newcomer] = [1, 2, 4].map(RoleId);
    let line = Rule {
        role: coordinator,
        verb: Verb::Remove,
        object: Object::Role(newcomer),
        conditions: Default::default(),
        quorum: None,
    };
    let change = Change::SetRule { rule: line, present: true };
    let mut seed = cast.seed();
    let with = &mut Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: Vec::new() };
    assert_eq!(cast.people[0].1.how(&change, with), How::Together { of: organiser });
    assert!(matches!(cast.people[2].1.how(&change, with), How::Refused { .. }));
    let relays = Change::SetRelays { relays: vec![cast_relay()] };
    assert_eq!(cast.people[0].1.how(&relays, with), How::Alone);

    let proposal = cast.does(0, &Command::Decide { change: change.clone() }).expect("proposed").entries[0].id();
    let open = cast.people[0].1.people().decisions.pop().expect("just proposed");
    assert_eq!((open.signed.len(), open.needed, open.decided), (1, 2, false));
    assert!(!cast.people[0].1.rules_view().rules.contains(&line), "one of two is not enough");
    let second = (1..cast.people.len()).find(|at| cast.people[*at].0 == FIRST).expect("three organisers");
    cast.does(second, &Command::Approve { proposal }).expect("a holder signs");
    for (_, replica) in &cast.people {
        let view = replica.rules_view();
        assert!(view.rules.contains(&line) && view.text.contains("remove newcomer"));
        assert_eq!(view.versions.len(), 1);
        assert_eq!((view.versions[0].signed.len(), &view.versions[0].changes[..]), (2, &[change.clone()][..]));
    }
}

fn cast_relay() -> String {
    use pursuance_wire::log::LogSigner;
    let key = |seed| *LogSigner::from_seed(&[seed; 32]).key().as_bytes();
    pursuance_wire::RelayAddress::new(key(3), key(4)).expect("two keys").to_string()
}

#[test]
fn at_a_leak_desk_nobody_both_knows_the_source_and_publishes() {
    let cast = Cast::of(Template::LeakDesk);
    let named = |name: &str| cast.table.roles.iter().find(|role| role.name == name).expect("a role").id;
    let knows = cast.people[0].1.authority().reading_roles(named("intake"));
    assert_eq!(knows, [named("intake")].into(), "nor do stewards");
    let publishes = cast.table.rules.iter().filter(|row| row.verb == Verb::Publish).map(|row| row.role);
    assert!(publishes.clone().count() > 0 && publishes.clone().all(|role| !knows.contains(&role)));
}
