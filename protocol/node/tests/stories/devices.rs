//! The computers of one member: a further one by code and phrase, one that is stolen, and coming back with the phrase
//! (docs/protocol/08-node.md, section 13).

use std::path::Path;

use pursuance_core::change::Change;
use pursuance_core::command::Command;
use pursuance_core::founding::{MEMBER, ORGANISER};
use pursuance_core::id::PursuanceId;
use pursuance_core::refusal::Refusal;
use pursuance_core::rule::{Conditions, Object, Rule, Verb};
use pursuance_node::Clock;
use pursuance_node::api::{
    CodeState, DevicesView, PreviewState, Query, Reply, Request, Standing, StatusLine, Trouble, View,
};

use crate::harbour::{Berth, PASSPHRASE, Sailor, row};

/// Of BIP 39, and nobody's here.
const ANOTHER_PHRASE: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

async fn devices(sailor: &Sailor, pursuance: PursuanceId) -> DevicesView {
    match sailor.node.view(Query::Devices { pursuance }).await {
        Ok(View::Devices(devices)) => devices,
        other => panic!("{other:?}"),
    }
}

async fn make_phrase(sailor: &Sailor, pursuance: PursuanceId) -> String {
    match sailor.ask(Request::MakeRecoveryPhrase { pursuance }).await {
        Ok(Reply::RecoveryPhrase { words }) => words.as_slice().join(" "),
        other => panic!("{other:?}"),
    }
}

async fn declare(sailor: &Sailor, pursuance: PursuanceId, phrase: &str) -> Result<Reply, Trouble> {
    sailor.ask(Request::DeclareRecovery { pursuance, phrase: phrase.into() }).await
}

pub async fn phrase_of(sailor: &Sailor, pursuance: PursuanceId) -> String {
    let phrase = make_phrase(sailor, pursuance).await;
    assert_eq!(declare(sailor, pursuance, &phrase).await, Ok(Reply::Done));
    phrase
}

async fn code_of(sailor: &Sailor, pursuance: PursuanceId) -> String {
    sailor.ask(Request::ShowCode { pursuance }).await.unwrap();
    let shown = devices(sailor, pursuance).await.code.expect("it is shown");
    assert!(shown.state == CodeState::Open && !shown.qr.is_empty());
    shown.code
}

async fn answer(sailor: &Sailor, code: &str, phrase: &str) -> Result<Reply, Trouble> {
    sailor.ask(Request::AnswerCode { code: code.into(), phrase: phrase.into() }).await
}

async fn recover(sailor: &Sailor, pursuance: PursuanceId, phrase: &str) -> Result<Reply, Trouble> {
    sailor.ask(Request::Recover { pursuance, phrase: phrase.into() }).await
}

async fn is_in(sailor: &Sailor, pursuance: PursuanceId) {
    sailor.until("in", |app| row(app, pursuance).is_some_and(|row| row.standing == Standing::Member)).await;
}

async fn handed(sailor: &Sailor, pursuance: PursuanceId) {
    let fine = |status: &StatusLine| matches!(status, StatusLine::Fine { kept: 0, .. });
    sailor.until("handed", |app| row(app, pursuance).is_some_and(|row| fine(&row.status))).await;
}

async fn out(sailor: &Sailor, pursuance: PursuanceId) {
    let out = |status: &StatusLine| *status == StatusLine::DeviceRemoved;
    sailor.until("told that it is out", |app| row(app, pursuance).is_some_and(|row| out(&row.status))).await;
}

/// Waits until somebody has so many tasks, and knows so many devices of Maya's.
async fn until_known(sailor: &Sailor, pursuance: PursuanceId, tasks: usize, known: usize) {
    sailor
        .until_async("tasks and devices", async || {
            let people = sailor.people(pursuance).await;
            let maya = people.members.iter().find(|member| member.person.name == "Maya");
            sailor.tree(pursuance).await.rows.len() == tasks && maya.is_some_and(|maya| maya.devices.len() == known)
        })
        .await;
}

/// Lets organisers have tasks of their own.
async fn organisers_have_tasks(founder: &Sailor, pursuance: PursuanceId) {
    let object = Object::Role(ORGANISER);
    for verb in [Verb::See, Verb::Create] {
        let rule = Rule { role: ORGANISER, verb, object, conditions: Conditions::ALWAYS, quorum: None };
        let change = Change::SetRule { rule, present: true };
        founder.act(pursuance, Command::Propose { of: ORGANISER, change }).await;
    }
}

