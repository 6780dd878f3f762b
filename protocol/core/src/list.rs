//! Tasks as a flat list: sorted, grouped, in pages; and those that a filter means, by id (docs/protocol/05-tasks.md, "Lists").

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;

use crate::day::Day;
use crate::id::TaskId;
use crate::limits::{MAX_MANY, MAX_TREE_ROWS};
use crate::pages::{PageQuery, Places};
use crate::replica::Replica;
use crate::task::Status;
use crate::tasks::Task;
use crate::view::{Person, TreeRow, TreeView};
use crate::views::{Handed, Names, RowPlace, count, there};

/// By what a list is sorted or grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Column {
    /// As the tree has them.
    Tree,
    /// Title.
    Title,
    /// Status.
    Status,
    /// The day by which it should be done.
    Due,
    /// Priority.
    Priority,
    /// Whoever took it, or else is asked first.
    Who,
    /// The first of its labels.
    Label,
}

/// Which way a list is sorted. What has nothing to be sorted by stands at the end either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// From A to Z, from soon to late, from urgent to low.
    Up,
    /// The other way round.
    Down,
}

/// How a list is arranged.
#[derive(Debug, Clone, Copy)]
pub struct Arranged {
    /// Tasks of this status only; `None` for all.
    pub status: Option<Status>,
    /// By what it is sorted.
    pub sort: Column,
    /// Which way.
    pub direction: Direction,
    /// By what it is grouped first; [`Column::Tree`] and [`Column::Title`] for not at all.
    pub group: Column,
    /// The reader's day, for groups of days.
    pub today: Day,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ListView {
    /// The rows, and what stands around them as around a page of the tree.
    pub page: TreeView,
    /// The groups that have rows on this page, in order; none where there are no groups.
    pub groups: Vec<ListGroup>,
}

/// Rows that belong together.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ListGroup {
    /// What they have in common.
    pub of: GroupOf,
    /// Place of its first row, of all that show.
    pub first: u32,
    /// How many rows it has.
    pub rows: u32,
}

/// See [`ListGroup::of`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum GroupOf {
    /// A status.
    Status {
        /// Which.
        status: Status,
    },
    /// When it is due.
    Due {
        /// When.
        when: When,
    },
    /// A priority.
    Priority {
        /// 0 none, 1 urgent, 2 high, 3 normal, 4 low.
        priority: u8,
    },
    /// Whoever took it, or else is asked first.
    Who {
        /// Who; `null` for nobody.
        person: Option<Person>,
        /// The owner that an import named, where there is nobody; empty for none.
        owner: String,
    },
    /// The first of its labels.
    Label {
        /// Which; empty for none.
        label: String,
    },
}

/// When something is due, as seen from today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum When {
    /// Before today, and not ended.
    Overdue,
    /// Today.
    Today,
    /// One of the six days after.
    Week,
    /// Later.
    Later,
    /// Before today, and ended.
    Past,
    /// No day was said.
    Never,
}

/// Tasks that a filter means.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct MeantView {
    /// The first `MAX_MANY` of them, in the order of the tree.
    #[cfg_attr(feature = "bindings", ts(type = "Array<string>"))]
    pub tasks: Vec<TaskId>,
    /// All of them.
    pub of: u32,
}

/// What a row is sorted by: nothing comes last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(u32),
    /// Folded, and then as it is, so that two that look alike do not stand mixed.
    Text(String, String),
    /// Of somebody who is not here by that name: after those who are.
    Owner(String, String),
    Nothing,
}

impl Key {
    fn text(text: &str) -> Self {
        Self::Text(text.to_lowercase(), text.into())
    }
}

/// A task with what it is sorted and grouped by.
struct Sorted {
    place: RowPlace,
    group: Key,
    key: Key,
}

impl Replica {
    /// One page of the list of all tasks that the query's filter is for. Nothing is folded in a list, and nothing stands above anything.
    #[must_use]
    pub fn list_page(&self, query: &PageQuery<'_>, arranged: &Arranged, handed: Handed<'_>) -> ListView {
        let names = self.names();
        let mut sorted: Vec<Sorted> = Vec::new();
        for (place, status) in query.all.iter() {
            let wanted = arranged.status.is_none_or(|wanted| wanted == *status);
            let Some(task) = self.tasks.task(place.task).filter(|_| wanted) else { continue };
            if self.is_meant(query, task, *status, &names) {
                let place = RowPlace { has_children: false, ..*place };
                let group = self.group_key(arranged, task, *status, &names);
                sorted.push(Sorted { place, group, key: self.key(arranged.sort, task, *status, &names) });
            }
        }
        // Stable: what is equal stays as the tree has it.
        sorted.sort_by(|a, b| a.group.cmp(&b.group).then_with(|| directed(&a.key, &b.key, arranged.direction)));
        let shown = count(sorted.len());
        let at = query.around.and_then(|task| sorted.iter().position(|each| each.place.task == task)).map(count);
        let first = at.map_or(query.first, |at| at - at % MAX_TREE_ROWS).min(shown);
        let here = first as usize..first.saturating_add(MAX_TREE_ROWS).min(shown) as usize;
        let page: Vec<RowPlace> = sorted[here.clone()].iter().map(|each| each.place).collect();
        let rows = self.rows(&page, handed);
        let groups = groups_of(&sorted, here, &rows, arranged);
        ListView { page: TreeView { first, shown, matching: shown, rows, ..self.around_page(query.all) }, groups }
    }

