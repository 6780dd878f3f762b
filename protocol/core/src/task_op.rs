//! Ops of the role layer: what a sealed item says about one task (docs/protocol/05-tasks.md, "Ops").

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::codec::{DecodeError, Reader, Writer, read_ascending};
use crate::day::{self, Day};
use crate::detail::{Detail, Element, read_day, read_role, read_some};
use crate::id::{AuthorId, CheckId, EntryId, MemberId, RoleId, TaskId};
use crate::limits::{
    MAX_BODY_BYTES, MAX_CHECK_BYTES, MAX_COMMENT_BYTES, MAX_DAY_BYTES, MAX_HANDED_KEYS, MAX_HANDED_PLACES,
    MAX_IMPORT_TASKS, MAX_ITEM_BYTES, MAX_ITEM_OPS, MAX_LABEL_BYTES, MAX_LIST_SEALS, MAX_OWNER_BYTES, MAX_PRIORITY,
    MAX_TITLE_BYTES,
};
use crate::origin::{Origin, Quote};
use crate::rule::Verb;
use crate::seal::TaskKey;
use crate::task::Status;

/// One change of one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskOp {
    /// Creates it; only ever the first op of the item whose place gives the task its id.
    Create {
        /// `None`: below the mission.
        parent: Option<TaskId>,
    },
    /// Another place in the tree.
    Move {
        /// `None`: below the mission.
        parent: Option<TaskId>,
    },
    /// The title.
    SetTitle(String),
    /// The body.
    SetBody(String),
    /// How far it is: suggested, open, doing or review.
    Step(Status),
    /// Ends it: done or dropped.
    End(Status),
    /// Takes an ending back.
    Reopen,
    /// The author takes it.
    Claim,
    /// The author gives it back.
    GiveBack,
    /// Asks a member to do it.
    Assign(MemberId),
    /// Takes that back.
    Unassign(MemberId),
    /// Adds a label.
    AddLabel(String),
    /// Removes a label.
    RemoveLabel(String),
    /// One line of the thread.
    Comment(String),
    /// The owner that an import names.
    SetOwner(String),
    /// The day an import says it was started.
    SetStarted(String),
    /// The day an import says it was finished.
    SetFinished(String),
    /// The day by which it should be done; `None` takes it away.
    SetDue(Option<Day>),
    /// How it presses: 0 none, 1 urgent, 2 high, 3 normal, 4 low (`MAX_PRIORITY`).
    SetPriority(u8),
    /// It came with an import of so many tasks; only ever in the item that creates it.
    PartOf {
        /// Which import: drawn at random, the same for all its tasks.
        import: [u8; 16],
        /// Its tasks, 1 to `MAX_IMPORT_TASKS`.
        of: u32,
    },
    /// Says that it is done well, or not yet.
    Review {
        /// Whether it is.
        good: bool,
    },
    /// Puts it out of sight.
    File,
    /// Takes it out again.
    Unfile,
    /// Lets a role read it too.
    Widen(RoleId),
    /// Tells that role nothing more of it.
    Narrow(RoleId),
    /// Lets a member read it too.
    WidenTo(MemberId),
    /// Tells that member nothing more of it.
    NarrowTo(MemberId),
    /// What those need who are handed the task's key with this entry and have none of it.
    HandOn(HandedOn),
    /// Says one more thing of it.
    Set(Detail),
    /// A line of its checklist; empty takes it away.
    SetCheck {
        /// Which line.
        check: CheckId,
        /// What is to be done.
        text: String,
    },
    /// Ticks a line of its checklist, or takes that back.
    Tick {
        /// Which line.
        check: CheckId,
        /// Whether it is done.
        done: bool,
    },
    /// Adds an element.
    Add(Element),
    /// Takes it away.
    Remove(Element),
    /// Gives it back for somebody else of whom nothing was heard.
    Release(MemberId),
    /// It repeats another task on a day; only ever in the item that creates it.
    InstanceOf {
        /// The one before it.
        of: TaskId,
        /// The day from which the row is counted.
        since: Day,
    },
    /// Where it comes from, as an import says.
    SetOrigin(Origin),
    /// A line of a thread that was written elsewhere.
    Quote(Quote),
    /// An op of a newer version, kept as it came.
    Unknown {
        /// Its number.
        number: u16,
        /// Its arguments.
        arguments: Vec<u8>,
    },
}

