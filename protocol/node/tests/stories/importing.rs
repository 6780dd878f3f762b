//! Lists come in and go out: watched, stopped, taken whole, and the same again elsewhere.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures::join;
use pursuance_core::command::Command;
use pursuance_core::id::PursuanceId;
use pursuance_core::task::Status;
use pursuance_core::templates::Template;
use pursuance_node::Clock;
use pursuance_node::api::{
    ExportFormat, ImportField, ImportReason, ImportState, Query, Reply, Request, StatusLine, Trouble, View,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harbour::{Berth, PASSPHRASE, Sailor, row};

/// Entries of such an import are many more than the messages that a story sends meanwhile.
const MANY: u32 = 4_000;

fn list(tasks: u32) -> String {
    let rows =
        (1..=tasks).map(|n| format!("{n},Task {n},{}\n", if n % 5 == 1 { String::new() } else { (n - 1).to_string() }));
    std::iter::once("id,title,parent\n".to_owned()).chain(rows).collect()
}

fn import(pursuance: PursuanceId, csv: &str) -> Request {
    Request::Import { pursuance, file: "list.csv".into(), text: csv.into(), fields: None }
}

async fn found(sailor: &Sailor, name: &str) -> PursuanceId {
    let (name, mission, my_name) = (name.into(), String::new(), "Maya".into());
    match sailor.ask(Request::StartPursuance { name, mission, my_name, relay: None, template: Template::Plain }).await {
        Ok(Reply::Pursuance { pursuance }) => pursuance,
        other => panic!("{other:?}"),
    }
}

async fn export(sailor: &Sailor, pursuance: PursuanceId, path: &Path) -> Result<Reply, Trouble> {
    sailor.ask(Request::Export { pursuance, format: ExportFormat::Csv, path: path.display().to_string() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_watched_stopped_and_leaves_nothing() {
    let maya = Sailor::aboard(&[]).await;
    let (harbour, garden) = (found(&maya, "Harbour").await, found(&maya, "Garden").await);
    let kept = row(&maya.app().await, harbour).unwrap().status.clone();
    let list = list(MANY);
    let create = |title: &str| Command::create_task(title);
    // All of this is in the queue before the import is far.
    let (imported, seen, refused, undone, second, elsewhere, cancelled) = join!(
        maya.ask(import(harbour, &list)),
        maya.app(),
        maya.ask(Request::Act { pursuance: harbour, command: create("Beside") }),
        maya.ask(Request::Undo { pursuance: harbour }),
        maya.ask(import(garden, &list)),
        maya.ask(Request::Act { pursuance: garden, command: create("Elsewhere") }),
        maya.ask(Request::CancelImport),
    );
    assert_eq!(imported, Err(Trouble::ImportCancelled));
    let ImportState { pursuance, done, of } = seen.import.expect("it was on its way");
    assert!(pursuance == harbour && done < of && of == MANY, "{done} of {of}");
    assert_eq!([refused, undone, second], [(); 3].map(|()| Err(Trouble::ImportRunning)));
    assert!(matches!(elsewhere, Ok(Reply::Task { .. })), "another pursuance is not held up: {elsewhere:?}");
    assert_eq!(cancelled, Ok(Reply::Done));
    assert_eq!(maya.ask(Request::CancelImport).await, Ok(Reply::Done), "there is nothing to stop, and nothing wrong");

    let maya = maya.restart().await;
    let app = maya.app().await;
    assert_eq!((app.import, &row(&app, harbour).unwrap().status), (None, &kept));
    assert_eq!(maya.tree(harbour).await.total, 0);

    // The next one is taken whole.
    let seq = app.seq;
    assert_eq!(maya.ask(import(harbour, &list)).await, Ok(Reply::Imported { tasks: MANY }));
    assert_eq!(maya.tree(harbour).await.total, MANY);
    let app = maya.app().await;
    assert!(app.import.is_none() && app.seq > seq);
    let StatusLine::NoRelay { kept } = row(&app, harbour).unwrap().status else { panic!("{app:?}") };
    assert!(kept > MANY / 64, "in many entries: {kept}");
    maya.act(harbour, create("Afterwards")).await;
    let maya = maya.restart().await;
    assert_eq!(maya.tree(harbour).await.total, MANY + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locking_and_stopping_cancel_an_import() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = found(&maya, "Harbour").await;
    let list = list(MANY);
    let (imported, locked) = join!(maya.ask(import(harbour, &list)), maya.ask(Request::Lock));
    assert_eq!((imported, locked), (Err(Trouble::ImportCancelled), Ok(Reply::Done)));
    assert_eq!(maya.ask(import(harbour, &list)).await, Err(Trouble::Locked));
    maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    assert_eq!(maya.tree(harbour).await.total, 0);

    let (imported, ()) = join!(maya.ask(import(harbour, &list)), maya.node.clone().stop());
    assert_eq!(imported, Err(Trouble::ImportCancelled));
    let dir: Arc<_> = maya.dir.clone();
    drop(maya);
    let maya = Sailor::outside(&[], dir, Clock::System);
    maya.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
    assert_eq!(maya.tree(harbour).await.total, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_are_chosen() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = found(&maya, "Harbour").await;
    let csv = "what;who;when;how\nSurvey the quay;w01;2026-12-31;h\n";
    let preview = async |fields: Option<Vec<Option<ImportField>>>| match maya
        .node
        .view(Query::ImportPreview { pursuance: harbour, file: String::new(), text: csv.into(), fields })
        .await
    {
        Ok(View::ImportPreview(preview)) => preview,
        other => panic!("{other:?}"),
    };
    assert_eq!(preview(None).await.problems[0].reason, ImportReason::NoTitleColumn);
    let (title, owner) = (Some(ImportField::Title), Some(ImportField::Owner));
    let twice = preview(Some(vec![title, title, None, None])).await;
    assert_eq!((twice.problems[0].line, twice.problems[0].reason), (1, ImportReason::FieldTwice));
    let fields = vec![title, owner, Some(ImportField::Due), Some(ImportField::Priority)];
    let good = preview(Some(fields.clone())).await;
    assert_eq!((good.tasks, good.problems.len(), good.rows[0].owner.as_deref()), (1, 0, Some("w01")));
    assert_eq!(good.columns.iter().map(|column| column.field).collect::<Vec<_>>(), fields);

    let refused = maya.ask(import(harbour, csv)).await;
    assert_eq!(refused, Err(Trouble::ImportProblems { problems: 1 }));
    let request = Request::Import { pursuance: harbour, file: String::new(), text: csv.into(), fields: Some(fields) };
    assert_eq!(maya.ask(request).await, Ok(Reply::Imported { tasks: 1 }));
    let row = &maya.tree(harbour).await.rows[0];
    assert_eq!((row.title.as_str(), row.due.as_deref(), row.priority), ("Survey the quay", Some("2026-12-31"), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_exported_comes_back_as_it_was() {
    let maya = Sailor::aboard(&[]).await;
    let (harbour, again) = (found(&maya, "Harbour").await, found(&maya, "Again").await);
    let csv = "id,title,status,owner,started,finished,labels,parent,body,due,priority\n\
               1,'=SUM(A1),open,w01,2017-05-28,,\"quay;with \\; inside\",,\"Says \"\"so\"\"\nand more\",2026-12-31,urgent\n\
               2,Bring a lens,done,,,2017-06-01,,1,,,\n\
               3,Never mind,dropped,,,,,2,,,low\n";
    assert_eq!(maya.ask(import(harbour, csv)).await, Ok(Reply::Imported { tasks: 3 }));
    // And what people did in the window since.
    let sum = maya.tree(harbour).await.rows[0].task;
    let mine = maya.task(harbour, "-1 for this", Some(sum)).await;
    maya.act(harbour, Command::Claim { task: mine }).await;
    let me = maya.people(harbour).await.members[0].person.member;
    maya.act(harbour, Command::Assign { task: mine, member: me }).await;
    maya.act(harbour, Command::AddLabel { task: mine, label: "a;b\\".into() }).await;
    maya.act(harbour, Command::SetDue { task: mine, due: Some("2027-01-01".into()) }).await;
    maya.act(harbour, Command::SetPriority { task: mine, priority: 3 }).await;
    maya.act(harbour, Command::SetStatus { task: mine, status: Status::Review }).await;

    let out = tempfile::tempdir().unwrap();
    let (first, second) = (out.path().join("harbour.csv"), out.path().join("again.csv"));
    let Ok(Reply::Written { path, bytes }) = export(&maya, harbour, &first).await else { panic!("not written") };
    let text = std::fs::read_to_string(&first).unwrap();
    assert_eq!((Path::new(&path), bytes), (first.as_path(), text.len() as u64));
    assert_eq!(maya.ask(import(again, &text)).await, Ok(Reply::Imported { tasks: 4 }));
    export(&maya, again, &second).await.unwrap();
    let (was, is) = (cells(&text), cells(&std::fs::read_to_string(&second).unwrap()));
    assert_eq!(was.len(), 4);
    assert_eq!(was[3]["claimed by"], "Maya");
    assert_eq!(was, is);
}

/// The rows of a file, each by its headers.
fn cells(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_never_writes_over_anything() {
    let maya = Sailor::aboard(&[]).await;
    let harbour = found(&maya, "Harbour").await;
    maya.task(harbour, "One", None).await;
    let out = tempfile::tempdir().unwrap();
    let there = out.path().join("there.csv");
    std::fs::write(&there, "another's").unwrap();
    assert_eq!(export(&maya, harbour, &there).await, Err(Trouble::FileExists));
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "another's");
    assert_eq!(export(&maya, harbour, &out.path().join("no/such.csv")).await, Err(Trouble::NoSuchFolder));
    assert_eq!(export(&maya, harbour, Path::new("~/list.csv")).await, Err(Trouble::NoSuchFolder));
    assert_eq!(export(&maya, harbour, &maya.dir.path().join("list.csv")).await, Err(Trouble::NoSuchFolder));
    let nobodys = PursuanceId([9; 32]);
    assert_eq!(export(&maya, nobodys, &out.path().join("x.csv")).await, Err(Trouble::NoSuchPursuance));
    assert_eq!(out.path().read_dir().unwrap().count(), 1);
    assert!(Path::new(&maya.app().await.save_folder).is_absolute());
}

/// A way to a relay that can be closed after so many bytes, as a line that breaks down in the middle of something.
struct Way {
    at: SocketAddr,
    bytes_left: Arc<AtomicI64>,
}

impl Way {
    async fn to(relay: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let bytes_left = Arc::new(AtomicI64::new(i64::MAX));
        let left = bytes_left.clone();
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let left = left.clone();
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(relay).await else { return };
                    let ((mut from_near, mut to_near), (mut from_far, mut to_far)) =
                        (near.into_split(), far.into_split());
                    let back = tokio::spawn(async move { tokio::io::copy(&mut from_far, &mut to_near).await });
                    let mut bytes = [0; 2_048];
                    while let Ok(read @ 1..) = from_near.read(&mut bytes).await {
                        let read_bytes = i64::try_from(read).expect("2,048 at most");
                        if left.fetch_sub(read_bytes, Ordering::SeqCst) < read_bytes
                            || to_far.write_all(&bytes[..read]).await.is_err()
                        {
                            break;
                        }
                    }
                    back.abort();
                });
            }
        });
        Self { at, bytes_left }
    }

    fn closes_after(&self, bytes: i64) {
        self.bytes_left.store(bytes, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sees_a_part_of_an_import_is_told_how_much() {
    const TASKS: u32 = 1_500;
    let berth = Berth::open().await;
    let way = Way::to(berth.at).await;
    let maya = Sailor::aboard(&[(berth.address, way.at)]).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let ben = Sailor::aboard(&[(berth.address, berth.at)]).await;
    ben.come_in(&maya.invite(harbour, 1).await, "Ben").await;
    maya.until("all is handed", |app| matches!(row(app, harbour).unwrap().status, StatusLine::Fine { kept: 0, .. }))
        .await;

    // A third of it goes out, then the line is dead.
    way.closes_after(120_000);
    assert_eq!(maya.ask(import(harbour, &list(TASKS))).await, Ok(Reply::Imported { tasks: TASKS }));
    assert_eq!(maya.tree(harbour).await.arriving, [], "here all of it is");
    ben.until_async("a part of it", async || !ben.tree(harbour).await.arriving.is_empty()).await;
    let tree = ben.tree(harbour).await;
    let part = &tree.arriving[0];
    assert_eq!((tree.arriving.len(), part.by.name.as_str(), part.of), (1, "Maya", TASKS));
    assert!((1..TASKS).contains(&part.arrived) && part.arrived == tree.total, "{part:?}, {} in the tree", tree.total);
    // It is still so after a restart.
    let ben = ben.restart().await;
    let again = ben.tree(harbour).await;
    assert!(again.arriving[0].of == TASKS && again.arriving[0].arrived == again.total && again.total < TASKS);

    way.closes_after(i64::MAX);
    ben.until_async("all of it", async || ben.tree(harbour).await.total == TASKS).await;
    assert_eq!(ben.tree(harbour).await.arriving, []);
}
