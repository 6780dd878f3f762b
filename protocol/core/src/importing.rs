//! An import: many tasks at once, planned entry by entry, so that it can be shown and stopped before anything is saved
//! (docs/protocol/05-tasks.md, "Imports").

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::authority::Presence;
use crate::day::Day;
use crate::detail::{Detail, Element, Relation, between};
use crate::detailing::cleaned;
use crate::entry::{Entry, GrantRef};
use crate::id::{CheckId, EntryId, MemberId, RoleId, TaskId};
use crate::limits::{
    MAX_BODY_BYTES, MAX_CHECK_BYTES, MAX_COMMENT_BYTES, MAX_DAY_BYTES, MAX_ENTRY_BYTES, MAX_IMPORT_PARTS,
    MAX_IMPORT_TASKS, MAX_ITEM_OPS, MAX_ITEMS, MAX_LABEL_BYTES, MAX_ORIGIN_BYTES, MAX_ORIGIN_NAME_BYTES,
    MAX_ORIGIN_PEOPLE, MAX_OWNER_BYTES, MAX_SKILL_BYTES, MAX_TITLE_BYTES,
};
use crate::origin::{Mention, Origin, Part, Quote};
use crate::plan::{Authored, Circumstances, due_day, line, priority, text, within};
use crate::refusal::Refusal;
use crate::replica::Replica;
use crate::seal::{GivesKey, Item, TaskKey, task_id};
use crate::task::Status;
use crate::task_op::{TaskOp, encode_ops};

/// Bytes of the items of one entry: well below the size that an entry may have.
const MAX_ENTRY_ITEMS_BYTES: usize = MAX_ENTRY_BYTES / 4;

/// Bytes of one item: well below the size that an item may have, whatever single text comes last.
const MAX_PIECE_BYTES: usize = MAX_ENTRY_ITEMS_BYTES / 2;

/// A task as a list has it: what an import makes, and what an export writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportTask {
    /// Index of its parent in the same list; `None`: below the mission. There is no circle among parents.
    pub parent: Option<usize>,
    /// Title.
    pub title: String,
    /// Body, may be empty.
    pub body: String,
    /// Status; `None`: open.
    pub status: Option<Status>,
    /// Owner as text.
    pub owner: Option<String>,
    /// First day, as text.
    pub started: Option<String>,
    /// Last day, as text.
    pub finished: Option<String>,
    /// The day by which it should be done, `YYYY-MM-DD`.
    pub due: Option<String>,
    /// 0 none, 1 urgent, 2 high, 3 normal, 4 low.
    pub priority: u8,
    /// Labels.
    pub labels: Vec<String>,
    /// Whether it was put out of sight.
    pub filed: bool,
    /// What else is said of it, each field once.
    pub details: Vec<Detail>,
    /// What one has to know for it.
    pub skills: Vec<String>,
    /// The lines of its checklist, and whether they are ticked.
    pub checks: Vec<(String, bool)>,
    /// How it is related to other tasks of the list, by their index.
    pub relations: Vec<(Relation, usize)>,
    /// The index of the task that it repeats, which stands before it, and the day from which the row is counted.
    pub instance_of: Option<(usize, Day)>,
    /// Where it comes from, and who had to do with it. Who is a member here becomes one of its people, as far as that is theirs.
    pub origin: Origin,
    /// What was said about it, oldest first.
    pub quotes: Vec<Quote>,
}

/// An import on its way: entries signed so far, which exist nowhere else yet.
pub struct ImportPlan {
    rows: Vec<ImportTask>,
    import: [u8; 16],
    /// The newest own entry when it began: whatever is signed here follows that one.
    tip: Option<EntryId>,
    entries: Vec<Entry>,
    /// The tasks of the rows that are done, with their keys.
    tasks: Vec<(TaskId, TaskKey)>,
    /// What is still to be said, the next first.
    rest: VecDeque<Piece>,
    /// Rows whose ties to others were looked at, after all tasks were made.
    tied: usize,
}

