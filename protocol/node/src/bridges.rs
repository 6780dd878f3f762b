//! Bridges that a person was given: kept in the database, used when Tor starts (docs/protocol/08-node.md, N65).

use pursuance_onion::{Bridge, BridgeError, bridge_program};
use serde::{Deserialize, Serialize};

use crate::api::{Reply, Trouble};
use crate::engine::{Open, Surroundings};
use crate::store::{Store, StoreError};

/// Name of the meta value that keeps them, line by line.
const BRIDGES: &str = "bridges";

/// Name of the meta value that says how often they were changed, as eight bytes, most significant first.
const CHANGES: &str = "bridges changed";

/// Most bridges.
pub const MAX_BRIDGES: usize = 16;

/// Most bytes of all their lines.
pub const MAX_BRIDGE_BYTES: usize = 8 * 1024;

/// The bridges that Tor is reached by, if there are any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
pub struct BridgesView {
    /// As they were given, line by line.
    pub lines: String,
    /// One of them speaks obfs4, and no program on this computer does.
    pub lacks_program: bool,
}

/// Bridges by their lines; empty lines are passed over.
///
/// # Errors
/// The number of the line that is none, from 1 on.
fn parse(lines: &str) -> Result<Vec<Bridge>, Trouble> {
    if lines.len() > MAX_BRIDGE_BYTES {
        return Err(Trouble::Malformed);
    }
    let all = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let bridges = all.map(|(at, line)| {
        let line_number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        line.parse().map_err(|error| match error {
            BridgeError::Unreadable => Trouble::NotABridge { line: line_number },
            BridgeError::Transport => Trouble::BridgeTransport { line: line_number },
        })
    });
    let bridges: Vec<Bridge> = bridges.collect::<Result<_, _>>()?;
    if bridges.len() > MAX_BRIDGES { Err(Trouble::Malformed) } else { Ok(bridges) }
}

/// As they were kept, for Tor's start.
pub(crate) fn take_up(around: &Surroundings, store: &Store) -> Result<(), StoreError> {
    let lines = store.meta(BRIDGES)?.unwrap_or_default();
    let lines = String::from_utf8(lines).map_err(|_| StoreError::Damaged)?;
    // Another version may have taken what this one does not.
    let bridges = parse(&lines).ok();
    around.transport.set_bridges(&around.runtime, lines, bridges, changes(store)?);
    Ok(())
}

impl Open {
    pub(crate) fn set_bridges(&mut self, around: &Surroundings, lines: &str) -> Result<Reply, Trouble> {
        let bridges = parse(lines)?;
        if lines.as_bytes() == self.store.meta(BRIDGES)?.unwrap_or_default() {
            return Ok(Reply::Done);
        }
        let number = changes(&self.store)? + 1;
        self.store.write(|w| {
            w.set_meta(BRIDGES, lines.as_bytes())?;
            w.set_meta(CHANGES, &number.to_be_bytes())
        })?;
        self.unswept = true;
        around.transport.set_bridges(&around.runtime, lines.to_owned(), Some(bridges), number);
        Ok(Reply::Done)
    }
}

fn changes(store: &Store) -> Result<u64, StoreError> {
    let kept = store.meta(CHANGES)?.unwrap_or_default();
    if kept.is_empty() { Ok(0) } else { Ok(u64::from_be_bytes(kept.try_into().map_err(|_| StoreError::Damaged)?)) }
}

/// What is shown of them.
pub(crate) fn view(around: &Surroundings) -> BridgesView {
    let (lines, needs_program) = around.transport.bridges();
    BridgesView { lines, lacks_program: needs_program && bridge_program().is_none() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "192.0.2.7:443 A0F5B1C2D3E4F5061728394A5B6C7D8E9F001122";

    #[test]
    fn lines_are_counted_as_they_are_seen() {
        assert_eq!(parse("").map(|all| all.len()), Ok(0));
        assert_eq!(parse(&format!("\n  \n{LINE}\r\n\n{LINE}\n")).map(|all| all.len()), Ok(2));
        assert_eq!(parse(&format!("\n{LINE}\nnonsense:")).map(|_| ()), Err(Trouble::NotABridge { line: 3 }));
        assert_eq!(parse(&format!("snowflake {LINE}")).map(|_| ()), Err(Trouble::BridgeTransport { line: 1 }));
        let lines = |count: usize| vec![LINE; count].join("\n");
        assert_eq!(parse(&lines(MAX_BRIDGES)).map(|all| all.len()), Ok(MAX_BRIDGES));
        assert_eq!(parse(&lines(MAX_BRIDGES + 1)).map(|_| ()), Err(Trouble::Malformed));
        assert_eq!(parse(&" ".repeat(MAX_BRIDGE_BYTES + 1)).map(|_| ()), Err(Trouble::Malformed));
    }
}
