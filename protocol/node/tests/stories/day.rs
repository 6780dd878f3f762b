//! What a day costs a member in bytes (docs/benchmarks.md, "Bytes a day").

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pursuance_core::command::Command;
use pursuance_core::id::{PursuanceId, TaskId};
use pursuance_node::RelayAddress;
use pursuance_wire::cell::CELL_BYTES;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::sleep;

use crate::doors::{Way, door};
use crate::harbour::{Berth, Sailor};

const MEMBERS: usize = 12;
/// Entries of a day.
const ENTRIES: usize = 100;
/// Most bytes of cells that the day may cost a member.
const MAX_BYTES: u64 = 300_000;
/// Slots of a day, at the length that relays have by themselves; those here have a second.
const SLOTS_OF_A_DAY: u64 = 1_440;
/// Slots in which nothing comes.
const QUIET_SLOTS: u64 = 6;
/// Longer than an own entry waits for company here, so that each has its cell to itself.
const APART: Duration = Duration::from_millis(150);

/// A door before the relay that counts what passes.
#[derive(Default)]
struct Gauge {
    sent: AtomicU64,
    read: AtomicU64,
}

impl Gauge {
    async fn before(relay: SocketAddr) -> (Arc<Self>, SocketAddr) {
        let gauge = Arc::new(Self::default());
        let counting = gauge.clone();
        let at = door(relay, move |from, to, way| {
            let gauge = counting.clone();
            async move { pass(from, to, if way == Way::ToRelay { &gauge.sent } else { &gauge.read }).await }
        });
        let at = at.await;
        (gauge, at)
    }

    fn counts(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.read.load(Ordering::Relaxed))
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, count: &AtomicU64) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        count.fetch_add(read as u64, Ordering::Relaxed);
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
    // Nobody is left to be told that this fails.
    let _ = to.shutdown().await;
}

async fn cells(sailor: &Sailor, pursuance: PursuanceId) -> u64 {
    sailor.relays(pursuance).await[0].cells
}

/// Everybody has read everything, and has nothing more to say.
async fn settled(group: &[Sailor], pursuance: PursuanceId) {
    for sailor in group {
        sailor
            .until_async("nothing waits", async || {
                let relay = &sailor.relays(pursuance).await[0];
                relay.waiting == 0 && relay.read == relay.cells && relay.cells > 0
            })
            .await;
    }
    for sailor in &group[1..] {
        sailor.until_like(&group[0], pursuance).await;
    }
}

async fn gather(address: RelayAddress, doors: &[SocketAddr]) -> (Vec<Sailor>, PursuanceId) {
    let maya = Sailor::aboard(&[(address, doors[0])]).await;
    let pursuance = maya.found(Some(&address)).await;
    let link = maya.invite(pursuance, u16::try_from(doors.len()).unwrap()).await;
    let mut group = vec![maya];
    for (number, door) in doors[1..].iter().enumerate() {
        let sailor = Sailor::aboard(&[(address, *door)]).await;
        sailor.come_in(&link, &format!("Member {number}")).await;
        group.push(sailor);
    }
    settled(&group, pursuance).await;
    (group, pursuance)
}

/// One of the things that people do in a day.
async fn something(sailor: &Sailor, pursuance: PursuanceId, tasks: &mut Vec<TaskId>, number: usize) {
    match (number % 4, tasks.last()) {
        (1, Some(task)) => drop(sailor.act(pursuance, Command::Claim { task: *task }).await),
        (2 | 3, Some(task)) => {
            let text =
                format!("Number {number}: seen from the pier this morning, two more trucks than yesterday, no plates.");
            sailor.act(pursuance, Command::Comment { task: *task, text }).await;
        }
        _ => tasks.push(sailor.task(pursuance, &format!("Watch gate {number} until the shift changes"), None).await),
    }
}

#[tokio::test]
async fn a_day_of_twelve_costs_less_than_300_kilobytes_of_cells() {
    let berth = Berth::open().await;
    let (mut gauges, mut doors) = (Vec::new(), Vec::new());
    for _ in 0..MEMBERS {
        let (gauge, door) = Gauge::before(berth.at).await;
        gauges.push(gauge);
        doors.push(door);
    }
    let (group, pursuance) = gather(berth.address, &doors).await;

    // What staying connected costs while nothing comes.
    let (before, quiet_from) = (gauges[1].counts(), std::time::Instant::now());
    sleep(Duration::from_secs(QUIET_SLOTS)).await;
    let slots = quiet_from.elapsed().as_secs_f64();
    let slot_bytes = (gauges[1].counts().1 - before.1) as f64 / slots;

    let (cells_before, counts_before) = (cells(&group[0], pursuance).await, gauges.iter().map(|one| one.counts()));
    let counts_before: Vec<(u64, u64)> = counts_before.collect();
    let mut tasks = Vec::new();
    for number in 0..ENTRIES {
        something(&group[number % MEMBERS], pursuance, &mut tasks, number).await;
        sleep(APART).await;
        if number % 4 == 0 {
            // What the others say next is about it.
            settled(&group, pursuance).await;
        }
    }
    settled(&group, pursuance).await;

    let day = cells(&group[0], pursuance).await - cells_before;
    println!("{ENTRIES} entries of {MEMBERS} members: {day} cells, {slot_bytes:.0} bytes a quiet slot");
    assert!(day >= ENTRIES as u64 / 4, "something was said: {day}");
    for (gauge, (sent_before, read_before)) in gauges.iter().zip(counts_before) {
        let (sent, read) = gauge.counts();
        let (sent, read) = (sent - sent_before, read - read_before);
        assert!(read >= day * CELL_BYTES as u64, "each has read all of it");
        // Each post brings a receipt, and everything else that was sent is cells and their requests.
        let own = (sent / CELL_BYTES as u64).min(day);
        let of_cells = (day + own) * CELL_BYTES as u64;
        let polling = slot_bytes * SLOTS_OF_A_DAY as f64;
        println!(
            "{of_cells} bytes of cells; {sent} sent and {read} read here; {:.0} a day with {SLOTS_OF_A_DAY} slots",
            of_cells as f64 + polling
        );
        assert!(of_cells <= MAX_BYTES, "{of_cells} bytes of cells");
    }
}
