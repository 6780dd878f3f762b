//! The one status sentence of a pursuance (docs/protocol/08-node.md, section 7).

use std::time::Instant;

use pursuance_core::refusal::Refusal;

use crate::api::StatusLine;
use crate::held::Held;
use crate::relays::{FROM_END, Reach, Reading, Relay, Relays};
use crate::transport::{TorStage, Transport};

/// What matters most of everything that could be said. First what the person chose, then what is wrong, then what goes on.
pub(crate) fn line(held: &Held, relays: &Relays, reach: Reach, transport: &Transport) -> StatusLine {
    // Nothing is posted any more but that I go, so nothing of the rest matters.
    if let Some(gone) = gone(held) {
        return gone;
    }
    let kept = held.kept_entries();
    let used: Vec<(&Relay, Reading, bool)> = relays
        .of(held.number)
        .filter(|(_, reading)| reading.wanted)
        .filter_map(|(address, reading)| Some((relays.known.get(&address)?, reading, transport.needs_tor(&address))))
        .collect();
    if used.is_empty() {
        return StatusLine::NoRelay { kept };
    }
    if reach == Reach::Offline {
        return StatusLine::Offline { kept };
    }
    if reach == Reach::Unasked && used.iter().all(|(.., by_tor)| *by_tor) {
        return StatusLine::TorUnasked { kept };
    }
    if let Some(fault) = used.iter().find_map(|(relay, ..)| relay.fault) {
        return StatusLine::RelayFault { fault };
    }
    if held.replica.is_overtaken() {
        return StatusLine::Overtaken;
    }
    if let Some(by) = two_histories(held) {
        return StatusLine::TwoHistories { by };
    }
    let online: Vec<&(&Relay, Reading, bool)> = used.iter().filter(|(relay, ..)| relay.online).collect();
    if online.is_empty() {
        return unreached(&used, kept, transport);
    }
    let (read, of) = online.iter().fold((0, 0), |(read, of), (relay, reading, _)| {
        let known = relay.size().saturating_sub(reading.first.min(relay.size()));
        let done = if reading.next == FROM_END { 0 } else { reading.next.saturating_sub(reading.first).min(known) };
        (read + done, of + known)
    });
    if read < of {
        return StatusLine::Reading { read, of };
    }
    let gap = held.replica.logs().announced().len();
    if gap > 0 && held.replica.is_member() {
        return StatusLine::Gap { entries: u32::try_from(gap).unwrap_or(u32::MAX), by: None };
    }
    let newer = held.newer_entries;
    if newer > 0 {
        return StatusLine::NeedsNewer { entries: u32::try_from(newer).unwrap_or(u32::MAX) };
    }
    StatusLine::Fine {
        reached: u16::try_from(online.len()).unwrap_or(u16::MAX),
        of: u16::try_from(used.len()).unwrap_or(u16::MAX),
        at_seconds: online.iter().filter_map(|(relay, ..)| relay.reached_seconds).max().unwrap_or(0),
        kept,
    }
}

fn unreached(used: &[(&Relay, Reading, bool)], kept: u32, transport: &Transport) -> StatusLine {
    if used.iter().all(|(.., by_tor)| *by_tor) {
        match transport.tor_stage() {
            TorStage::Starting(percent) => return StatusLine::TorStarting { percent, kept },
            TorStage::Unreachable => return StatusLine::TorUnreachable { kept },
            TorStage::Asleep | TorStage::Ready => {}
        }
    }
    let since = used.iter().filter_map(|(relay, ..)| relay.failing_since_seconds).min();
    match since {
        None => StatusLine::Connecting { kept },
        Some(since_seconds) => {
            let retry = used.iter().filter_map(|(relay, ..)| relay.retry_at).min();
            let wait = retry.map_or(0, |at| at.saturating_duration_since(Instant::now()).as_secs());
            StatusLine::Unreachable { since_seconds, kept, retry_seconds: u32::try_from(wait).unwrap_or(u32::MAX) }
        }
    }
}

fn gone(held: &Held) -> Option<StatusLine> {
    match held.absence()? {
        Refusal::DeviceRemoved => Some(StatusLine::DeviceRemoved),
        _ => Some(StatusLine::Removed { kept: if held.is_silent() { 0 } else { held.kept_entries() } }),
    }
}

fn two_histories(held: &Held) -> Option<String> {
    let author = held.replica.logs().forked().next()?;
    let authority = held.replica.authority();
    let member = authority.members().get(&authority.member_of(author)?)?;
    Some(member.name.clone())
}