/// What a new reader of a task needs beside its key of now (docs/protocol/03-keys.md, K16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOn {
    /// Devices that this entry hands the key to one by one, ascending.
    pub devices: Vec<AuthorId>,
    /// The entry and the item that created the task: its first key is the one that fits there (T1).
    pub created: (EntryId, u16),
    /// Its older keys with their generations, ascending by generation and then by key.
    pub keys: Vec<(u32, TaskKey)>,
    /// Entries and items about it, ascending: what was said before.
    pub places: Vec<(EntryId, u16)>,
}

impl TaskOp {
    /// The verb that it needs; `None` where a newer version will tell.
    #[must_use]
    pub const fn verb(&self) -> Option<Verb> {
        Some(match self {
            Self::Create { .. } | Self::PartOf { .. } | Self::InstanceOf { .. } => Verb::Create,
            Self::Move { .. }
            | Self::SetTitle(_)
            | Self::SetBody(_)
            | Self::SetOwner(_)
            | Self::SetStarted(_)
            | Self::SetFinished(_)
            | Self::SetDue(_)
            | Self::SetPriority(_)
            | Self::Set(_)
            | Self::SetOrigin(_)
            | Self::SetCheck { .. } => Verb::Edit,
            Self::Step(_) | Self::Claim | Self::GiveBack | Self::Tick { .. } | Self::Release(_) => Verb::Claim,
            Self::Add(element) | Self::Remove(element) => element.verb(),
            Self::End(_) => Verb::Finish,
            Self::Reopen => Verb::Reopen,
            Self::Assign(_) | Self::Unassign(_) => Verb::Assign,
            Self::AddLabel(_) | Self::RemoveLabel(_) => Verb::Label,
            Self::Comment(_) | Self::Quote(_) => Verb::Comment,
            Self::Review { .. } => Verb::Review,
            Self::File | Self::Unfile => Verb::File,
            Self::Widen(_) | Self::Narrow(_) | Self::WidenTo(_) | Self::NarrowTo(_) => Verb::Widen,
            // Whoever holds a key can hand it on; see [`Self::verbs`].
            Self::HandOn(_) | Self::Unknown { .. } => return None,
        })
    }

