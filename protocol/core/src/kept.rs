//! Derived tasks as bytes for the shelf: a cache that can be made again from the log, so its form may change with any version
//! (docs/protocol/02-log.md, "Memory").

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::clock::Dot;
use crate::codec::{DecodeError, Reader, Writer};
use crate::day;
use crate::detail::{Detail, Element, read_day};
use crate::id::{AuthorId, CheckId, EntryId, EpochId, MemberId, RoleId, TaskId};
use crate::limits::{
    MAX_BODY_BYTES, MAX_CHECK_BYTES, MAX_DAY_BYTES, MAX_LABEL_BYTES, MAX_OWNER_BYTES, MAX_TITLE_BYTES,
};
use crate::origin::Origin;
use crate::register::{Place, Register, Write};
use crate::seal::TaskKey;
use crate::shelf::KeptTask;
use crate::task::Status;
use crate::task_keys::{Given, HeldKey};
use crate::tasks::{Check, Creation, Mark, Said, Task};

/// The form written here. A store that holds another one derives everything again.
pub const KEPT_FORM: u32 = 9;

/// Writes or elements of one field that are read back: whatever was written here. Each takes bytes, and nothing is allocated ahead of
/// them. Who may say how much about a task is for the rules; what was derived from it has to come back.
const ANY: usize = usize::MAX;

/// A task, empty where its creation does not count, and its keys as bytes; the lines of its thread are kept one by one elsewhere.
#[must_use]
pub fn encode_task(task: &Task, keys: &[HeldKey]) -> Vec<u8> {
    let mut w = Writer::new();
    w.array(keys.len());
    for held in keys {
        w.uint(held.generation.into()).bytes(&held.key.0).array(held.given.len());
        for given in &held.given {
            match given {
                Given::Role(role, epoch) => w.array(2).uint(role.0.into()).bytes(&epoch.0),
                Given::Device(author) => w.array(1).bytes(&author.0),
                Given::Onward => w.array(0),
            };
        }
    }
    match &task.created {
        Some(created) => {
            w.array(5).uint(created.depth.into());
            place(&mut w, created.at);
            w.bytes(&created.by.0).uint(created.claimed_seconds).uint(created.home.0.into());
        }
        None => {
            w.array(0);
        }
    }
    register(&mut w, &task.parent, |w, parent| {
        w.bytes(parent.as_ref().map_or(&[][..], |task| &task.0));
    });
    register(&mut w, &task.title, text);
    register(&mut w, &task.body, text);
    register(&mut w, &task.step, |w, status| {
        w.uint(*status as u64);
    });
    register(&mut w, &task.ending, |w, ending| {
        w.uint(ending.map_or(0, |status| status as u64 + 1));
    });
    elements(&mut w, &task.claims, member);
    elements(&mut w, &task.assignees, member);
    elements(&mut w, &task.labels, text);
    register(&mut w, &task.owner, text);
    register(&mut w, &task.started, text);
    register(&mut w, &task.finished, text);
    register(&mut w, &task.due, |w, day| {
        w.text(&day::written(*day));
    });
    register(&mut w, &task.priority, |w, priority| {
        w.uint((*priority).into());
    });
    register(&mut w, &task.origin, |w, origin| origin.write(w));
    register(&mut w, &task.filed, |w, filed| {
        w.uint((*filed).into());
    });
    elements(&mut w, &task.roles, |w, role| {
        w.uint(role.0.into());
    });
    elements(&mut w, &task.persons, member);
    w.array(task.details.len());
    for each in task.details.values() {
        register(&mut w, each, |w, detail| {
            detail.write(w.uint(detail.number().into()));
        });
    }
    elements(&mut w, &task.elements, |w, element| {
        element.write(w.uint(element.number().into()));
    });
    w.array(task.checks.len());
    for (id, check) in &task.checks {
        w.bytes(&id.0);
        register(&mut w, &check.text, text);
        register(&mut w, &check.done, |w, done| {
            w.uint((*done).into());
        });
    }
    match &task.instance_of {
        Some((of, since)) => {
            w.array(2).bytes(&of.0).text(&day::written(Some(*since)));
        }
        None => {
            w.array(0);
        }
    }
    w.array(task.news.len());
    for (by, claimed) in &task.news {
        w.bytes(&by.0).uint(*claimed);
    }
    w.array(task.marks.len());
    for mark in &task.marks {
        w.uint(mark.depth.into());
        place(&mut w, mark.at);
        w.bytes(&mark.by.0).uint(mark.role.0.into()).uint(mark.dot.chain.into()).uint(mark.dot.seq.into());
        w.uint(mark.said as u64);
    }
    match &task.import {
        Some((import, of)) => {
            w.array(2).bytes(import).uint((*of).into());
        }
        None => {
            w.array(0);
        }
    }
    w.uint(task.comment_count.into());
    match task.newest_own {
        Some((dot, entry)) => {
            w.array(3).uint(dot.chain.into()).uint(dot.seq.into()).bytes(&entry.0);
        }
        None => {
            w.array(0);
        }
    }
    w.finish()
}