/// What goes into one item.
struct Piece {
    /// The task's row.
    row: usize,
    /// Whether it begins with its creation, which is not in the ops yet.
    creates: bool,
    ops: Vec<TaskOp>,
}

/// What the rules let me say in an import beside what its tasks are, and by which grant. What they do not let me is left out, or stays
/// text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MayImport {
    by: GrantRef,
    /// Whether I may put tasks out of sight.
    pub file: bool,
    /// Whether I may ask others.
    pub assign: bool,
    /// Whether I may take tasks.
    pub claim: bool,
}

impl ImportPlan {
    /// Begins; nothing is signed yet.
    ///
    /// # Errors
    /// [`Refusal::TooMany`]; and whatever is refused to a device that cannot write.
    pub fn new(replica: &Replica, rows: Vec<ImportTask>, with: &mut Circumstances<'_>) -> Result<Self, Refusal> {
        replica.writer()?;
        within(rows.len(), MAX_IMPORT_TASKS as usize)?;
        Ok(Self {
            rows,
            import: with.seed.draw(),
            tip: replica.my_tip(),
            entries: Vec::new(),
            tasks: Vec::new(),
            rest: VecDeque::new(),
            tied: 0,
        })
    }

    /// Tasks planned so far.
    #[must_use]
    pub const fn done(&self) -> usize {
        self.tasks.len()
    }

    /// All its tasks.
    #[must_use]
    pub const fn of(&self) -> usize {
        self.rows.len()
    }

    /// Plans and signs the next entry; `false` when nothing is left. If this device has written anything since the plan began,
    /// it begins again: two entries of one place in a log would be two histories.
    ///
    /// # Errors
    /// [`Refusal`], for what a row says or because it is not allowed. The plan is worth nothing then.
    ///
    /// # Panics
    /// If a row names another one that is not in the list, or repeats one that does not stand before it: the list was not checked by
    /// the caller.
    pub fn step(&mut self, replica: &Replica, with: &mut Circumstances<'_>) -> Result<bool, Refusal> {
        let me = replica.writer()?;
        if self.tip != replica.my_tip() {
            self.tip = replica.my_tip();
            self.entries.clear();
            self.tasks.clear();
            self.rest.clear();
            self.tied = 0;
        }
        let may = replica.may_import(&self.rows)?;
        let people = People::of(replica, me, may);
        self.refill(&people, with)?;
        if self.rest.is_empty() {
            return Ok(false);
        }
        let audience = replica.audience(RoleId::EVERYONE, with)?;
        let at = replica.place_after(may.by, self.entries.last());
        let mut items: Vec<Item> = Vec::new();
        let mut bytes = 0;
        let ties = self.tasks.len() == self.rows.len() && self.rest.iter().all(|piece| !piece.creates);
        while items.len() < MAX_ITEMS {
            // What ties tasks together stands in entries of its own: a task that repeats another is no mere copy then (T16).
            if self.rest.is_empty() && (ties || self.tasks.len() < self.rows.len()) {
                self.refill(&people, with)?;
            }
            let Some(piece) = self.rest.pop_front() else { break };
            let piece_bytes = encode_ops(&piece.ops).len();
            if !items.is_empty() && bytes + piece_bytes > MAX_ENTRY_ITEMS_BYTES {
                self.rest.push_front(piece);
                break;
            }
            bytes += piece_bytes;
            let Piece { row, creates, mut ops } = piece;
            let (task, key) = if creates {
                let key = TaskKey::new(with.seed.draw());
                let task = task_id(at, u16::try_from(items.len()).expect("at most MAX_ITEMS"), &key);
                // One that stands later is named once it is there.
                let parent = self.rows[row].parent.and_then(|parent| self.tasks.get(parent)).map(|(task, _)| *task);
                ops.insert(0, TaskOp::Create { parent });
                self.tasks.push((task, key.clone()));
                (task, key)
            } else {
                self.tasks.get(row).cloned().expect("it was created before")
            };
            let gives_key = if creates { GivesKey::Yes } else { GivesKey::No };
            items.push(Item { task, generation: 0, key, gives_key, ops });
        }
        self.entries.push(replica.sign_items(&items, &audience, may.by, self.entries.last(), with));
        self.refill(&people, with)?;
        Ok(!self.rest.is_empty())
    }

