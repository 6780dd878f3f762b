//! Where a task or a comment comes from that was not made here, as the import says (docs/protocol/05-tasks.md, "Origin").

use alloc::string::String;
use alloc::vec::Vec;

use crate::codec::{DecodeError, Reader, Writer, read_ascending};
use crate::detail::read_some;
use crate::limits::{MAX_COMMENT_BYTES, MAX_DAY_BYTES, MAX_ORIGIN_BYTES, MAX_ORIGIN_NAME_BYTES, MAX_ORIGIN_PEOPLE};

/// What an import says of a task that it made. All of it is text that somebody wrote; none of it is known to be so.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The file that was read here, or empty.
    pub file: String,
    /// Where it was before that, a program or a board, or empty.
    pub source: String,
    /// What it was called there, or empty.
    pub id: String,
    /// Who created it there, or empty.
    pub by: String,
    /// When, as text, or empty.
    pub created: String,
    /// Who had to do with it, ascending, each once; nobody of them need be a member here.
    pub people: Vec<Mention>,
}

/// Somebody whom an import names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Mention {
    /// As what.
    pub part: Part,
    /// A name; not empty.
    pub name: String,
}

/// As what an import names somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum Part {
    /// Took it.
    Took = 0,
    /// Was asked to do it.
    Asked = 1,
    /// Was to look at it when it is done.
    Reviewer = 2,
    /// A role whose holders were asked to do it.
    AskedRole = 3,
    /// Found it done well.
    FoundGood = 4,
    /// Found it not done well yet.
    FoundNotYet = 5,
}

/// A comment that was written elsewhere: no member says so here, somebody says that it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Who wrote it, or empty.
    pub by: String,
    /// When, seconds since 1970.
    pub claimed_seconds: u64,
    /// What; not empty.
    pub text: String,
}

impl Origin {
    pub(crate) fn write(&self, a: &mut Writer) {
        let Self { file, source, id, by, created, people } = self;
        a.array(6).text(file).text(source).text(id).text(by).text(created).array(people.len());
        for mention in people {
            a.array(2).uint(mention.part as u64).text(&mention.name);
        }
    }

    pub(crate) fn read(a: &mut Reader<'_>) -> Result<Self, DecodeError> {
        a.array(6)?;
        Ok(Self {
            file: a.text(MAX_ORIGIN_BYTES)?,
            source: a.text(MAX_ORIGIN_BYTES)?,
            id: a.text(MAX_ORIGIN_BYTES)?,
            by: a.text(MAX_ORIGIN_NAME_BYTES)?,
            created: a.text(MAX_DAY_BYTES)?,
            people: read_ascending(a, MAX_ORIGIN_PEOPLE, |a| {
                a.array(2)?;
                let part = Part::from_number(a.uint()?).ok_or(DecodeError::UnknownNumber)?;
                Ok(Mention { part, name: read_some(a, MAX_ORIGIN_NAME_BYTES)? })
            })?,
        })
    }
}

impl Quote {
    pub(crate) fn write(&self, a: &mut Writer) {
        a.array(3).text(&self.by).uint(self.claimed_seconds).text(&self.text);
    }

    pub(crate) fn read(a: &mut Reader<'_>) -> Result<Self, DecodeError> {
        a.array(3)?;
        let (by, claimed_seconds) = (a.text(MAX_ORIGIN_NAME_BYTES)?, a.uint()?);
        Ok(Self { by, claimed_seconds, text: read_some(a, MAX_COMMENT_BYTES)? })
    }
}

impl Part {
    const fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Took,
            1 => Self::Asked,
            2 => Self::Reviewer,
            3 => Self::AskedRole,
            4 => Self::FoundGood,
            5 => Self::FoundNotYet,
            _ => return None,
        })
    }
}
