//! Who may open what was said about a task, by what its author knew, and by what came later (docs/protocol/03-keys.md, K13 to K18): for the
//! courses of this folder, and for the simulated world.

use std::collections::{BTreeMap, BTreeSet};

use pursuance_core::entry::{Content, Entry};
use pursuance_core::id::{AuthorId, EntryId, EpochId, MemberId, PursuanceId, RoleId, TaskId};
use pursuance_core::keys::CellKey;
use pursuance_core::language::parse;
use pursuance_core::logs::Standing;
use pursuance_core::replica::Replica;
use pursuance_core::rule::RuleTable;
use pursuance_core::seal::{TaskKey, Where, open_item};
use pursuance_core::task_keys::Given;

/// Governs, and reads nothing of the desks.
pub const STEWARD: RoleId = RoleId(1);
/// A desk; it also reads what is said to redactors.
pub const VERIFIER: RoleId = RoleId(2);
/// Another.
pub const REDACTOR: RoleId = RoleId(3);

/// Stewards govern and read nothing of the desks; verifiers agree with what redactors did.
pub fn desks() -> RuleTable {
    let text = "role steward rank 0\nrole verifier rank 1\nrole redactor rank 1\n\
        everyone { see tasks everyone create tasks everyone comment tasks everyone }\n\
        steward { invite verifier invite redactor grant verifier grant redactor revoke verifier revoke redactor \
          remove verifier remove redactor grant steward amend rules }\n\
        verifier { see tasks verifier create tasks verifier comment tasks verifier finish tasks verifier \
          widen tasks verifier comment tasks redactor }\n\
        redactor { see tasks redactor create tasks redactor comment tasks redactor widen tasks redactor \
          comment tasks verifier finish tasks redactor with review of verifier }";
    parse(text).unwrap_or_else(|problems| panic!("{problems:?}")).table
}

/// Roles that read something there. Who holds `role` reads what is said to `read`: everybody what is said to everyone, and verifiers the
/// redactors' tasks, because they are asked for agreement.
const READ: [RoleId; 3] = [RoleId::EVERYONE, VERIFIER, REDACTOR];

fn reads(role: RoleId, read: RoleId) -> bool {
    role == read || read == RoleId::EVERYONE || (role == VERIFIER && read == REDACTOR)
}

/// Ids of the keys under which cells stand, or by which somebody opens them.
pub type CellKeys = BTreeSet<[u8; 32]>;

/// Devices of those who read something.
pub type Devices = BTreeSet<AuthorId>;

/// Who reads a task by what somebody knows.
#[derive(Default)]
pub struct Readers {
    /// All of their devices.
    pub devices: Devices,
    /// The roles by which they do.
    pub roles: BTreeSet<RoleId>,
    /// Members whom it was opened to by name, here or not.
    persons: BTreeSet<MemberId>,
}

/// Something that was said about a task, and who read that by what its author knew.
pub struct Said {
    /// The entry that says it.
    pub entry: Entry,
    /// About what.
    pub task: TaskId,
    /// Those for whom it was, and those from whom the task is taken by it.
    pub readers: Devices,
    /// The roles whose readers these are.
    pub roles: BTreeSet<RoleId>,
    /// Devices of all who were here by what its author knew.
    pub here: Devices,
    /// The keys under which its cells are sealed.
    pub cells: CellKeys,
    /// What its author knew of all that gives somebody a task, or takes it away.
    heard: BTreeSet<EntryId>,
    /// The epochs under which its key was handed out, as its author knew.
    ways: BTreeSet<EpochId>,
}

/// What somebody's computer knew and held at some moment, as far as it tells whom they may hand something to.
pub struct Moment {
    of: MemberId,
    /// What is known of all that gives somebody a task.
    heard: BTreeSet<EntryId>,
    /// What took something away, and has no effect by what is known.
    undone: BTreeSet<EntryId>,
    epochs: BTreeSet<(EpochId, RoleId)>,
    /// Devices of those who read what is said to a role.
    by_role: BTreeMap<RoleId, Devices>,
    tasks: BTreeMap<TaskId, Known>,
}

/// What is known of a task at some moment.
struct Known {
    readers: Readers,
    keys: Vec<TaskKey>,
}

/// What gives somebody something to read and takes it from them, and all that was known of it when and where it mattered.
#[derive(Default)]
pub struct Record {
    /// What was said.
    pub said: Vec<Said>,
    /// Roles that were given, each by which entry.
    pub given: Vec<(MemberId, RoleId, EntryId)>,
    /// Tasks that were opened to a role or to a member, each by which entry: from then on these read all of it.
    pub opened: Vec<(TaskId, EntryId, Result<RoleId, MemberId>)>,
    /// What took a role, or a device, from whom.
    pub taken: Vec<(MemberId, EntryId)>,
    /// What each knew and held, whenever it mattered.
    pub moments: Vec<Moment>,
}