    /// The verbs that an item needs, each with what does instead; `None` where a newer version will tell (T3).
    ///
    /// Whoever may create a task may say what it is in the item that creates it. A suggestion needs less.
    #[must_use]
    pub fn verbs(ops: &[Self]) -> Option<Vec<&'static [Verb]>> {
        let creates = matches!(ops.first(), Some(Self::Create { .. }));
        let suggests = creates && ops.contains(&Self::Step(Status::Suggested));
        let mut needed: Vec<&'static [Verb]> = Vec::new();
        for op in ops.iter().filter(|op| !matches!(op, Self::HandOn(_))) {
            let verb = op.verb()?;
            let says_what =
                creates && (verb == Verb::Edit || matches!(op, Self::Step(Status::Suggested | Status::Open)));
            let verbs: &'static [Verb] = match verb {
                _ if says_what => continue,
                Verb::Create if suggests => &[Verb::Create, Verb::Suggest],
                verb => verb.alone(),
            };
            if !needed.contains(&verbs) {
                needed.push(verbs);
            }
        }
        Some(needed)
    }

    fn write(&self, w: &mut Writer) {
        let mut a = Writer::new();
        let number: u16 = match self {
            Self::Create { parent } => write_parent(&mut a, *parent, 0),
            Self::Move { parent } => write_parent(&mut a, *parent, 1),
            Self::SetTitle(text) => write_text(&mut a, text, 2),
            Self::SetBody(text) => write_text(&mut a, text, 3),
            Self::Step(status) => write_status(&mut a, *status, 4),
            Self::End(status) => write_status(&mut a, *status, 5),
            Self::Reopen => 6,
            Self::Claim => 7,
            Self::GiveBack => 8,
            Self::Assign(member) => write_member(&mut a, *member, 9),
            Self::Unassign(member) => write_member(&mut a, *member, 10),
            Self::AddLabel(text) => write_text(&mut a, text, 11),
            Self::RemoveLabel(text) => write_text(&mut a, text, 12),
            Self::Comment(text) => write_text(&mut a, text, 13),
            Self::SetOwner(text) => write_text(&mut a, text, 14),
            Self::SetStarted(text) => write_text(&mut a, text, 15),
            Self::SetFinished(text) => write_text(&mut a, text, 16),
            Self::SetDue(due) => write_text(&mut a, &day::written(*due), 17),
            Self::SetPriority(priority) => {
                a.uint((*priority).into());
                18
            }
            Self::PartOf { import, of } => {
                a.array(2).bytes(import).uint((*of).into());
                19
            }
            Self::Review { good } => {
                a.uint((*good).into());
                20
            }
            Self::File => 21,
            Self::Unfile => 22,
            Self::Widen(role) => write_role(&mut a, *role, 23),
            Self::Narrow(role) => write_role(&mut a, *role, 24),
            Self::WidenTo(member) => write_member(&mut a, *member, 25),
            Self::NarrowTo(member) => write_member(&mut a, *member, 26),
            Self::HandOn(handed) => {
                handed.write(&mut a);
                27
            }
            Self::Set(detail) => {
                detail.write(&mut a);
                detail.number()
            }
            Self::SetCheck { check, text } => {
                a.array(2).bytes(&check.0).text(text);
                37
            }
            Self::Tick { check, done } => {
                a.array(2).bytes(&check.0).uint((*done).into());
                38
            }
            Self::Add(element) => {
                element.write(&mut a);
                element.number()
            }
            Self::Remove(element) => {
                element.write(&mut a);
                element.number() + 1
            }
            Self::Release(member) => write_member(&mut a, *member, 47),
            Self::InstanceOf { of, since } => {
                a.array(2).bytes(&of.0).text(&day::written(Some(*since)));
                48
            }
            Self::SetOrigin(origin) => {
                origin.write(&mut a);
                49
            }
            Self::Quote(quote) => {
                quote.write(&mut a);
                50
            }
            Self::Unknown { number, arguments } => {
                w.array(2).uint((*number).into()).bytes(arguments);
                return;
            }
        };
        // It may hold keys.
        w.array(2).uint(number.into()).bytes(&Zeroizing::new(a.finish()));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array(2)?;
        let number = r.small()?;
        let arguments = r.bytes(MAX_ITEM_BYTES)?;
        match Self::read_known(number, arguments) {
            // A number in it that has no meaning yet will have one in a newer version.
            Err(DecodeError::UnknownNumber) => Ok(Self::Unknown { number, arguments: arguments.into() }),
            known => known,
        }
    }

    fn read_known(number: u16, arguments: &[u8]) -> Result<Self, DecodeError> {
        let mut a = Reader::new(arguments);
        let op = match number {
            0 => Self::Create { parent: a.exact_or_none()?.map(TaskId) },
            1 => Self::Move { parent: a.exact_or_none()?.map(TaskId) },
            2 => Self::SetTitle(read_some(&mut a, MAX_TITLE_BYTES)?),
            3 => Self::SetBody(a.text(MAX_BODY_BYTES)?),
            4 => match read_status(&mut a)? {
                Status::Done | Status::Dropped => return Err(DecodeError::UnknownNumber),
                status => Self::Step(status),
            },
            5 => match read_status(&mut a)? {
                status @ (Status::Done | Status::Dropped) => Self::End(status),
                _ => return Err(DecodeError::UnknownNumber),
            },
            6 => Self::Reopen,
            7 => Self::Claim,
            8 => Self::GiveBack,
            9 => Self::Assign(MemberId(a.exact()?)),
            10 => Self::Unassign(MemberId(a.exact()?)),
            11 => Self::AddLabel(read_some(&mut a, MAX_LABEL_BYTES)?),
            12 => Self::RemoveLabel(read_some(&mut a, MAX_LABEL_BYTES)?),
            13 => Self::Comment(read_some(&mut a, MAX_COMMENT_BYTES)?),
            14 => Self::SetOwner(a.text(MAX_OWNER_BYTES)?),
            15 => Self::SetStarted(a.text(MAX_DAY_BYTES)?),
            16 => Self::SetFinished(a.text(MAX_DAY_BYTES)?),
            17 => Self::SetDue(read_day(&mut a)?),
            18 => match a.small()? {
                priority @ 0..=MAX_PRIORITY => Self::SetPriority(priority),
                _ => return Err(DecodeError::UnknownNumber),
            },
            19 => {
                a.array(2)?;
                match (a.exact()?, a.small()?) {
                    (import, of @ 1..=MAX_IMPORT_TASKS) => Self::PartOf { import, of },
                    _ => return Err(DecodeError::UnknownNumber),
                }
            }
            20 => match a.uint()? {
                said @ (0 | 1) => Self::Review { good: said == 1 },
                _ => return Err(DecodeError::UnknownNumber),
            },
            21 => Self::File,
            22 => Self::Unfile,
            23 => Self::Widen(read_role(&mut a)?),
            24 => Self::Narrow(read_role(&mut a)?),
            25 => Self::WidenTo(MemberId(a.exact()?)),
            26 => Self::NarrowTo(MemberId(a.exact()?)),
            27 => Self::HandOn(HandedOn::read(&mut a)?),
            37 => {
                a.array(2)?;
                Self::SetCheck { check: CheckId(a.exact()?), text: a.text(MAX_CHECK_BYTES)? }
            }
            38 => {
                a.array(2)?;
                let check = CheckId(a.exact()?);
                match a.uint()? {
                    done @ (0 | 1) => Self::Tick { check, done: done == 1 },
                    _ => return Err(DecodeError::UnknownNumber),
                }
            }
            47 => Self::Release(MemberId(a.exact()?)),
            48 => {
                a.array(2)?;
                let of = TaskId(a.exact()?);
                Self::InstanceOf { of, since: read_day(&mut a)?.ok_or(DecodeError::Structure)? }
            }
            49 => Self::SetOrigin(Origin::read(&mut a)?),
            50 => Self::Quote(Quote::read(&mut a)?),
            number => match (Detail::read(number, &mut a)?, Element::read(number, &mut a)?) {
                (Some(detail), _) => Self::Set(detail),
                (_, Some((element, true))) => Self::Add(element),
                (_, Some((element, false))) => Self::Remove(element),
                (None, None) => return Err(DecodeError::UnknownNumber),
            },
        };
        a.end()?;
        Ok(op)
    }
}

