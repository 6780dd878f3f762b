//! What an engine does that stands still: no thread runs it, and a test has it look around.

use std::sync::mpsc::channel;

use pursuance_core::command::Command;
use pursuance_core::crypto::Seed;
use pursuance_core::founding::{Founding, MEMBER, found};
use pursuance_core::id::AuthorId;
use pursuance_core::keys::DeviceKeys;
use pursuance_core::plan::Circumstances;
use pursuance_core::replica::Replica;

use super::*;
use crate::held::new_entry;

const NOW_SECONDS: u64 = 1_790_000_000;

/// An engine that stands still, with an open vault.
fn engine(dir: &Path, fill: impl FnOnce(&mut Store)) -> Engine {
    let folder = Folder::enter(dir).unwrap();
    let ((inbox, _), (seq, _)) = (channel(), watch::channel(1));
    let transport = Arc::new(Transport::new([], None));
    let mut engine = Engine::new(folder, Clock::System, Pace::hurried(), transport, Handle::current(), inbox, seq);
    let key = vault::fresh_key();
    let mut store = Store::open(&engine.around.folder.database(), &key).unwrap();
    fill(&mut store);
    engine.open = Some(Open::begin(&engine.around, 1, store, key).unwrap());
    engine
}

#[tokio::test]
async fn where_nothing_may_be_said_any_more_nothing_is_due() {
    let (first, second) = (DeviceKeys::from_seed([1; 32]), DeviceKeys::from_seed([3; 32]));
    let founding =
        Founding { name: "Harbour watch".into(), mission: String::new(), my_name: "Maya".into(), relays: Vec::new() };
    let founded = found(&founding, &first, NOW_SECONDS, &mut Seed::new([2; 32])).unwrap();
    let mut entries = founded.entries.clone();
    let mut maya = Replica::new(founded.pursuance, first);
    entries.iter().for_each(|entry| drop(maya.append(entry.clone())));
    entries.push(maya.add_device(&second, NOW_SECONDS).unwrap());
    maya.append(entries[entries.len() - 1].clone());
    let mut seed = Seed::new([4; 32]);
    let mut with = Circumstances { now_seconds: NOW_SECONDS, seed: &mut seed, since: Vec::new() };
    let removal = Command::RemoveDevice { author: second.author() };
    entries.extend(maya.command(&removal, &mut with).unwrap().entries);

    let dir = tempfile::tempdir().unwrap();
    let mut engine = engine(dir.path(), |store| {
        let fill = |w: &crate::store::Changes<'_>| {
            let number = w.add_pursuance(founded.pursuance, KeptStanding::Member, &[3; 32], "", NOW_SECONDS)?;
            w.add_epoch(number, founded.epoch.as_bytes())?;
            entries.iter().try_for_each(|entry| w.add_entry(number, &new_entry(entry, false)).map(drop))
        };
        store.write(fill).unwrap();
    });
    let held = engine.open.as_mut().unwrap().held.get_mut(&founded.pursuance).unwrap();
    assert!(held.is_silent(), "the device was taken out");
    // As it is when that comes while something is waited for.
    let past = Some(Instant::now());
    (held.seal_due, held.epoch_due, held.package_due) = (past, past, past);
    held.welcome_due.insert(AuthorId([7; 32]), Instant::now());
    assert!(engine.next_due().is_some());
    engine.look_around();
    assert_eq!(engine.next_due(), None, "the engine would look again without a pause");
}

/// Founds a pursuance with a relay, in a vault that stands still.
fn founded(engine: &mut Engine) -> PursuanceId {
    let request = Request::StartPursuance {
        name: "Harbour watch".into(),
        mission: String::new(),
        my_name: "Maya".into(),
        relay: Some(crate::transport::tests::relay().to_string()),
        template: Default::default(),
    };
    match engine.request(request) {
        Ok(Reply::Pursuance { pursuance }) => pursuance,
        other => panic!("{other:?}"),
    }
}

fn open_invites(open: &Open, pursuance: PursuanceId) -> usize {
    open.held[&pursuance].replica.authority().invites().values().filter(|invite| invite.open).count()
}

#[tokio::test]
async fn links_are_closed_also_where_the_program_ends_while_somebody_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = engine(dir.path(), |_| {});
    let pursuance = founded(&mut engine);
    let Ok(Reply::RecoveryPhrase { words }) = engine.request(Request::MakeRecoveryPhrase { pursuance }) else {
        panic!("a phrase")
    };
    let phrase = words.as_slice().join(" ");
    engine.request(Request::DeclareRecovery { pursuance, phrase: phrase.clone() }).unwrap();
    let invite = || Request::Act { pursuance, command: Command::Invite { role: MEMBER, uses: 3, reviewed: false } };
    for _ in 0..2 {
        engine.request(invite()).unwrap();
    }
    let mut open = engine.open.take().unwrap();
    assert_eq!(open_invites(&open, pursuance), 2);

    // It comes no further than what is done or not done.
    open.keep_recovery(&engine.around, pursuance, &phrase).unwrap();
    let Open { store, key, .. } = open;
    engine.open = Some(Open::begin(&engine.around, 2, store, key).unwrap());
    let open = engine.open.as_ref().unwrap();
    assert!(open.held[&pursuance].replica.is_member(), "she is back");
    assert_eq!(open_invites(open, pursuance), 0, "links that lie on the stolen computer");

    // That is over: what she makes from now on stays, also after the next start.
    engine.request(invite()).unwrap();
    let Open { store, key, .. } = engine.open.take().unwrap();
    let open = Open::begin(&engine.around, 3, store, key).unwrap();
    assert_eq!((open.held[&pursuance].closing, open_invites(&open, pursuance)), (None, 1));
}

#[tokio::test]
async fn the_end_of_one_backup_does_not_stop_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut engine = engine(&dir.path().join("data"), |_| {});
    founded(&mut engine);
    let path = dir.path().join("pursuance.age").to_str().unwrap().to_owned();
    let (reply, answer) = oneshot::channel();
    let passphrase = "a long enough passphrase".to_owned();
    engine.handle(Message::Request(Request::Backup { path, passphrase }, reply));
    let run = engine.open.as_ref().unwrap().backup.as_ref().expect("it runs").run();

    // One of before a lock, or that was not heard yet.
    engine.handle(Message::BackedUp { run: [0; 16] });
    assert!(engine.open.as_ref().unwrap().backup.is_some());
    let written = answer.await.unwrap();
    assert!(matches!(written, Ok(Reply::Written { .. })), "{written:?}");
    engine.handle(Message::BackedUp { run });
    assert!(engine.open.as_ref().unwrap().backup.is_none());
}