    /// The tasks that a filter means, of those that show in the tree.
    #[must_use]
    pub fn meant(&self, query: &PageQuery<'_>) -> MeantView {
        let meant = self.shown_places(query).into_iter().filter(|place| place.matches).map(|place| place.task);
        let tasks: Vec<TaskId> = meant.collect();
        MeantView { of: count(tasks.len()), tasks: tasks.into_iter().take(MAX_MANY).collect() }
    }

    /// Rows of tasks by id, in the order of the tree. At most [`MAX_MANY`] are looked at; what is not known has none.
    #[must_use]
    pub fn rows_of(&self, tasks: &[TaskId], all: &Places, handed: Handed<'_>) -> Vec<TreeRow> {
        let wanted: BTreeSet<TaskId> = tasks.iter().take(MAX_MANY).copied().collect();
        let here = all.iter().filter(|(place, _)| wanted.contains(&place.task));
        let places: Vec<RowPlace> = here.map(|(place, _)| *place).collect();
        self.rows(&places, handed)
    }

    fn key(&self, column: Column, task: &Task, status: Status, names: &Names) -> Key {
        let rank = |member| self.authority.seniority(member);
        match column {
            Column::Tree => Key::Nothing,
            Column::Title => Key::text(task.title.shown(rank).map_or("", String::as_str)),
            Column::Status => Key::Number(status as u32),
            Column::Due => {
                task.due.shown(rank).copied().flatten().map_or(Key::Nothing, |day| Key::Number(day.of_first()))
            }
            Column::Priority => match task.priority.shown(rank).copied().unwrap_or(0) {
                0 => Key::Nothing,
                priority => Key::Number(priority.into()),
            },
            Column::Who => {
                let asked = there(&task.assignees).map(|member| self.person(*member, names));
                let first = asked.min_by(|a, b| (&a.name, a.member).cmp(&(&b.name, b.member)));
                let person = task.claimant(rank).map(|member| self.person(member, names)).or(first);
                match (person, task.owner.shown(rank).filter(|owner| !owner.is_empty())) {
                    (Some(person), _) => Key::Text(person.name.to_lowercase(), person.name + &person.mark),
                    (None, Some(owner)) => Key::Owner(owner.to_lowercase(), owner.clone()),
                    (None, None) => Key::Nothing,
                }
            }
            Column::Label => there(&task.labels).next().map_or(Key::Nothing, |label| Key::text(label)),
        }
    }

    fn group_key(&self, arranged: &Arranged, task: &Task, status: Status, names: &Names) -> Key {
        match arranged.group {
            Column::Tree | Column::Title => Key::Nothing,
            Column::Due => {
                let day = task.due.shown(|member| self.authority.seniority(member)).copied().flatten();
                Key::Number(When::of(day, status, arranged.today) as u32)
            }
            other => self.key(other, task, status, names),
        }
    }
}

impl When {
    fn of(day: Option<Day>, status: Status, today: Day) -> Self {
        let ended = matches!(status, Status::Done | Status::Dropped);
        match day {
            None => Self::Never,
            Some(day) if day < today && ended => Self::Past,
            Some(day) if day < today => Self::Overdue,
            Some(day) if day == today => Self::Today,
            Some(day) if day <= today.plus_days(6) => Self::Week,
            Some(_) => Self::Later,
        }
    }
}

fn directed(a: &Key, b: &Key, direction: Direction) -> Ordering {
    match (a, b, direction) {
        (Key::Nothing, _, _) | (_, Key::Nothing, _) | (_, _, Direction::Up) => a.cmp(b),
        (_, _, Direction::Down) => b.cmp(a),
    }
}

/// The groups with rows on a page: what a group has in common, its first row here tells.
fn groups_of(sorted: &[Sorted], here: Range<usize>, rows: &[TreeRow], arranged: &Arranged) -> Vec<ListGroup> {
    let mut groups = Vec::new();
    let mut at = here.start;
    while at < here.end {
        let key = &sorted[at].group;
        let first = sorted.partition_point(|each| each.group < *key);
        let end = sorted.partition_point(|each| each.group <= *key);
        let of = rows.get(at - here.start).and_then(|row| GroupOf::of(row, arranged));
        groups.extend(of.map(|of| ListGroup { of, first: count(first), rows: count(end - first) }));
        at = end;
    }
    groups
}

impl GroupOf {
    fn of(row: &TreeRow, arranged: &Arranged) -> Option<Self> {
        Some(match arranged.group {
            Column::Tree | Column::Title => return None,
            Column::Status => Self::Status { status: row.status },
            Column::Priority => Self::Priority { priority: row.priority },
            Column::Due => {
                let day = row.due.as_deref().and_then(|day| Day::parse(day).ok());
                Self::Due { when: When::of(day, row.status, arranged.today) }
            }
            Column::Who => {
                let person = row.claim.clone().or_else(|| row.assignees.first().cloned());
                let owner = if person.is_some() { None } else { row.owner_text.clone() };
                Self::Who { person, owner: owner.unwrap_or_default() }
            }
            Column::Label => Self::Label { label: row.labels.first().cloned().unwrap_or_default() },
        })
    }
}