/// A further computer of whoever has this one, in its own folder.
pub async fn further(berth: &Berth, first: &Sailor, pursuance: PursuanceId, phrase: &str) -> Sailor {
    let second = Sailor::aboard(&[(berth.address, berth.at)]).await;
    let code = code_of(first, pursuance).await;
    assert_eq!(answer(&second, &code, phrase).await, Ok(Reply::Pursuance { pursuance }));
    is_in(&second, pursuance).await;
    second.until_like(first, pursuance).await;
    second
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_further_computer_comes_by_code_and_phrase() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    maya.task(harbour, "For all", None).await;
    organisers_have_tasks(&maya, harbour).await;
    maya.act(harbour, Command::create_task_for(ORGANISER, "For organisers")).await;
    assert_eq!(
        maya.ask(Request::ShowCode { pursuance: harbour }).await,
        Err(Trouble::Refused { refusal: Refusal::NoRecoveryKey })
    );
    // The phrase is asked back whole, and the last one shown counts.
    assert_eq!(declare(&maya, harbour, ANOTHER_PHRASE).await, Err(Trouble::NotThePhraseShown));
    let before = make_phrase(&maya, harbour).await;
    let phrase = make_phrase(&maya, harbour).await;
    assert_eq!(declare(&maya, harbour, &before).await, Err(Trouble::NotThePhraseShown));
    let half = phrase.split(' ').take(11).collect::<Vec<_>>().join(" ");
    assert_eq!(declare(&maya, harbour, &half).await, Err(Trouble::NotARecoveryPhrase { word: None }));
    assert!(!devices(&maya, harbour).await.has_recovery);
    assert_eq!(declare(&maya, harbour, &phrase).await, Ok(Reply::Done));
    assert!(devices(&maya, harbour).await.has_recovery);
    let again = maya.ask(Request::MakeRecoveryPhrase { pursuance: harbour }).await;
    assert_eq!(again, Err(Trouble::Refused { refusal: Refusal::NothingToChange }));

    let second = Sailor::aboard(&doors).await;
    let closed = code_of(&maya, harbour).await;
    maya.ask(Request::CloseCode { pursuance: harbour }).await.unwrap();
    assert_eq!(devices(&maya, harbour).await.code, None);
    assert_eq!(answer(&second, "pursuance:abc", &phrase).await, Err(Trouble::NotACode));
    assert_eq!(answer(&second, &closed[..90], &phrase).await, Err(Trouble::LinkTruncated));
    let other = answer(&second, &closed, ANOTHER_PHRASE).await;
    assert_eq!(other, Err(Trouble::Refused { refusal: Refusal::OtherRecoveryKey }));
    assert!(second.app().await.pursuances.is_empty());
    // A code that was closed leads nowhere; what was begun with it is given up, and another one is answered. The first computer is off
    // meanwhile, and takes the answer when it is on again; the second one is off then.
    answer(&second, &closed, &phrase).await.unwrap();
    second
        .until_async("handed", async || {
            matches!(second.preview(harbour).await, PreviewState::Coming { handed: true, .. })
        })
        .await;
    let code = code_of(&maya, harbour).await;
    let maya = {
        handed(&maya, harbour).await;
        maya.node.clone().stop().await;
        answer(&second, &code, &phrase).await.unwrap();
        second
            .until_async("handed", async || {
                matches!(second.preview(harbour).await, PreviewState::Coming { handed: true, .. })
            })
            .await;
        second.node.clone().stop().await;
        maya.restart().await
    };
    maya.until_async("answered", async || {
        let devices = devices(&maya, harbour).await;
        devices.devices.len() == 2 && devices.code.is_some_and(|code| code.state == CodeState::Answered)
    })
    .await;
    handed(&maya, harbour).await;
    let second = second.restart().await;
    is_in(&second, harbour).await;
    second.until_like(&maya, harbour).await;
    assert_eq!(second.tree(harbour).await.rows.len(), 2, "the organisers' too");
    // It is one of Maya's, and writes as she does; it can be removed by the first one, and not the other way.
    second.act(harbour, Command::create_task_for(ORGANISER, "By the second")).await;
    until_known(&maya, harbour, 3, 2).await;
    let view = devices(&second, harbour).await;
    assert!(view.has_recovery && view.code.is_none() && view.devices[1].mine && !view.devices[0].mine);
    let remove = |at: usize| Command::RemoveDevice { author: view.devices[at].author };
    let refused = second.ask(Request::Act { pursuance: harbour, command: remove(0) }).await;
    assert_eq!(refused, Err(Trouble::Refused { refusal: Refusal::NotSenior }));
    maya.act(harbour, remove(1)).await;
    out(&second, harbour).await;
    maya.task(harbour, "After it was removed", None).await;
    handed(&maya, harbour).await;
    // It is not let in again by what it has.
    let once_more = answer(&second, &code, &phrase).await;
    assert_eq!(once_more, Err(Trouble::AlreadyMember));
    assert_eq!(second.tree(harbour).await.rows.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stolen_computer_is_shut_out_whatever_it_signs() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let phrase = phrase_of(&maya, harbour).await;
    organisers_have_tasks(&maya, harbour).await;
    maya.task(harbour, "Known to all", None).await;
    let link = maya.invite(harbour, 3).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&link, "Ben").await;
    let thief = further(&berth, &maya, harbour, &phrase).await;
    until_known(&ben, harbour, 1, 2).await;

    // Whoever has it stays away for a while, and signs.
    thief.ask(Request::SetOffline { offline: true }).await.unwrap();
    thief.task(harbour, "By the thief", None).await;
    thief.act(harbour, Command::Invite { role: MEMBER, uses: 9, reviewed: false }).await;
    let ben_is = ben.people(harbour).await.members.into_iter().find(|member| member.person.name == "Ben").unwrap();
    let removes = Command::RemoveMember { member: ben_is.person.member, roles: vec![] };
    thief.act(harbour, removes).await;

    let other = recover(&maya, harbour, ANOTHER_PHRASE).await;
    assert_eq!(other, Err(Trouble::Refused { refusal: Refusal::OtherRecoveryKey }));
    let was = devices(&maya, harbour).await.devices[0].author;
    assert_eq!(recover(&maya, harbour, &phrase).await, Ok(Reply::Done));
    let now = devices(&maya, harbour).await;
    assert!(now.devices.len() == 1 && now.devices[0].mine && now.devices[0].author != was && now.has_recovery);
    maya.task(harbour, "After the theft", None).await;
    maya.act(harbour, Command::create_task_for(ORGANISER, "For organisers, after the theft")).await;
    until_known(&ben, harbour, 2, 1).await;
    // The link that Maya had made was on that computer too.
    let late = Sailor::aboard(&doors).await;
    let Ok(Reply::Pursuance { pursuance }) = late.ask(Request::OpenInvite { link }).await else { panic!("a link") };
    late.until_async("preview", async || matches!(late.preview(pursuance).await, PreviewState::Here { .. })).await;
    late.ask(Request::Join { pursuance, my_name: "Late".into() }).await.unwrap();

    thief.ask(Request::SetOffline { offline: false }).await.unwrap();
    out(&thief, harbour).await;
    let refused = Err(Trouble::Refused { refusal: Refusal::DeviceRemoved });
    let command = Command::create_task("Once more");
    assert_eq!(thief.ask(Request::Act { pursuance: harbour, command }).await, refused);
    // Everybody goes on, after a restart too.
    let maya = maya.restart().await;
    ben.task(harbour, "By Ben", None).await;
    until_known(&maya, harbour, 4, 1).await;
    until_known(&ben, harbour, 3, 1).await;
    assert_eq!(maya.people(harbour).await.members.len(), 2, "nobody was removed, and nobody came by a closed link");
    let known: Vec<String> = thief.tree(harbour).await.rows.into_iter().map(|row| row.title).collect();
    assert!(!known.iter().any(|title| title.contains("After") || title == "By Ben"), "{known:?}");
    assert!(row(&late.app().await, harbour).unwrap().standing != Standing::Member);
    for sailor in [&maya, &ben] {
        assert!(sailor.people(harbour).await.members.iter().all(|member| !member.two_histories));
    }
}