/// Who reads a task by what somebody knows; `None` of whoever knows nothing of it.
pub fn readers_of(replica: &Replica, task: TaskId) -> Option<Readers> {
    readers_by(replica, task, |role| devices_of(replica, role))
}

fn readers_by(replica: &Replica, task: TaskId, by_role: impl Fn(RoleId) -> Devices) -> Option<Readers> {
    let known = replica.tasks().task(task)?;
    let persons: BTreeSet<MemberId> = known.read_by_persons().collect();
    let by_person = replica.authority().present().filter(|(id, _)| persons.contains(id));
    let by_person = by_person.flat_map(|(_, member)| member.devices.keys().copied());
    let devices = known.read_by().flat_map(by_role).chain(by_person).collect();
    Some(Readers { devices, roles: known.read_by().collect(), persons })
}

/// Devices of those who read what is said to a role.
fn devices_of(replica: &Replica, role: RoleId) -> Devices {
    replica.authority().readers(role).flat_map(|(_, member)| member.devices.keys().copied()).collect()
}

/// Whether a key opens any item of an entry.
pub fn fits(pursuance: PursuanceId, entry: &Entry, key: &TaskKey) -> bool {
    let (body, Content::Role(part)) = (entry.body(), &entry.body().content) else { return false };
    let Some(by) = body.by else { return false };
    let at = Where { pursuance, author: body.author, seq: body.seq, by };
    part.items.iter().enumerate().any(|(index, item)| open_item(at, index, item, key).is_some())
}

/// Whether somebody holds a key of any item of an entry, whether they can tell what it is about or not.
pub fn opens(replica: &Replica, entry: &Entry) -> bool {
    replica.task_keys().all().any(|(.., held)| fits(replica.pursuance(), entry, &held.key))
}

/// The ids of some keys.
pub fn cell_keys(keys: &[CellKey]) -> CellKeys {
    keys.iter().map(|key| *key.id()).collect()
}

impl Record {
    /// Notes what somebody knows and holds now.
    pub fn look(&mut self, at: &Replica, whose: MemberId) {
        let moment = self.moment(at, whose);
        self.moments.push(moment);
    }

    /// What somebody knows and holds now.
    pub fn moment(&self, of: &Replica, whose: MemberId) -> Moment {
        let undone = |by: &EntryId| of.logs().standing(*by) == Some(Standing::Held);
        let by_role: BTreeMap<RoleId, Devices> = READ.map(|role| (role, devices_of(of, role))).into();
        let known = |task: TaskId| {
            let keys = of.task_keys().of(task).iter().map(|held| held.key.clone()).collect();
            let readers = readers_by(of, task, |role| by_role.get(&role).cloned().unwrap_or_default())?;
            Some((task, Known { readers, keys }))
        };
        let tasks = of.tasks().iter().filter_map(|(task, _)| known(task)).collect();
        Moment {
            of: whose,
            heard: self.heard_by(of),
            undone: self.taken.iter().map(|(_, by)| *by).filter(undone).collect(),
            epochs: of.authority().epochs().keys().filter(|(id, _)| of.epoch(*id).is_some()).copied().collect(),
            by_role,
            tasks,
        }
    }

    /// What somebody knows of all that gives somebody a task, or takes it away. An entry that opens a task is heard of by whoever can
    /// read it.
    fn heard_by(&self, of: &Replica) -> BTreeSet<EntryId> {
        let is_heard = |by: &EntryId| of.logs().entry(*by).is_some();
        let is_read = |task: TaskId, by: EntryId| {
            let keys = of.task_keys().of(task);
            { of.logs().entry(by) }.is_some_and(|entry| keys.iter().any(|held| fits(of.pursuance(), entry, &held.key)))
        };
        let public = self.given.iter().map(|(.., by)| *by).chain(self.taken.iter().map(|(_, by)| *by));
        let opened = self.opened.iter().filter(|(task, by, _)| is_read(*task, *by)).map(|(_, by, _)| *by);
        public.filter(is_heard).chain(opened).collect()
    }

    /// Notes that something was said about a task: by what its author knows with it, and who read the task before. Whom it is taken from
    /// reads that it was: role or person.
    pub fn say(&mut self, speaker: &Replica, task: TaskId, entry: Entry, before: Readers) {
        let Readers { devices: mut readers, mut roles, .. } = readers_of(speaker, task).expect("its author reads it");
        readers.extend(before.devices);
        roles.extend(before.roles);
        let heard = self.heard_by(speaker);
        let here = speaker.authority().present().flat_map(|(_, member)| member.devices.keys().copied()).collect();
        let cells = cell_keys(&speaker.cell_keys_for(&entry));
        let held = speaker.task_keys().of(task).iter().filter(|held| fits(speaker.pursuance(), &entry, &held.key));
        let ways = held.flat_map(|held| &held.given).filter_map(|given| match given {
            Given::Role(_, epoch) => Some(*epoch),
            Given::Device(_) | Given::Onward => None,
        });
        let ways = ways.collect();
        self.said.push(Said { entry, task, readers, roles, here, cells, heard, ways });
    }