    /// Sees to it that something is to be said, if anything is left.
    fn refill(&mut self, people: &People<'_>, with: &mut Circumstances<'_>) -> Result<(), Refusal> {
        let of = u32::try_from(self.rows.len()).expect("at most MAX_IMPORT_TASKS");
        while self.rest.is_empty() {
            let (row, creates, ops) = if let Some(row) = self.rows.get(self.tasks.len()) {
                let mut ops = vec![TaskOp::PartOf { import: self.import, of }];
                if let Some((of, since)) = row.instance_of {
                    let of = self.tasks.get(of).expect("it stands before what repeats it").0;
                    ops.push(TaskOp::InstanceOf { of, since });
                }
                (self.tasks.len(), true, said(row, ops, people, with)?)
            } else if let Some(row) = self.rows.get(self.tied) {
                self.tied += 1;
                (self.tied - 1, false, self.ties(self.tied - 1, row, people)?)
            } else {
                return Ok(());
            };
            let mut piece = Piece { row, creates, ops: Vec::new() };
            let mut bytes = 0;
            for op in ops {
                let op_bytes = encode_ops(core::slice::from_ref(&op)).len();
                // One place is left for the creation.
                if piece.ops.len() + 1 == MAX_ITEM_OPS || bytes + op_bytes > MAX_PIECE_BYTES && !piece.ops.is_empty() {
                    let full = core::mem::replace(&mut piece, Piece { row, creates: false, ops: Vec::new() });
                    self.rest.push_back(full);
                    bytes = 0;
                }
                bytes += op_bytes;
                piece.ops.push(op);
            }
            if !piece.ops.is_empty() {
                self.rest.push_back(piece);
            }
        }
        Ok(())
    }

    /// What a row says of other tasks, once all are there.
    fn ties(&self, at: usize, row: &ImportTask, people: &People<'_>) -> Result<Vec<TaskOp>, Refusal> {
        let task = |index: usize| self.tasks.get(index).expect("it is in the list").0;
        let mut ops = Vec::new();
        if let Some(parent) = row.parent.filter(|parent| *parent > at) {
            ops.push(TaskOp::Move { parent: Some(task(parent)) });
        }
        within(row.relations.len(), MAX_IMPORT_PARTS)?;
        for (relation, other) in &row.relations {
            ops.push(TaskOp::Add(Element::Relation { relation: *relation, task: task(*other) }));
        }
        if row.instance_of.is_some() {
            ops.push(TaskOp::SetOrigin(people.split(&row.origin)?.0));
        }
        Ok(ops)
    }

    /// What was planned, to be appended as a whole before this device writes anything else.
    #[must_use]
    pub fn finish(self) -> Authored {
        Authored { entries: self.entries, undo: Vec::new(), task: None, invite: None }
    }
}

impl Replica {
    /// Plans and signs an import at once: all tasks or none.
    ///
    /// # Errors
    /// [`Refusal`].
    ///
    /// # Panics
    /// As [`ImportPlan::step`].
    pub fn import(&self, rows: &[ImportTask], with: &mut Circumstances<'_>) -> Result<Authored, Refusal> {
        let mut plan = ImportPlan::new(self, rows.to_vec(), with)?;
        while plan.step(self, with)? {}
        Ok(plan.finish())
    }