/// Reads what [`encode_task`] wrote.
///
/// # Errors
/// [`DecodeError`], when it is not that.
pub fn decode_task(bytes: &[u8]) -> Result<KeptTask, DecodeError> {
    let mut r = Reader::new(bytes);
    let keys = (0..r.list(ANY)?).map(|_| read_key(&mut r)).collect::<Result<_, _>>()?;
    let created = match r.list(5)? {
        0 => None,
        5 => Some(Creation {
            depth: r.small()?,
            at: read_place(&mut r)?,
            by: MemberId(r.exact()?),
            claimed_seconds: r.uint()?,
            home: RoleId(r.small()?),
        }),
        _ => return Err(DecodeError::Structure),
    };
    let task = Task {
        created,
        parent: read_register(&mut r, |r| Ok(r.exact_or_none()?.map(TaskId)))?,
        title: read_register(&mut r, |r| r.text(MAX_TITLE_BYTES))?,
        body: read_register(&mut r, |r| r.text(MAX_BODY_BYTES))?,
        step: read_register(&mut r, |r| status(r.uint()?))?,
        ending: read_register(&mut r, |r| match r.uint()? {
            0 => Ok(None),
            number => status(number - 1).map(Some),
        })?,
        claims: read_elements(&mut r, |r| r.exact().map(MemberId))?,
        assignees: read_elements(&mut r, |r| r.exact().map(MemberId))?,
        labels: read_elements(&mut r, |r| r.text(MAX_LABEL_BYTES))?,
        owner: read_register(&mut r, |r| r.text(MAX_OWNER_BYTES))?,
        started: read_register(&mut r, |r| r.text(MAX_DAY_BYTES))?,
        finished: read_register(&mut r, |r| r.text(MAX_DAY_BYTES))?,
        due: read_register(&mut r, read_day)?,
        priority: read_register(&mut r, |r| r.small())?,
        origin: read_register(&mut r, Origin::read)?,
        filed: read_register(&mut r, |r| Ok(r.uint()? != 0))?,
        roles: read_elements(&mut r, |r| r.small().map(RoleId))?,
        persons: read_elements(&mut r, |r| r.exact().map(MemberId))?,
        details: (0..r.list(ANY)?).map(|_| read_detail(&mut r)).collect::<Result<_, _>>()?,
        elements: read_elements(&mut r, |r| match Element::read(r.small()?, r)? {
            Some((element, true)) => Ok(element),
            _ => Err(DecodeError::Structure),
        })?,
        checks: (0..r.list(ANY)?).map(|_| read_check(&mut r)).collect::<Result<_, _>>()?,
        instance_of: match r.list(2)? {
            0 => None,
            2 => Some((TaskId(r.exact()?), read_day(&mut r)?.ok_or(DecodeError::Structure)?)),
            _ => return Err(DecodeError::Structure),
        },
        news: (0..r.list(ANY)?).map(|_| Ok((MemberId(r.exact()?), r.uint()?))).collect::<Result<_, _>>()?,
        marks: (0..r.list(ANY)?).map(|_| read_mark(&mut r)).collect::<Result<_, _>>()?,
        import: match r.list(2)? {
            0 => None,
            2 => Some((r.exact()?, r.small()?)),
            _ => return Err(DecodeError::Structure),
        },
        comment_count: r.small()?,
        comments: Vec::new(),
        newest_own: match r.list(3)? {
            0 => None,
            3 => Some((Dot { chain: r.small()?, seq: r.small()? }, EntryId(r.exact()?))),
            _ => return Err(DecodeError::Structure),
        },
    };
    r.end()?;
    Ok(KeptTask { task, keys })
}

