//! What was done to one task, entry by entry, in words, with the texts that stood there before (docs/protocol/05-tasks.md, "History").

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::day::Day;
use crate::detail::{Detail, Element};
use crate::entry::{Content, Entry};
use crate::id::{CheckId, EntryId, MemberId, TaskId};
use crate::logs::Standing;
use crate::origin::{Origin, Quote};
use crate::replica::Replica;
use crate::seal::open_item;
use crate::shelf::{Shelf, Touch};
use crate::task::Status;
use crate::task_op::TaskOp;
use crate::view::Person;
use crate::views::{Names, count};

/// Items of one page.
pub const HISTORY_ITEMS: usize = 30;
/// Items before a page that are read to know what stood there before.
const ITEMS_BEFORE: usize = 120;
/// Bytes of the texts of a page: beyond, it ends.
const MAX_HISTORY_BYTES: usize = 512 << 10;

/// A page of what was done to a task, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct HistoryView {
    /// What was done.
    pub rows: Vec<HistoryRow>,
    /// Where the next page begins; `None` at the end.
    pub older: Option<u32>,
}

/// One thing that somebody did to a task.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct HistoryRow {
    /// The entry that says it.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub entry: EntryId,
    /// By whom.
    pub by: Person,
    /// Claimed time, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub claimed_seconds: u64,
    /// Whether it counts.
    pub standing: Standing,
    /// What.
    pub did: Did,
}

/// See [`HistoryRow`]. Where something stood there before, and that was not long before, it is named.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Did {
    /// Created it.
    Created,
    /// Put it below another task.
    Moved {
        /// That task's title; empty for one that cannot be read; `null`: below the mission.
        below: Option<String>,
    },
    /// Gave it a title.
    Titled {
        /// Which.
        text: String,
        /// The one before.
        before: Option<String>,
    },
    /// Wrote its body.
    Described {
        /// The whole of it.
        text: String,
        /// The one before.
        before: Option<String>,
    },
    /// Said how far it is, or ended it.
    Status {
        /// How far.
        status: Status,
    },
    /// Took an ending back.
    Reopened,
    /// Took it.
    Took,
    /// Gave it back.
    GaveBack,
    /// Gave it back for somebody of whom nothing was heard.
    Released {
        /// For whom.
        person: Person,
    },
    /// Asked somebody to do it, or took that back.
    Asked {
        /// Whom.
        person: Person,
        /// Whether they are asked.
        there: bool,
    },
    /// Put a label on it, or took one off.
    Label {
        /// Which.
        label: String,
        /// Whether it is there.
        there: bool,
    },
    /// Wrote a comment.
    Commented {
        /// The text.
        text: String,
    },
    /// Said by when it should be done.
    Due {
        /// By when.
        #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
        day: Option<Day>,
        /// Whether it is known what stood there before.
        known: bool,
        /// What stood there before.
        #[cfg_attr(feature = "bindings", ts(type = "string | null"))]
        before: Option<Day>,
    },
    /// Said how it presses.
    Priority {
        /// 0 none, 1 urgent to 4 low.
        priority: u8,
        /// What stood there before.
        before: Option<u8>,
    },
    /// Said something else of it.
    Said {
        /// What.
        detail: Detail,
        /// What stood there before.
        before: Option<Detail>,
    },
    /// Wrote a line of its checklist; an empty one takes it away.
    Check {
        /// The line.
        text: String,
        /// The one before.
        before: Option<String>,
    },
    /// Ticked a line of its checklist, or took that back.
    Ticked {
        /// The line, where it was written not long before.
        text: String,
        /// Whether it is done.
        done: bool,
    },
    /// Added an element, or took one away.
    Element {
        /// Which.
        element: Element,
        /// Whom, where it is a member.
        person: Option<Person>,
        /// The title of the other task, where it is a relation.
        other: String,
        /// Whether it is there.
        there: bool,
    },
    /// Found it done well, or not yet.
    Reviewed {
        /// Whether it is.
        good: bool,
    },
    /// Put it out of sight, or took it out again.
    Filed {
        /// Whether it is.
        filed: bool,
    },
    /// Opened it to a role or a member, or told them nothing more of it.
    Readers {
        /// The role.
        role: Option<crate::id::RoleId>,
        /// The member.
        person: Option<Person>,
        /// Whether they read it.
        there: bool,
    },
    /// Took over what a list said of it: owner, first day, last day.
    Imported,
    /// Said where it comes from, as a list did that was imported.
    CameFrom {
        /// The file that was read, or empty.
        file: String,
        /// The program or board that it was in before, or empty.
        source: String,
        /// What it was called there, or empty.
        id: String,
    },
    /// Brought comments that were written elsewhere, one after the other.
    Quoted {
        /// How many.
        count: u32,
        /// Who wrote all of them, as it is said; empty where several did, or nobody is named.
        by: String,
        /// Where the task comes from, as is said now: the program or board, else the file, or empty.
        source: String,
    },
    /// Something that a newer version understands.
    Newer,
}

