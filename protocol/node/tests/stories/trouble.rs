//! Passphrases, files, folders, links and clocks that are not as they should be: each has its sentence, and none loses anything.

use pursuance_core::templates::Template;
use std::sync::Arc;

use pursuance_node::api::{ImportReason, Query, Request, Stage, StatusLine, Trouble, View};
use pursuance_node::{Clock, Node, NodeConfig, Pace, TorChoice};

use crate::harbour::{Berth, PASSPHRASE, Sailor, row};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vault_opens_to_its_passphrase_alone() {
    let maya = Sailor::outside(&[], Arc::new(tempfile::tempdir().unwrap()), Clock::System);
    assert_eq!(maya.app().await.stage, Stage::Fresh);
    assert_eq!(maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await, Err(Trouble::NoVault));
    let short = maya.ask(Request::CreateVault { passphrase: "short".into() }).await;
    assert_eq!(short, Err(Trouble::PassphraseTooShort { min_chars: 12 }));
    maya.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await.unwrap();
    let again = maya.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await;
    assert_eq!(again, Err(Trouble::VaultExists));
    let harbour = maya.found(None).await;
    maya.task(harbour, "Kept", None).await;

    maya.ask(Request::Lock).await.unwrap();
    assert_eq!(maya.app().await.stage, Stage::Locked);
    assert!(maya.app().await.pursuances.is_empty());
    assert_eq!(maya.node.view(Query::tree(harbour)).await, Err(Trouble::Locked));
    assert_eq!(maya.ask(Request::Undo { pursuance: harbour }).await, Err(Trouble::Locked));
    let wrong = maya.ask(Request::Unlock { passphrase: "a long enough mistake".into() }).await;
    assert_eq!(wrong, Err(Trouble::WrongPassphrase));
    maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    assert_eq!(maya.tree(harbour).await.rows[0].title, "Kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_passphrase_opens_and_the_old_one_does_not() {
    const NEW: &str = "quite another passphrase";
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    maya.task(harbour, "Kept", None).await;
    let vault = maya.dir.path().join("vault");
    let change =
        async |old: &str, new: &str| maya.ask(Request::ChangePassphrase { old: old.into(), new: new.into() }).await;
    let unlock = async |passphrase: &str| maya.ask(Request::Unlock { passphrase: passphrase.into() }).await;

    // What is refused leaves the file as it is.
    let before = std::fs::read(&vault).unwrap();
    assert_eq!(change("a long enough mistake", NEW).await, Err(Trouble::WrongPassphrase));
    assert_eq!(change(&"x".repeat(5_000), NEW).await, Err(Trouble::WrongPassphrase));
    assert_eq!(change(PASSPHRASE, "short").await, Err(Trouble::PassphraseTooShort { min_chars: 12 }));
    assert_eq!(change(PASSPHRASE, &"x".repeat(5_000)).await, Err(Trouble::Malformed));
    assert_eq!(std::fs::read(&vault).unwrap(), before);

    change(PASSPHRASE, NEW).await.unwrap();
    // It goes on as it was.
    maya.task(harbour, "After", None).await;
    maya.ask(Request::Lock).await.unwrap();
    assert_eq!(change(NEW, PASSPHRASE).await, Err(Trouble::Locked));
    assert_eq!(unlock(PASSPHRASE).await, Err(Trouble::WrongPassphrase));
    unlock(NEW).await.unwrap();
    assert_eq!(maya.tree(harbour).await.total, 2);

    // Another folder's vault in its place is not built on.
    let other = Sailor::aboard(&[]).await;
    let mine = std::fs::read(&vault).unwrap();
    std::fs::copy(other.dir.path().join("vault"), &vault).unwrap();
    assert_eq!(change(PASSPHRASE, NEW).await, Err(Trouble::Damaged));
    std::fs::write(&vault, &mine).unwrap();

    // Killed before the new file took the old one's place: what lies beside it is removed, and the old one opens.
    let half = vault.with_extension("half");
    maya.node.clone().stop().await;
    std::fs::write(&half, &before[..60]).unwrap();
    let again = Sailor::outside(&[], maya.dir.clone(), Clock::System);
    assert!(!half.exists());
    again.ask(Request::Unlock { passphrase: NEW.into() }).await.unwrap();
    assert_eq!(again.tree(harbour).await.total, 2);
    let back = Request::ChangePassphrase { old: NEW.into(), new: PASSPHRASE.into() };
    again.ask(back).await.unwrap();
    again.node.stop().await;
    let last = Sailor::outside(&[], maya.dir.clone(), Clock::System);
    last.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_and_newer_files_are_named_and_left_alone() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    maya.task(harbour, "Kept", None).await;
    maya.node.clone().stop().await;
    let (vault, store) = (maya.dir.path().join("vault"), maya.dir.path().join("store"));
    let (whole_vault, whole_store) = (std::fs::read(&vault).unwrap(), std::fs::read(&store).unwrap());
    let unlock = async || {
        let sailor = Sailor::outside(&[], maya.dir.clone(), Clock::System);
        let outcome = sailor.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await;
        assert_ne!(sailor.app().await.stage, Stage::Fresh);
        let created = sailor.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await;
        assert_eq!(created, Err(Trouble::VaultExists));
        sailor.node.stop().await;
        outcome
    };
    std::fs::write(&vault, &whole_vault[..50]).unwrap();
    assert_eq!(unlock().await, Err(Trouble::Damaged));
    std::fs::remove_file(&vault).unwrap();
    assert_eq!(unlock().await, Err(Trouble::Damaged));
    std::fs::write(&vault, &whole_vault).unwrap();

    // The first page: nothing can be read without it.
    let mut changed = whole_store.clone();
    changed[50] ^= 4;
    std::fs::write(&store, &changed).unwrap();
    assert_eq!(unlock().await, Err(Trouble::Damaged));
    assert_eq!(std::fs::read(&store).unwrap(), changed);
    std::fs::write(&store, &whole_store).unwrap();
    assert!(unlock().await.is_ok());
    let maya = maya.restart().await;
    assert_eq!(maya.tree(harbour).await.rows[0].title, "Kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_has_one_node() {
    let maya = Sailor::aboard(&[]).await;
    let config =
        NodeConfig { data_dir: maya.dir.path().into(), loopback: vec![], tor: TorChoice::Off, clock: Clock::System };
    assert_eq!(Node::start_with(config.clone(), Pace::hurried()).err(), Some(Trouble::InUse));
    maya.node.stop().await;
    let again = Node::start_with(config, Pace::hurried()).unwrap();
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_that_are_none_have_their_sentence() {
    let berth = Berth::open().await;
    let maya = Sailor::aboard(&[(berth.address, berth.at)]).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let link = maya.invite(harbour, 1).await;
    let ben = Sailor::aboard(&[]).await;
    let open = async |link: &str| ben.ask(Request::OpenInvite { link: link.into() }).await;
    assert_eq!(open(&link[..link.len() - 1]).await, Err(Trouble::LinkTruncated));
    assert_eq!(open(&link[..30]).await, Err(Trouble::LinkTruncated));
    assert_eq!(open("https://example.org/join").await, Err(Trouble::NotAnInvite));
    assert_eq!(open("").await, Err(Trouble::NotAnInvite));
    assert_eq!(maya.ask(Request::OpenInvite { link: link.clone() }).await, Err(Trouble::AlreadyMember));
    // Upper case and line breaks, as a QR code or a messenger makes them.
    assert!(open(&format!(" {}\n{} ", link[..40].to_uppercase(), &link[40..])).await.is_ok());
    // Without a way to the relay it stays open, and says so.
    ben.until("unreachable", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Unreachable { .. })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_that_are_none_are_refused() {
    let maya = Sailor::aboard(&[]).await;
    let refusal = pursuance_core::refusal::Refusal::NotARelayAddress;
    for relay in ["127.0.0.1:8080", "http://relay.example.org", "localhost", "example.onion/x"] {
        let request = Request::StartPursuance {
            name: "x".into(),
            mission: String::new(),
            my_name: "y".into(),
            relay: Some(relay.into()),
            template: Template::Plain,
        };
        assert_eq!(maya.ask(request).await, Err(Trouble::Refused { refusal: refusal.clone() }), "{relay}");
    }
    assert!(maya.app().await.pursuances.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_a_day_off_is_told_and_changes_nothing() {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let link = maya.invite(harbour, 2).await;
    maya.until("fine", |app| {
        app.clock_off_seconds.is_none() && matches!(row(app, harbour).unwrap().status, StatusLine::Fine { .. })
    })
    .await;
    for seconds in [86_400, -86_400] {
        let ben = Sailor::outside(&doors, Arc::new(tempfile::tempdir().unwrap()), Clock::Offset { seconds });
        ben.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await.unwrap();
        ben.come_in(&link, &format!("Ben {seconds}")).await;
        ben.until("told", |app| app.clock_off_seconds.is_some_and(|off| (off - seconds).abs() < 120)).await;
        ben.task(harbour, "From another day", None).await;
        maya.until_like(&ben, harbour).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_list_is_shown_and_not_taken() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = maya.found(None).await;
    let csv = "title,status\ngood,open\nbad,someday\n".to_owned();
    let Ok(View::ImportPreview(preview)) = maya
        .node
        .view(Query::ImportPreview { pursuance: harbour, file: String::new(), text: csv.clone(), fields: None })
        .await
    else {
        panic!("a preview");
    };
    assert_eq!(
        (preview.tasks, preview.problems.len(), preview.problems[0].reason),
        (1, 1, ImportReason::UnknownStatus)
    );
    let refused = maya.ask(Request::Import { pursuance: harbour, file: String::new(), text: csv, fields: None }).await;
    assert_eq!(refused, Err(Trouble::ImportProblems { problems: 1 }));
    assert!(maya.tree(harbour).await.rows.is_empty());
}