fn read_key(r: &mut Reader<'_>) -> Result<HeldKey, DecodeError> {
    let (generation, key) = (r.small()?, TaskKey(r.exact()?));
    let given = (0..r.list(ANY)?).map(|_| {
        Ok(match r.list(2)? {
            2 => Given::Role(RoleId(r.small()?), EpochId(r.exact()?)),
            1 => Given::Device(AuthorId(r.exact()?)),
            _ => Given::Onward,
        })
    });
    Ok(HeldKey { generation, key, given: given.collect::<Result<_, _>>()? })
}

fn place(w: &mut Writer, at: Place) {
    w.bytes(&at.entry.0).uint(at.item.into()).uint(at.op.into());
}

fn read_place(r: &mut Reader<'_>) -> Result<Place, DecodeError> {
    Ok(Place { entry: EntryId(r.exact()?), item: r.small()?, op: r.small()? })
}

fn read_detail(r: &mut Reader<'_>) -> Result<(u16, Register<Detail>), DecodeError> {
    let register = read_register(r, |r| {
        let number = r.small()?;
        Detail::read(number, r)?.ok_or(DecodeError::Structure)
    })?;
    let number = register.writes().first().ok_or(DecodeError::Structure)?.value.number();
    Ok((number, register))
}

fn read_check(r: &mut Reader<'_>) -> Result<(CheckId, Check), DecodeError> {
    let id = CheckId(r.exact()?);
    let text = read_register(r, |r| r.text(MAX_CHECK_BYTES))?;
    Ok((id, Check { text, done: read_register(r, |r| Ok(r.uint()? != 0))? }))
}

fn read_mark(r: &mut Reader<'_>) -> Result<Mark, DecodeError> {
    Ok(Mark {
        depth: r.small()?,
        at: read_place(r)?,
        by: MemberId(r.exact()?),
        role: RoleId(r.small()?),
        dot: Dot { chain: r.small()?, seq: r.small()? },
        said: match r.uint()? {
            0 => Said::NotYet,
            1 => Said::Good,
            2 => Said::Again,
            _ => return Err(DecodeError::UnknownNumber),
        },
    })
}

#[expect(clippy::ptr_arg, reason = "registers and sets hand out their own type")]
fn text(w: &mut Writer, text: &alloc::string::String) {
    w.text(text);
}

fn member(w: &mut Writer, member: &MemberId) {
    w.bytes(&member.0);
}

fn status(number: u64) -> Result<Status, DecodeError> {
    Status::from_number(number).ok_or(DecodeError::UnknownNumber)
}

fn register<T>(w: &mut Writer, register: &Register<T>, value: impl Fn(&mut Writer, &T)) {
    w.array(register.writes().len());
    for write in register.writes() {
        value(w, &write.value);
        place(w, write.at);
        w.bytes(&write.by.0).uint(write.dot.chain.into()).uint(write.dot.seq.into());
    }
}

fn read_register<'b, T>(
    r: &mut Reader<'b>,
    value: impl Fn(&mut Reader<'b>) -> Result<T, DecodeError>,
) -> Result<Register<T>, DecodeError> {
    let writes = (0..r.list(ANY)?).map(|_| {
        let value = value(r)?;
        let at = read_place(r)?;
        Ok(Write { value, at, by: MemberId(r.exact()?), dot: Dot { chain: r.small()?, seq: r.small()? } })
    });
    Ok(Register::from_kept(writes.collect::<Result<_, _>>()?))
}

fn elements<E>(w: &mut Writer, set: &BTreeMap<E, Register<bool>>, element: impl Fn(&mut Writer, &E)) {
    w.array(set.len());
    for (each, there) in set {
        element(w, each);
        register(w, there, |w, there| {
            w.uint((*there).into());
        });
    }
}