    /// What I may say of these tasks, if the rules let me import them at all.
    ///
    /// # Errors
    /// [`Refusal`], for all of them.
    pub fn may_import(&self, rows: &[ImportTask]) -> Result<MayImport, Refusal> {
        let me = self.writer()?;
        let mut ops = vec![TaskOp::PartOf { import: [0; 16], of: 1 }, TaskOp::SetTitle(String::new())];
        let any = |of: fn(&ImportTask) -> bool| rows.iter().any(of);
        let ends = |row: &ImportTask| matches!(row.status, Some(Status::Done | Status::Dropped));
        let steps = |row: &ImportTask| matches!(row.status, Some(Status::Suggested | Status::Doing | Status::Review));
        let samples = [
            (any(ends), TaskOp::End(Status::Done)),
            (any(steps) || any(|row| row.checks.iter().any(|(_, done)| *done)), TaskOp::Step(Status::Doing)),
            (any(|row| !row.labels.is_empty() || !row.skills.is_empty()), TaskOp::AddLabel(String::new())),
            (any(|row| !row.quotes.is_empty()), TaskOp::Comment(String::new())),
        ];
        ops.extend(samples.into_iter().filter(|(wanted, _)| *wanted).map(|(_, op)| op));
        let mut by = self.grant_to_create(me, &ops, RoleId::EVERYONE)?;
        let (mut file, mut assign, mut claim) = (false, false, false);
        for (op, allowed) in [(TaskOp::File, &mut file), (TaskOp::Assign(me), &mut assign), (TaskOp::Claim, &mut claim)]
        {
            ops.push(op);
            match self.grant_to_create(me, &ops, RoleId::EVERYONE) {
                Ok(grant) => (by, *allowed) = (grant, true),
                Err(_) => drop(ops.pop()),
            }
        }
        Ok(MayImport { by, file, assign, claim })
    }
}

/// Who is meant by a name, and what I may say of them.
struct People<'a> {
    /// `None` where several have it.
    members: BTreeMap<&'a str, Option<MemberId>>,
    roles: BTreeMap<&'a str, Option<RoleId>>,
    me: MemberId,
    may: MayImport,
}

impl<'a> People<'a> {
    fn of(replica: &'a Replica, me: MemberId, may: MayImport) -> Self {
        let names = replica.names();
        let mut members = BTreeMap::new();
        for (id, member) in replica.authority.members() {
            // Two who look alike are nobody in particular.
            let only = !names.is_alike(*id) && member.presence == Presence::Here;
            members.insert(member.name.as_str(), only.then_some(*id));
        }
        let mut roles = BTreeMap::new();
        for role in replica.authority.table().map_or(&[][..], |table| &table.roles) {
            roles.entry(role.name.as_str()).and_modify(|known| *known = None).or_insert(Some(role.id));
        }
        Self { members, roles, me, may }
    }

    /// What an import says of where a task comes from, cleaned; and what it says of members here.
    fn split(&self, origin: &Origin) -> Result<(Origin, Vec<TaskOp>), Refusal> {
        let (mut people, mut ops) = (Vec::new(), Vec::new());
        for Mention { part, name } in &origin.people {
            let name = line(name, MAX_ORIGIN_NAME_BYTES)?;
            let member = self.members.get(name.as_str()).copied().flatten();
            let role = self.roles.get(name.as_str()).copied().flatten();
            let op = match part {
                Part::Asked if self.may.assign => member.map(TaskOp::Assign),
                Part::Reviewer if self.may.assign => member.map(|member| TaskOp::Add(Element::Reviewer { member })),
                Part::AskedRole if self.may.assign => role.map(|role| TaskOp::Add(Element::Asked { role })),
                // What others took they take themselves, and what they found is theirs to say.
                Part::Took if self.may.claim => member.filter(|member| *member == self.me).map(|_| TaskOp::Claim),
                _ => None,
            };
            match op {
                Some(op) => ops.push(op),
                None => people.push(Mention { part: *part, name }),
            }
        }
        people.sort();
        people.dedup();
        within(people.len(), MAX_ORIGIN_PEOPLE)?;
        let some = |given: &str, max_bytes: usize| match line(given, max_bytes) {
            Err(Refusal::Empty) => Ok(String::new()),
            line => line,
        };
        let origin = Origin {
            file: some(&origin.file, MAX_ORIGIN_BYTES)?,
            source: some(&origin.source, MAX_ORIGIN_BYTES)?,
            id: some(&origin.id, MAX_ORIGIN_BYTES)?,
            by: some(&origin.by, MAX_ORIGIN_NAME_BYTES)?,
            created: some(&origin.created, MAX_DAY_BYTES)?,
            people,
        };
        Ok((origin, ops))
    }
}

