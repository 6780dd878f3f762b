//! Every way of lying, alone and two at once: a member notices, the relay is named, nothing is lost
//! (docs/protocol/08-node.md, section 4).

use std::time::Duration;

use futures::StreamExt;
use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_node::api::Fault;
use tokio::time::{Instant, sleep};

use crate::harbour::{Berth, Sailor};
use crate::liar::{Liar, Shared, address};

/// How a relay lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Signs for what is posted, and drops it.
    Drops,
    /// Only some of it, say what one author posts.
    DropsSome,
    /// Shows everything but what came last.
    WithholdsNewest,
    /// Has bodies, by its tree, and hands none out.
    WithholdsBodies,
    /// Shows every second visitor what it had a while ago.
    OldToOneCircuit,
    /// Shows everybody the log of yesterday.
    Yesterdays,
    /// Changes what it had shown before.
    TwoTrees,
    /// Shows every second visitor a cell more.
    PrivateTip,
    /// Hands out cells in another order.
    Reorders,
    /// Hands out cells of another log.
    OfAnotherLog,
    /// Hands out cells that are cut.
    WrongSizes,
    /// Signs for no slot any more.
    NoSlots,
    /// Answers without end.
    WithoutEnd,
    /// Answers a byte now and then.
    Slow,
    /// Says that there are too many requests.
    TooMany,
}

use Lie::*;

const ALL: [Lie; 15] = [
    Drops,
    DropsSome,
    WithholdsNewest,
    WithholdsBodies,
    OldToOneCircuit,
    Yesterdays,
    TwoTrees,
    PrivateTip,
    Reorders,
    OfAnotherLog,
    WrongSizes,
    NoSlots,
    WithoutEnd,
    Slow,
    TooMany,
];

/// What a person is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Fault(Fault),
    /// That it is not reached.
    Unreached,
}

impl Lie {
    /// Any of these is right.
    const fn is_told_as(self) -> &'static [Told] {
        match self {
            Drops | DropsSome | WithholdsNewest => &[Told::Fault(Fault::BrokenReceipt)],
            WithholdsBodies => &[Told::Fault(Fault::Withholds)],
            OldToOneCircuit | Yesterdays => &[Told::Fault(Fault::RolledBack)],
            TwoTrees | PrivateTip => &[Told::Fault(Fault::Forked)],
            Reorders | OfAnotherLog | WrongSizes | WithoutEnd => &[Told::Fault(Fault::Garbage)],
            NoSlots => &[Told::Fault(Fault::Stale)],
            Slow | TooMany => &[Told::Unreached],
        }
    }
}

/// Worlds at once.
const AT_ONCE: usize = 6;
/// Of the pairs, how many are lived through.
const PAIRS_VARIABLE: &str = "PURSUANCE_LIES_PAIRS";
const ORDINARY_PAIRS: usize = 12;
/// The longest until somebody notices: five slots and a minute without a checkpoint are the slowest.
const PATIENCE: Duration = Duration::from_secs(150);
/// Between two things that are said.
const TURN: Duration = Duration::from_millis(700);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lie_is_noticed_and_named_and_loses_nothing() {
    let mut worlds: Vec<Vec<Lie>> = ALL.map(|lie| vec![lie]).to_vec();
    let pairs: Vec<Vec<Lie>> =
        ALL.iter().enumerate().flat_map(|(n, one)| ALL[n + 1..].iter().map(|other| vec![*one, *other])).collect();
    let wanted = std::env::var(PAIRS_VARIABLE).map_or(ORDINARY_PAIRS, |count| count.parse().expect("a number"));
    worlds.extend(pairs.iter().step_by(pairs.len().div_ceil(wanted.max(1))).take(wanted).cloned());
    println!("{} worlds, {} pairs", worlds.len(), worlds.len() - ALL.len());
    let lived = futures::stream::iter(worlds).map(|lies| async move {
        let told = live(&lies).await;
        println!("{lies:?}: {told:?}");
        told.is_none().then_some(lies)
    });
    let unnoticed: Vec<Vec<Lie>> = lived.buffer_unordered(AT_ONCE).filter_map(async |lies| lies).collect().await;
    assert_eq!(unnoticed, Vec::<Vec<Lie>>::new());
}

/// A world in which one of two relays begins to lie so; what was told of it.
async fn live(lies: &[Lie]) -> Option<Told> {
    let berth = Berth::open().await;
    let (liar, at): (Shared, _) = Liar::honest(40).serve().await;
    let doors = [(berth.address, berth.at), (address(), at)];
    let (maya, ben) = (Sailor::aboard(&doors).await, Sailor::aboard(&doors).await);
    let harbour = maya.found(Some(&berth.address)).await;
    let relays = vec![berth.address.to_string(), address().to_string()];
    maya.act(harbour, Command::SetRelays { relays }).await;
    ben.come_in(&maya.invite(harbour, 1).await, "Ben").await;
    for sailor in [&maya, &ben] {
        let reached = async || {
            let relays = sailor.relays(harbour).await;
            relays.len() == 2 && relays.iter().all(|relay| relay.reached_seconds.is_some() && relay.waiting == 0)
        };
        sailor.until_async("both relays are reached", reached).await;
        assert_eq!(told(sailor, harbour).await, vec![], "{lies:?}: nobody lied yet");
    }

    liar.lock().unwrap().begin(lies);
    let expected: Vec<Told> = lies.iter().flat_map(|lie| lie.is_told_as()).copied().collect();
    let until = Instant::now() + PATIENCE;
    let mut noticed = None;
    for n in 0.. {
        let who = if n % 2 == 0 { &maya } else { &ben };
        who.task(harbour, &format!("Said while it lies, {n}"), None).await;
        sleep(TURN).await;
        let mut all = told(&maya, harbour).await;
        all.extend(told(&ben, harbour).await);
        noticed = all.into_iter().find(|told| expected.contains(told));
        if noticed.is_some() || Instant::now() > until {
            break;
        }
    }
    // Both have all that was said, and nobody accuses the other relay.
    maya.until_like(&ben, harbour).await;
    for sailor in [&maya, &ben] {
        let relays = sailor.relays(harbour).await;
        let honest = relays.iter().find(|relay| relay.address == berth.address.to_string()).expect("it is used");
        assert_eq!((honest.fault, honest.has_proof), (None, false), "{lies:?}");
    }
    noticed
}

/// What is shown of the relay that lies.
async fn told(sailor: &Sailor, pursuance: PursuanceId) -> Vec<Told> {
    let relays = sailor.relays(pursuance).await;
    let of = relays.iter().find(|relay| relay.address == address().to_string()).expect("it is used");
    let mut told: Vec<Told> = of.fault.map(Told::Fault).into_iter().collect();
    if of.failing && of.fault.is_none() {
        told.push(Told::Unreached);
    }
    told
}