fn read_elements<'b, E: Ord>(
    r: &mut Reader<'b>,
    element: impl Fn(&mut Reader<'b>) -> Result<E, DecodeError>,
) -> Result<BTreeMap<E, Register<bool>>, DecodeError> {
    (0..r.list(ANY)?).map(|_| Ok((element(r)?, read_register(r, |r| Ok(r.uint()? != 0))?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Day;
    use crate::detail::{Repeat, Unit};

    #[test]
    fn a_task_comes_back_as_it_was() {
        let dot = Dot { chain: 3, seq: 70_000 };
        let at = Place { entry: EntryId([7; 32]), item: 2, op: 9 };
        let by = MemberId([4; 32]);
        fn one<T>(value: T, at: Place, by: MemberId, dot: Dot) -> Register<T> {
            Register::from_kept(alloc::vec![Write { value, by, at, dot }])
        }
        let task = Task {
            created: Some(Creation { depth: 300, at, by, claimed_seconds: 1 << 40, home: RoleId(3) }),
            parent: one(Some(TaskId([1; 16])), at, by, dot),
            title: one("A title".into(), at, by, dot),
            ending: one(Some(Status::Dropped), at, by, dot),
            step: one(Status::Review, at, by, dot),
            claims: [(by, one(true, at, by, dot))].into(),
            labels: [("a".into(), one(true, at, by, dot)), ("b".into(), one(false, at, by, dot))].into(),
            due: one(Some(Day::parse("2026-12-31").unwrap()), at, by, dot),
            priority: one(4, at, by, dot),
            filed: one(true, at, by, dot),
            origin: one(Origin { file: "harbour.csv".into(), ..Origin::default() }, at, by, dot),
            roles: [(RoleId(4), one(true, at, by, dot))].into(),
            persons: [(by, one(false, at, by, dot))].into(),
            details: [(36, one(Detail::Repeat(Some(Repeat { every: 2, unit: Unit::Weeks })), at, by, dot))].into(),
            elements: [(Element::Skill { skill: "driving".into() }, one(true, at, by, dot))].into(),
            checks: [(CheckId([1; 8]), Check { text: one("a".into(), at, by, dot), done: one(true, at, by, dot) })]
                .into(),
            instance_of: Some((TaskId([2; 16]), Day::parse("2026-12-31").unwrap())),
            news: [(by, 1 << 40)].into(),
            marks: alloc::vec![Mark { depth: 301, at, by, role: RoleId(2), dot, said: Said::Good }],
            import: Some(([8; 16], 3_127)),
            comment_count: 5,
            newest_own: Some((dot, at.entry)),
            ..Task::default()
        };
        let given = [Given::Role(RoleId(3), EpochId([6; 32])), Given::Device(AuthorId([5; 32])), Given::Onward].into();
        let keys = [
            HeldKey { generation: 0, key: TaskKey([9; 32]), given },
            HeldKey { generation: 7, key: TaskKey([8; 32]), given: [].into() },
        ];
        let bytes = encode_task(&task, &keys);
        let KeptTask { task: again, keys: kept } = decode_task(&bytes).unwrap();
        assert_eq!(encode_task(&again, &kept), bytes);
        assert_eq!((again.created, again.title, again.ending), (task.created, task.title, task.ending));
        assert_eq!(again.origin, task.origin);
        assert_eq!((again.labels, again.newest_own), (task.labels, task.newest_own));
        assert_eq!((again.roles, again.persons), (task.roles, task.persons));
        assert_eq!((again.details, again.elements, again.checks), (task.details, task.elements, task.checks));
        assert_eq!((again.instance_of, again.news), (task.instance_of, task.news));
        assert!(kept == keys);
        assert!(decode_task(&bytes[..bytes.len() - 1]).is_err());
    }

    /// A member may say as much as they like: more lines of a checklist than anybody reads come back as well.
    #[test]
    fn a_task_comes_back_however_much_was_said_of_it() {
        const MANY: u64 = (1 << 20) + 1;
        let checks = (0..MANY).map(|n| (CheckId(n.to_be_bytes()), Check::default()));
        let task = Task { checks: checks.collect(), ..Task::default() };
        let bytes = encode_task(&task, &[]);
        let again = decode_task(&bytes).expect("it was written here").task;
        assert_eq!(again.checks.len() as u64, MANY);
        assert_eq!(encode_task(&again, &[]), bytes);
    }

    /// What says that it has more than there is does not have it allocated.
    #[test]
    fn nothing_is_allocated_ahead_of_bytes() {
        let mut w = Writer::new();
        w.array(usize::MAX);
        let bytes = w.finish();
        let taken = allocation_counter::measure(|| assert!(decode_task(&bytes).is_err()));
        assert!(taken.bytes_max < 4_096, "{taken:?}");
    }
}