impl HandedOn {
    fn write(&self, a: &mut Writer) {
        a.array(4).array(self.devices.len());
        for device in &self.devices {
            a.bytes(&device.0);
        }
        a.array(2).bytes(&self.created.0.0).uint(self.created.1.into()).array(self.keys.len());
        for (generation, key) in &self.keys {
            a.array(2).uint((*generation).into()).bytes(&key.0);
        }
        a.array(self.places.len());
        for (entry, item) in &self.places {
            a.array(2).bytes(&entry.0).uint((*item).into());
        }
    }

    fn read(a: &mut Reader<'_>) -> Result<Self, DecodeError> {
        fn place(a: &mut Reader<'_>) -> Result<(EntryId, u16), DecodeError> {
            a.array(2)?;
            Ok((EntryId(a.exact()?), a.small()?))
        }
        a.array(4)?;
        let devices = read_ascending(a, MAX_LIST_SEALS, |a| Ok(AuthorId(a.exact()?)))?;
        let created = place(a)?;
        let keys = read_ascending(a, MAX_HANDED_KEYS, |a| {
            a.array(2)?;
            Ok((a.small()?, a.exact::<32>()?))
        })?;
        let keys = keys.into_iter().map(|(generation, key)| (generation, TaskKey::new(key))).collect();
        let places = read_ascending(a, MAX_HANDED_PLACES, place)?;
        Ok(Self { devices, created, keys, places })
    }
}

/// The plain bytes of an item.
#[must_use]
pub fn encode_ops(ops: &[TaskOp]) -> Vec<u8> {
    let mut w = Writer::new();
    w.array(ops.len());
    for op in ops {
        op.write(&mut w);
    }
    w.finish()
}

/// Reads what [`encode_ops`] wrote.
///
/// # Errors
/// [`DecodeError`]; an unknown op is no error.
pub fn decode_ops(bytes: &[u8]) -> Result<Vec<TaskOp>, DecodeError> {
    let mut r = Reader::new(bytes);
    let mut ops = Vec::new();
    for _ in 0..r.list(MAX_ITEM_OPS)? {
        ops.push(TaskOp::read(&mut r)?);
    }
    r.end()?;
    crate::codec::require_canonical(bytes, &encode_ops(&ops))?;
    Ok(ops)
}

fn write_parent(a: &mut Writer, parent: Option<TaskId>, number: u16) -> u16 {
    a.bytes(parent.as_ref().map_or(&[][..], |task| &task.0));
    number
}

fn write_text(a: &mut Writer, text: &str, number: u16) -> u16 {
    a.text(text);
    number
}