/// What stood in each field, as far as it was read.
#[derive(Default)]
struct Before {
    title: Option<String>,
    body: Option<String>,
    due: Option<Option<Day>>,
    priority: Option<u8>,
    details: BTreeMap<u16, Detail>,
    checks: BTreeMap<CheckId, String>,
}

impl Replica {
    /// A page of what was done to a task; `before`: [`HistoryView::older`] of the page before. Brings entries into memory; have them put
    /// down afterwards. `refused`: whether an item was refused. `None`: there is no such task here.
    #[must_use]
    pub fn history(
        &mut self,
        task: TaskId,
        before: Option<u32>,
        refused: &dyn Fn(EntryId, u16) -> bool,
        shelf: &dyn Shelf,
    ) -> Option<HistoryView> {
        self.tasks().task(task)?;
        let touches: Vec<(Touch, Standing)> = self.touching(task, shelf).into_iter().collect();
        let end = before.map_or(touches.len(), |before| touches.len().min(before as usize));
        let first = end.saturating_sub(HISTORY_ITEMS);
        let start = first.saturating_sub(ITEMS_BEFORE);
        let names = self.names();
        // Before its creation nothing was said.
        let mut known = Before { due: (start == 0).then_some(None), ..Before::default() };
        let mut rows: Vec<(usize, Vec<HistoryRow>)> = Vec::new();
        for (index, (touch, standing)) in touches.iter().enumerate().take(end).skip(start) {
            self.logs.fetch(touch.entry, shelf);
            let Some(entry) = self.logs.entry(touch.entry).cloned() else { continue };
            let Some(ops) = self.ops_of(&entry, task, touch.item) else { continue };
            let Some(by) = self.authority().speaker(&entry) else { continue };
            let counts = *standing == Standing::Counts && !refused(touch.entry, touch.item);
            let standing = if counts || *standing != Standing::Counts { *standing } else { Standing::Refused };
            let mut here = Vec::new();
            for op in ops {
                let Some(did) = self.did(op, &mut known, counts, &names) else { continue };
                let by = self.person(by, &names);
                let claimed_seconds = entry.body().claimed_seconds;
                if here.last_mut().is_some_and(|last: &mut HistoryRow| last.did.takes_in(&did)) {
                    continue;
                }
                here.push(HistoryRow { entry: touch.entry, by, claimed_seconds, standing, did });
            }
            here.reverse();
            for row in &mut here {
                if let Did::Quoted { source, .. } = &mut row.did {
                    *source = self.source_of(task);
                }
            }
            if index >= first {
                rows.push((index, here));
            }
        }
        let (mut view, mut bytes) = (HistoryView::default(), 0);
        let mut last = first;
        for (index, here) in rows.into_iter().rev() {
            bytes += here.iter().map(|row| row.did.text_bytes()).sum::<usize>();
            if bytes > MAX_HISTORY_BYTES && !view.rows.is_empty() {
                last = index + 1;
                break;
            }
            view.rows.extend(here);
        }
        view.older = (last > 0).then(|| count(last));
        Some(view)
    }

    /// What an item says, where a key that is held opens it.
    fn ops_of(&self, entry: &Entry, task: TaskId, item: u16) -> Option<Vec<TaskOp>> {
        let Content::Role(part) = &entry.body().content else { return None };
        let at = self.place_of(entry)?;
        let lines = self.lines_about(entry);
        let (_, _, generation) = lines.into_iter().find(|(of, about, _)| (*of, *about) == (item, task))?;
        let sealed = part.items.get(usize::from(item))?;
        let mut keys = self.task_keys.of_generation(task, generation);
        keys.find_map(|key| open_item(at, usize::from(item), sealed, key))?.ok()
    }