async fn back_up(sailor: &Sailor, path: &Path) {
    let request = Request::Backup { path: path.to_str().unwrap().into(), passphrase: PASSPHRASE.into() };
    sailor.ask(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_only_a_backup_and_the_phrase_comes_back_against_the_first_computer() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let thief = Sailor::aboard(&doors).await;
    let harbour = thief.found(Some(&berth.address)).await;
    let phrase = phrase_of(&thief, harbour).await;
    let ben = Sailor::aboard(&doors).await;
    ben.come_in(&thief.invite(harbour, 1).await, "Ben").await;
    let shelf = tempfile::tempdir().unwrap();
    let file = shelf.path().join("backup.age");
    back_up(&thief, &file).await;
    until_known(&ben, harbour, 0, 2).await;
    // Until here it was Maya's. The thief takes the backup's device out, and works on.
    let copy = devices(&thief, harbour).await.devices.into_iter().find(|device| !device.mine).unwrap().author;
    thief.act(harbour, Command::RemoveDevice { author: copy }).await;
    thief.task(harbour, "By the thief", None).await;
    until_known(&ben, harbour, 1, 1).await;

    let maya = Sailor::outside(&doors, std::sync::Arc::new(tempfile::tempdir().unwrap()), Clock::System);
    let request = Request::Restore {
        path: file.to_str().unwrap().into(),
        backup_passphrase: PASSPHRASE.into(),
        passphrase: PASSPHRASE.into(),
    };
    maya.ask(request).await.unwrap();
    out(&maya, harbour).await;
    assert_eq!(recover(&maya, harbour, &phrase).await, Ok(Reply::Done));
    out(&thief, harbour).await;
    maya.task(harbour, "By Maya", None).await;
    ben.until_async("hers, and not the thief's", async || {
        let titles: Vec<String> = ben.tree(harbour).await.rows.into_iter().map(|row| row.title).collect();
        titles == ["By Maya"]
    })
    .await;
    ben.task(harbour, "By Ben", None).await;
    until_known(&maya, harbour, 2, 1).await;
    let known: Vec<String> = thief.tree(harbour).await.rows.into_iter().map(|row| row.title).collect();
    assert!(!known.iter().any(|title| title == "By Maya" || title == "By Ben"), "{known:?}");
}