    /// Whether a device may open what was said by somebody who took it for none of a reader's: by what its author did not know, then
    /// or later.
    ///
    /// By the rules (K14 to K18, and "Who reads" of the tasks) whoever is given a role, or a task, is handed all of it from the beginning,
    /// by whoever holds it and takes them for readers at that moment; and who says something cannot know what was handed out unknown to
    /// them. So one of these is true:
    /// - There was a moment at which somebody else took the device for one of a reader's because of something that the author had not heard
    ///   of, and held what leads to what was said: its key, or an epoch of the role under which that key stands.
    /// - Somebody held its key who knew of an opening to a role of which the author had not heard, and so handed it to those who hold an
    ///   epoch of that role; and somebody who holds that epoch too took the device for one of the role's readers. An epoch stands whatever
    ///   becomes of who made it, and of the opening (K4).
    ///
    /// Whoever was opened the task by name, and was out by what the author knew, reads it again with any role that is given to them.
    ///
    /// What has no effect, because of something that the author had not heard of, is as if nobody had said it: so a device comes back that
    /// its owner took out with a role that was being taken from them. Nothing else excuses: not what one was given at another time, nor what
    /// others hand on who know that it was taken back.
    pub fn given_later(&self, pursuance: PursuanceId, said: &Said, device: AuthorId, to: MemberId) -> bool {
        let others = || self.moments.iter().filter(|moment| moment.of != to);
        let is_news = |moment: &Moment, by: &EntryId| moment.heard.contains(by) && !said.heard.contains(by);
        let comes_back = |moment: &Moment| {
            let mut taken = self.taken.iter().filter(|(from, by)| *from == to && said.heard.contains(by));
            taken.any(|(_, by)| moment.undone.contains(by))
        };
        let is_given = |moment: &Moment, roles: &BTreeSet<RoleId>| {
            let mut given = self.given.iter().filter(|(whom, _, by)| *whom == to && is_news(moment, by));
            given.any(|(_, given, _)| roles.iter().any(|read| reads(*given, *read))) || comes_back(moment)
        };
        let opened = |moment: &Moment| {
            let opened = self.opened.iter().filter(|(task, by, _)| *task == said.task && is_news(moment, by));
            opened.map(|(_, _, whom)| *whom).collect::<BTreeSet<_>>()
        };
        let is_read_by = |moment: &Moment, role: &RoleId| moment.by_role[role].contains(&device);
        let by_epoch = |moment: &Moment| {
            moment.epochs.iter().any(|(epoch, _)| said.ways.contains(epoch))
                && said.roles.iter().any(|role| is_read_by(moment, role))
                && is_given(moment, &said.roles)
        };
        let by_key = |moment: &Moment| {
            let Some(known) = moment.tasks.get(&said.task) else { return false };
            let opened = opened(moment);
            let is_opened = || {
                opened.contains(&Err(to)) || { known.readers.roles.iter() }
                    .any(|role| opened.contains(&Ok(*role)) && is_read_by(moment, role))
            };
            let is_back = || {
                let given = |(whom, _, by): &(MemberId, RoleId, EntryId)| *whom == to && is_news(moment, by);
                !said.here.contains(&device) && known.readers.persons.contains(&to) && self.given.iter().any(given)
            };
            let reads_here = known.readers.devices.contains(&device)
                && (is_opened() || is_given(moment, &known.readers.roles) || is_back());
            // Through an epoch of a role that the task was opened to there.
            let onward = |role: &RoleId| {
                let shares = |other: &Moment| {
                    { other.epochs.iter() }.any(|epoch| epoch.1 == *role && moment.epochs.contains(epoch))
                };
                opened.contains(&Ok(*role)) && others().any(|other| is_read_by(other, role) && shares(other))
            };
            (reads_here || known.readers.roles.iter().any(onward))
                && known.keys.iter().any(|key| fits(pursuance, &said.entry, key))
        };
        others().any(|moment| by_epoch(moment) || by_key(moment))
    }

    /// Whether somebody who was out by what an author knew may open the cells of what they said all the same: they were given a role of
    /// which the author had not heard, or what took it from them has no effect by what is known now.
    pub fn comes_back(&self, said: &Said, member: MemberId, now: &Replica) -> bool {
        let undone = |by: &EntryId| now.logs().standing(*by) == Some(Standing::Held);
        { self.given.iter() }.any(|(to, _, by)| *to == member && !said.heard.contains(by)) || { self.taken.iter() }
            .any(|(from, by)| *from == member && undone(by))
    }
}