    /// An op in words; `None` for what nobody did on purpose. What counts stands there for what comes after.
    fn did(&self, op: TaskOp, known: &mut Before, counts: bool, names: &Names) -> Option<Did> {
        let rank = |member| self.authority().seniority(member);
        let person = |member: MemberId| self.person(member, names);
        let title = |task: TaskId| self.tasks().task(task).and_then(|task| task.title.shown(rank).cloned());
        let replace = |field: &mut Option<String>, text: &String| {
            if counts { field.replace(text.clone()) } else { field.clone() }
        };
        Some(match op {
            TaskOp::Create { .. } => Did::Created,
            TaskOp::Move { parent } => Did::Moved { below: parent.map(|parent| title(parent).unwrap_or_default()) },
            TaskOp::SetTitle(text) => Did::Titled { before: replace(&mut known.title, &text), text },
            TaskOp::SetBody(text) => Did::Described { before: replace(&mut known.body, &text), text },
            TaskOp::Step(status) | TaskOp::End(status) => Did::Status { status },
            TaskOp::Reopen => Did::Reopened,
            TaskOp::Claim => Did::Took,
            TaskOp::GiveBack => Did::GaveBack,
            TaskOp::Release(member) => Did::Released { person: person(member) },
            TaskOp::Assign(member) => Did::Asked { person: person(member), there: true },
            TaskOp::Unassign(member) => Did::Asked { person: person(member), there: false },
            TaskOp::AddLabel(label) => Did::Label { label, there: true },
            TaskOp::RemoveLabel(label) => Did::Label { label, there: false },
            TaskOp::Comment(text) => Did::Commented { text },
            TaskOp::SetDue(day) => {
                let before = if counts { known.due.replace(day) } else { known.due };
                Did::Due { day, known: before.is_some(), before: before.flatten() }
            }
            TaskOp::SetPriority(priority) => {
                let before = if counts { known.priority.replace(priority) } else { known.priority };
                Did::Priority { priority, before }
            }
            TaskOp::Set(detail) => {
                let number = detail.number();
                let before = known.details.get(&number).cloned();
                if counts {
                    known.details.insert(number, detail.clone());
                }
                Did::Said { detail, before }
            }
            TaskOp::SetCheck { check, text } => {
                let before = known.checks.get(&check).cloned();
                if counts {
                    known.checks.insert(check, text.clone());
                }
                Did::Check { text, before }
            }
            TaskOp::Tick { check, done } => {
                Did::Ticked { text: known.checks.get(&check).cloned().unwrap_or_default(), done }
            }
            TaskOp::Add(element) => self.element(element, true, names),
            TaskOp::Remove(element) => self.element(element, false, names),
            TaskOp::Review { good } => Did::Reviewed { good },
            TaskOp::File => Did::Filed { filed: true },
            TaskOp::Unfile => Did::Filed { filed: false },
            TaskOp::Widen(role) => Did::Readers { role: Some(role), person: None, there: true },
            TaskOp::Narrow(role) => Did::Readers { role: Some(role), person: None, there: false },
            TaskOp::WidenTo(member) => Did::Readers { role: None, person: Some(person(member)), there: true },
            TaskOp::NarrowTo(member) => Did::Readers { role: None, person: Some(person(member)), there: false },
            TaskOp::SetOwner(_) | TaskOp::SetStarted(_) | TaskOp::SetFinished(_) => Did::Imported,
            TaskOp::SetOrigin(Origin { file, source, id, .. }) => Did::CameFrom { file, source, id },
            TaskOp::Quote(Quote { by, .. }) => Did::Quoted { count: 1, by, source: String::new() },
            TaskOp::PartOf { .. } | TaskOp::InstanceOf { .. } | TaskOp::HandOn(_) => return None,
            TaskOp::Unknown { .. } => Did::Newer,
        })
    }

    /// Where a task comes from, as is said now: the program or board, else the file.
    fn source_of(&self, task: TaskId) -> String {
        let rank = |member| self.authority().seniority(member);
        let origin = self.tasks().task(task).and_then(|task| task.origin.shown(rank));
        origin
            .map(|origin| if origin.source.is_empty() { &origin.file } else { &origin.source })
            .cloned()
            .unwrap_or_default()
    }

    fn element(&self, element: Element, there: bool, names: &Names) -> Did {
        let rank = |member| self.authority().seniority(member);
        let (mut person, mut other) = (None, String::new());
        match &element {
            Element::Reviewer { member } => person = Some(self.person(*member, names)),
            Element::Relation { task, .. } => {
                other = self.tasks().task(*task).and_then(|task| task.title.shown(rank).cloned()).unwrap_or_default();
            }
            Element::Asked { .. } | Element::Skill { .. } => {}
        }
        Did::Element { element, person, other, there }
    }
}

impl Did {
    /// Takes in what was done right after it in the same item, where both are told in one sentence.
    fn takes_in(&mut self, next: &Self) -> bool {
        match (self, next) {
            (Self::Imported, Self::Imported) => true,
            (Self::Quoted { count, by, .. }, Self::Quoted { count: more, by: other, .. }) => {
                *count += more;
                if by != other {
                    by.clear();
                }
                true
            }
            _ => false,
        }
    }

    fn text_bytes(&self) -> usize {
        let before = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        match self {
            Self::Titled { text, before: old }
            | Self::Described { text, before: old }
            | Self::Check { text, before: old } => text.len() + before(old),
            Self::Commented { text } | Self::Ticked { text, .. } => text.len(),
            Self::CameFrom { file, source, id } => file.len() + source.len() + id.len(),
            Self::Quoted { by, source, .. } => by.len() + source.len(),
            _ => 0,
        }
    }
}