fn write_status(a: &mut Writer, status: Status, number: u16) -> u16 {
    a.uint(status as u64);
    number
}

fn write_member(a: &mut Writer, member: MemberId, number: u16) -> u16 {
    a.bytes(&member.0);
    number
}

fn write_role(a: &mut Writer, role: RoleId, number: u16) -> u16 {
    a.uint(role.0.into());
    number
}

fn read_status(a: &mut Reader<'_>) -> Result<Status, DecodeError> {
    Status::from_number(a.uint()?).ok_or(DecodeError::UnknownNumber)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detail::{Kind, Relation, Repeat, Unit};
    use crate::limits::MAX_EFFORT_MINUTES;
    use crate::origin::{Mention, Part};
    use alloc::vec;

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    /// A number that has no meaning in a known op leaves room for a newer version; what can never have one is malformed.
    #[test]
    fn what_may_get_a_meaning_is_kept() {
        let read = |number: u16, write: &dyn Fn(&mut Writer)| {
            let (mut arguments, mut w) = (Writer::new(), Writer::new());
            write(&mut arguments);
            w.array(1).array(2).uint(number.into()).bytes(&arguments.finish());
            decode_ops(&w.finish()).map(|ops| matches!(ops[..], [TaskOp::Unknown { .. }]))
        };
        for (number, value) in [(32, u64::from(MAX_EFFORT_MINUTES) + 1), (33, 2), (34, 0), (34, 256), (35, 6)] {
            assert_eq!(
                read(number, &|a| {
                    a.uint(value);
                }),
                Ok(true),
                "{number} {value}"
            );
        }
        for (every, unit) in [(0, 0), (401, 0), (1, 4)] {
            assert_eq!(
                read(36, &|a| {
                    a.array(2).uint(every).uint(unit);
                }),
                Ok(true),
                "{every} {unit}"
            );
        }
        assert_eq!(
            read(36, &|a| {
                a.array(1).uint(1);
            }),
            Err(DecodeError::Structure)
        );
        assert_eq!(
            read(38, &|a| {
                a.array(2).bytes(&[0; 8]).uint(2);
            }),
            Ok(true)
        );
        assert_eq!(
            read(45, &|a| {
                a.array(2).uint(5).bytes(&[0; 16]);
            }),
            Ok(true)
        );
        assert_eq!(
            read(29, &|a| {
                a.text("2026-02-30");
            }),
            Err(DecodeError::Structure)
        );
        assert_eq!(
            read(43, &|a| {
                a.text("");
            }),
            Err(DecodeError::Structure)
        );
        assert_eq!(
            read(41, &|a| {
                a.uint(65_535);
            }),
            Err(DecodeError::Structure)
        );
        assert_eq!(
            read(48, &|a| {
                a.array(2).bytes(&[0; 16]).text("");
            }),
            Err(DecodeError::Structure)
        );
        let mention = |part: u64, name: &'static str| {
            move |a: &mut Writer| {
                a.array(6).text("").text("").text("").text("").text("").array(1).array(2).uint(part).text(name);
            }
        };
        assert_eq!(read(49, &mention(5, "Ana")), Ok(false));
        assert_eq!(read(49, &mention(6, "Ana")), Ok(true), "another part that somebody may have");
        assert_eq!(read(49, &mention(5, "")), Err(DecodeError::Structure));
        assert_eq!(
            read(50, &|a| {
                a.array(3).text("").uint(0).text("");
            }),
            Err(DecodeError::Structure)
        );
        assert_eq!(
            read(51, &|a| {
                a.uint(0);
            }),
            Ok(true)
        );
    }

    #[test]
    fn every_op_survives_and_unknown_ones_are_kept() {
        let ops = vec![
            TaskOp::Create { parent: None },
            TaskOp::Move { parent: Some(TaskId([1; 16])) },
            TaskOp::SetTitle("t".into()),
            TaskOp::SetBody(String::new()),
            TaskOp::Step(Status::Doing),
            TaskOp::End(Status::Dropped),
            TaskOp::Reopen,
            TaskOp::Claim,
            TaskOp::GiveBack,
            TaskOp::Assign(MemberId([2; 32])),
            TaskOp::Unassign(MemberId([2; 32])),
            TaskOp::AddLabel("l".into()),
            TaskOp::RemoveLabel("l".into()),
            TaskOp::Comment("c".into()),
            TaskOp::SetOwner("w01".into()),
            TaskOp::SetStarted("2017-05-28".into()),
            TaskOp::SetFinished("2017-05-29".into()),
            TaskOp::SetDue(None),
            TaskOp::SetDue(Some(day("2026-12-31"))),
            TaskOp::SetPriority(4),
            TaskOp::PartOf { import: [3; 16], of: 5_000 },
            TaskOp::Review { good: true },
            TaskOp::Review { good: false },
            TaskOp::File,
            TaskOp::Unfile,
            TaskOp::Widen(RoleId(3)),
            TaskOp::Narrow(RoleId(0)),
            TaskOp::WidenTo(MemberId([2; 32])),
            TaskOp::NarrowTo(MemberId([2; 32])),
            TaskOp::HandOn(HandedOn {
                devices: vec![AuthorId([1; 32]), AuthorId([2; 32])],
                created: (EntryId([4; 32]), 1),
                keys: vec![(0, TaskKey::new([5; 32])), (1, TaskKey::new([4; 32])), (1, TaskKey::new([6; 32]))],
                places: vec![(EntryId([4; 32]), 1), (EntryId([4; 32]), 2), (EntryId([7; 32]), 0)],
            }),
            TaskOp::Set(Detail::Why(String::new())),
            TaskOp::Set(Detail::Start(Some(day("2026-12-31")))),
            TaskOp::Set(Detail::NotBefore(None)),
            TaskOp::Set(Detail::KeepUntil(Some(day("9999-12-31")))),
            TaskOp::Set(Detail::Effort(90)),
            TaskOp::Set(Detail::HelpWanted(true)),
            TaskOp::Set(Detail::Places(255)),
            TaskOp::Set(Detail::Kind(Kind::Decision)),
            TaskOp::Set(Detail::Repeat(None)),
            TaskOp::Set(Detail::Repeat(Some(Repeat { every: 400, unit: Unit::Years }))),
            TaskOp::SetCheck { check: CheckId([1; 8]), text: "Ask Ben".into() },
            TaskOp::SetCheck { check: CheckId([1; 8]), text: String::new() },
            TaskOp::Tick { check: CheckId([2; 8]), done: true },
            TaskOp::Tick { check: CheckId([2; 8]), done: false },
            TaskOp::Add(Element::Reviewer { member: MemberId([3; 32]) }),
            TaskOp::Remove(Element::Reviewer { member: MemberId([3; 32]) }),
            TaskOp::Add(Element::Asked { role: RoleId(3) }),
            TaskOp::Remove(Element::Asked { role: RoleId(0) }),
            TaskOp::Add(Element::Skill { skill: "driving".into() }),
            TaskOp::Remove(Element::Skill { skill: "driving".into() }),
            TaskOp::Add(Element::Relation { relation: Relation::WaitsFor, task: TaskId([4; 16]) }),
            TaskOp::Remove(Element::Relation { relation: Relation::EvidenceFor, task: TaskId([4; 16]) }),
            TaskOp::Release(MemberId([5; 32])),
            TaskOp::InstanceOf { of: TaskId([6; 16]), since: day("2026-12-31") },
            TaskOp::SetOrigin(Origin::default()),
            TaskOp::SetOrigin(Origin {
                file: "harbour.json".into(),
                source: "Trello".into(),
                id: "4fX2".into(),
                by: "Ana".into(),
                created: "2017-05-28".into(),
                people: vec![
                    Mention { part: Part::Took, name: "Ana".into() },
                    Mention { part: Part::FoundNotYet, name: "Ana".into() },
                ],
            }),
            TaskOp::Quote(Quote { by: String::new(), claimed_seconds: u64::MAX, text: "On my way".into() }),
            TaskOp::Unknown { number: 900, arguments: vec![1, 2, 3] },
        ];
        let bytes = encode_ops(&ops);
        assert_eq!(decode_ops(&bytes), Ok(ops));
        let mut trailing = bytes.clone();
        trailing.push(0);
        assert_eq!(decode_ops(&trailing), Err(DecodeError::Trailing));
        assert_eq!(decode_ops(&encode_ops(&[TaskOp::SetTitle(String::new())])), Err(DecodeError::Structure));
    }

    #[test]
    fn reopen_with_arguments_is_refused() {
        let mut w = Writer::new();
        w.array(1).array(2).uint(6).bytes(&[0]);
        assert_eq!(decode_ops(&w.finish()), Err(DecodeError::Trailing));
    }
}