/// What a row says of its task by itself, after what its creation has to say.
fn said(
    row: &ImportTask,
    mut ops: Vec<TaskOp>,
    people: &People<'_>,
    with: &mut Circumstances<'_>,
) -> Result<Vec<TaskOp>, Refusal> {
    let parts = [row.labels.len(), row.skills.len(), row.checks.len(), row.quotes.len()];
    parts.into_iter().try_for_each(|parts| within(parts, MAX_IMPORT_PARTS))?;
    ops.push(TaskOp::SetTitle(line(&row.title, MAX_TITLE_BYTES)?));
    if !row.body.is_empty() {
        ops.push(TaskOp::SetBody(text(&row.body, MAX_BODY_BYTES)?));
    }
    match row.status {
        None | Some(Status::Open) => {}
        Some(ending @ (Status::Done | Status::Dropped)) => ops.push(TaskOp::End(ending)),
        Some(step) => ops.push(TaskOp::Step(step)),
    }
    if let Some(owner) = &row.owner {
        ops.push(TaskOp::SetOwner(line(owner, MAX_OWNER_BYTES)?));
    }
    if let Some(day) = &row.started {
        ops.push(TaskOp::SetStarted(line(day, MAX_DAY_BYTES)?));
    }
    if let Some(day) = &row.finished {
        ops.push(TaskOp::SetFinished(line(day, MAX_DAY_BYTES)?));
    }
    ops.extend(when(due_day(row.due.as_deref())?, row.priority)?);
    for label in &row.labels {
        ops.push(TaskOp::AddLabel(line(label, MAX_LABEL_BYTES)?));
    }
    for detail in &row.details {
        ops.push(TaskOp::Set(cleaned(detail)?));
    }
    for skill in &row.skills {
        ops.push(TaskOp::Add(Element::Skill { skill: line(skill, MAX_SKILL_BYTES)? }));
    }
    let mut last: Option<CheckId> = None;
    for (text, done) in &row.checks {
        let check = between(last, None, with.seed.draw());
        ops.push(TaskOp::SetCheck { check, text: line(text, MAX_CHECK_BYTES)? });
        if *done {
            ops.push(TaskOp::Tick { check, done: true });
        }
        last = Some(check);
    }
    let (origin, of_members) = people.split(&row.origin)?;
    ops.extend(of_members);
    if row.filed && people.may.file {
        ops.push(TaskOp::File);
    }
    if origin != Origin::default() && row.instance_of.is_none() {
        ops.push(TaskOp::SetOrigin(origin));
    }
    for quote in &row.quotes {
        ops.push(TaskOp::Quote(quoted(quote)?));
    }
    Ok(ops)
}

fn quoted(quote: &Quote) -> Result<Quote, Refusal> {
    let by = match line(&quote.by, MAX_ORIGIN_NAME_BYTES) {
        Err(Refusal::Empty) => String::new(),
        by => by?,
    };
    let said = text(&quote.text, MAX_COMMENT_BYTES)?;
    if said.is_empty() {
        return Err(Refusal::Empty);
    }
    Ok(Quote { by, claimed_seconds: quote.claimed_seconds, text: said })
}

/// What a new task says of its due day and priority: nothing, where there is none.
pub(crate) fn when(due: Option<Day>, of: u8) -> Result<impl Iterator<Item = TaskOp>, Refusal> {
    let priority = Some(priority(of)?).filter(|priority| *priority != 0);
    Ok(due.map(|day| TaskOp::SetDue(Some(day))).into_iter().chain(priority.map(TaskOp::SetPriority)))
}
