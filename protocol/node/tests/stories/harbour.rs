//! Where the stories happen: a relay on loopback, nodes in temporary folders, waiting without sleeping.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pursuance_core::command::Command;
use pursuance_core::id::{PursuanceId, TaskId};
use pursuance_core::rule::{Conditions, Object};
use pursuance_core::templates::Template;
use pursuance_core::view::{PeopleView, TaskView, TreeView};
use pursuance_node::api::{
    AppView, InviteRow, PreviewState, PursuanceRow, Query, RelayView, Reply, Request, Standing, Trouble, View,
};
use pursuance_node::{Clock, Node, NodeConfig, Pace, RelayAddress, TorChoice};
use pursuance_relay::{Relay, RelayConfig};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub const PASSPHRASE: &str = "a long enough passphrase";

/// Longest that anything in a story may take.
const STEP_SECONDS: u64 = 60;

/// A relay that can be killed and started again at the same place.
pub struct Berth {
    pub dir: TempDir,
    pub address: RelayAddress,
    pub at: SocketAddr,
    running: Option<(Arc<Relay>, JoinHandle<()>)>,
}

impl Berth {
    pub async fn open() -> Self {
        Self::open_as(|config| config).await
    }

    /// A relay that is set up otherwise, until it is closed.
    pub async fn open_as(otherwise: impl FnOnce(RelayConfig) -> RelayConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let relay = Arc::new(Relay::open(&otherwise(config(dir.path()))).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let serving = tokio::spawn(relay.serve(listener));
        Self { address: relay.address(), dir, at, running: Some((relay, serving)) }
    }

    pub async fn close(&mut self) {
        let Some((relay, serving)) = self.running.take() else { return };
        relay.stop();
        serving.await.unwrap();
        let relay = Arc::into_inner(relay).expect("nobody else holds it");
        tokio::task::spawn_blocking(move || relay.close()).await.unwrap();
    }

    pub async fn reopen(&mut self) {
        let relay = Arc::new(Relay::open(&config(self.dir.path())).unwrap());
        let listener = TcpListener::bind(self.at).await.unwrap();
        let serving = tokio::spawn(relay.serve(listener));
        self.running = Some((relay, serving));
    }
}

fn config(dir: &Path) -> RelayConfig {
    RelayConfig { slot_seconds: Some(1), ..RelayConfig::new(dir) }
}

/// A relay, Maya's pursuance on it, and Ben, who came by her link.
pub async fn with_ben() -> (Berth, Sailor, PursuanceId, Sailor) {
    let (berth, maya, harbour, [ben]) = with(["Ben"]).await;
    (berth, maya, harbour, ben)
}

/// The same with Kim.
pub async fn with_ben_and_kim() -> (Berth, Sailor, PursuanceId, Sailor, Sailor) {
    let (berth, maya, harbour, [ben, kim]) = with(["Ben", "Kim"]).await;
    (berth, maya, harbour, ben, kim)
}

/// Whom Maya has let in, one after another; she knows of all of them.
async fn with<const N: usize>(names: [&str; N]) -> (Berth, Sailor, PursuanceId, [Sailor; N]) {
    let berth = Berth::open().await;
    let doors = [(berth.address, berth.at)];
    let maya = Sailor::aboard(&doors).await;
    let harbour = maya.found(Some(&berth.address)).await;
    let link = maya.invite(harbour, u16::try_from(N).expect("a few")).await;
    let mut others = Vec::new();
    for name in names {
        let sailor = Sailor::aboard(&doors).await;
        sailor.come_in(&link, name).await;
        others.push(sailor);
    }
    maya.until_async("all are in", async || maya.people(harbour).await.members.len() == 1 + N).await;
    (berth, maya, harbour, others.try_into().unwrap_or_else(|_| unreachable!("one for each name")))
}

/// A person at a computer.
pub struct Sailor {
    pub dir: Arc<TempDir>,
    pub node: Node,
    pub loopback: Vec<(RelayAddress, SocketAddr)>,
}

impl Sailor {
    /// A fresh computer that knows where the relays' loopback doors are, with an open vault.
    pub async fn aboard(loopback: &[(RelayAddress, SocketAddr)]) -> Self {
        let sailor = Self::outside(loopback, Arc::new(tempfile::tempdir().unwrap()), Clock::System);
        sailor.ask(Request::CreateVault { passphrase: PASSPHRASE.into() }).await.unwrap();
        sailor
    }

    /// A node in front of whatever is in the folder.
    pub fn outside(loopback: &[(RelayAddress, SocketAddr)], dir: Arc<TempDir>, clock: Clock) -> Self {
        let config =
            NodeConfig { data_dir: dir.path().into(), loopback: loopback.to_vec(), tor: TorChoice::Off, clock };
        let node = Node::start_with(config, Pace::hurried()).unwrap();
        Self { dir, node, loopback: loopback.to_vec() }
    }

    /// The program ends and starts again.
    pub async fn restart(self) -> Self {
        let Self { dir, node, loopback } = self;
        node.stop().await;
        let sailor = Self::outside(&loopback, dir, Clock::System);
        sailor.ask(Request::Unlock { passphrase: PASSPHRASE.into() }).await.unwrap();
        sailor
    }

    pub async fn ask(&self, request: Request) -> Result<Reply, Trouble> {
        timeout(Duration::from_secs(STEP_SECONDS), self.node.request(request)).await.expect("in time")
    }

    pub async fn act(&self, pursuance: PursuanceId, command: Command) -> Reply {
        self.ask(Request::Act { pursuance, command }).await.unwrap()
    }

    pub async fn found(&self, relay: Option<&RelayAddress>) -> PursuanceId {
        let request = Request::StartPursuance {
            name: "Harbour watch".into(),
            mission: "Know what is built there".into(),
            my_name: "Maya".into(),
            relay: relay.map(ToString::to_string),
            template: Template::Plain,
        };
        match self.ask(request).await {
            Ok(Reply::Pursuance { pursuance }) => pursuance,
            other => panic!("{other:?}"),
        }
    }

    pub async fn task(&self, pursuance: PursuanceId, title: &str, parent: Option<TaskId>) -> TaskId {
        let command = Command::CreateTask {
            title: title.into(),
            parent,
            assignees: vec![],
            labels: vec![],
            due: None,
            priority: 0,
            home: None,
        };
        match self.act(pursuance, command).await {
            Reply::Task { task } => task,
            other => panic!("{other:?}"),
        }
    }

    pub async fn invite(&self, pursuance: PursuanceId, uses: u16) -> String {
        let role = pursuance_core::founding::MEMBER;
        match self.act(pursuance, Command::Invite { role, uses, reviewed: false }).await {
            Reply::Invite { link } => link,
            other => panic!("{other:?}"),
        }
    }

    /// Opens an invite, waits for its preview, joins, and waits to be welcomed.
    pub async fn come_in(&self, link: &str, name: &str) -> PursuanceId {
        let pursuance = self.accept(link, name).await;
        self.until("welcomed", |app| row(app, pursuance).is_some_and(|row| row.standing == Standing::Member)).await;
        pursuance
    }

    /// Opens an invite, waits for its preview, joins.
    pub async fn accept(&self, link: &str, name: &str) -> PursuanceId {
        let Ok(Reply::Pursuance { pursuance }) = self.ask(Request::OpenInvite { link: link.into() }).await else {
            panic!("not an invite");
        };
        self.until_async("preview", async || matches!(self.preview(pursuance).await, PreviewState::Here { .. })).await;
        self.ask(Request::Join { pursuance, my_name: name.into() }).await.unwrap();
        pursuance
    }

    pub async fn app(&self) -> AppView {
        match self.node.view(Query::App).await {
            Ok(View::App(app)) => app,
            other => panic!("{other:?}"),
        }
    }

    pub async fn tree(&self, pursuance: PursuanceId) -> TreeView {
        self.whole_tree(pursuance).await.expect("a tree")
    }

    /// The tree of all its pages, dropped tasks too.
    async fn whole_tree(&self, pursuance: PursuanceId) -> Option<TreeView> {
        let mut whole: Option<TreeView> = None;
        loop {
            let first = whole.as_ref().map_or(0, |tree| u32::try_from(tree.rows.len()).unwrap());
            let page = Query::Tree {
                pursuance,
                first,
                folded: Vec::new(),
                filter: String::new(),
                dropped: true,
                around: None,
            };
            let Ok(View::Tree(page)) = self.node.view(page).await else { return None };
            let last = page.rows.is_empty();
            match &mut whole {
                Some(tree) => tree.rows.extend(page.rows),
                None => whole = Some(page),
            }
            if last {
                return whole;
            }
        }
    }

    pub async fn task_view(&self, pursuance: PursuanceId, task: TaskId) -> Option<TaskView> {
        match self.node.view(Query::Task { pursuance, task }).await {
            Ok(View::Task(view)) => Some(view),
            _ => None,
        }
    }

    pub async fn people(&self, pursuance: PursuanceId) -> PeopleView {
        match self.node.view(Query::People { pursuance }).await {
            Ok(View::People(people)) => people,
            other => panic!("{other:?}"),
        }
    }

    pub async fn preview(&self, pursuance: PursuanceId) -> PreviewState {
        match self.node.view(Query::Preview { pursuance }).await {
            Ok(View::Preview(preview)) => preview,
            other => panic!("{other:?}"),
        }
    }

    pub async fn invites(&self, pursuance: PursuanceId) -> Vec<InviteRow> {
        match self.node.view(Query::Invites { pursuance }).await {
            Ok(View::Invites(invites)) => invites,
            other => panic!("{other:?}"),
        }
    }

    pub async fn relays(&self, pursuance: PursuanceId) -> Vec<RelayView> {
        match self.node.view(Query::Relays { pursuance }).await {
            Ok(View::Relays(relays)) => relays,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until the frame says so.
    pub async fn until(&self, what: &str, is_so: impl Fn(&AppView) -> bool) {
        self.until_async(what, async || is_so(&self.app().await)).await;
    }

    /// Waits until something seen says so; looks again whenever anything has changed.
    pub async fn until_async(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let mut seq = self.node.watch();
        let waiting = async {
            loop {
                seq.mark_unchanged();
                if is_so().await {
                    return;
                }
                // Some of what is waited for changes with time alone.
                let _ = timeout(Duration::from_millis(500), seq.changed()).await;
            }
        };
        if timeout(Duration::from_secs(STEP_SECONDS), waiting).await.is_err() {
            panic!("waited in vain: {what}; {:?}", self.app().await);
        }
    }

    /// Waits until this person sees what another sees, except for what is said about oneself.
    pub async fn until_like(&self, other: &Self, pursuance: PursuanceId) {
        self.until_async("the same tree", async || {
            let (mine, theirs) = (self.told(pursuance).await, other.told(pursuance).await);
            mine.is_some() && mine == theirs
        })
        .await;
    }

    /// Everything that two people must see alike, as text.
    pub async fn told(&self, pursuance: PursuanceId) -> Option<String> {
        let tree = self.whole_tree(pursuance).await?;
        let mut told = format!("{} {} {} {}\n", tree.name, tree.mission, tree.done, tree.total);
        for row in tree.rows {
            let view = self.task_view(pursuance, row.task).await?;
            let thread: Vec<String> =
                view.thread.iter().map(|said| format!("{}: {}", said.by.name, said.text)).collect();
            told += &format!(
                "{:?} {:?} {} {} {:?} {:?} {:?} {:?} {} {thread:?}\n",
                row.task,
                row.parent,
                row.depth,
                row.title,
                row.status,
                row.claim.map(|person| person.name),
                row.owner_text,
                row.labels,
                view.body,
            );
        }
        for member in self.people(pursuance).await.members {
            told += &format!("{}\n", member.person.name);
        }
        Some(told)
    }
}

pub fn row(app: &AppView, pursuance: PursuanceId) -> Option<&PursuanceRow> {
    app.pursuances.iter().find(|row| row.pursuance == pursuance)
}

/// Rules that no story changes; named so that a change of the starting rules is noticed here.
pub fn everyone_may_see(people: &PeopleView) -> bool {
    let rule = &people.rules[0];
    rule.conditions == Conditions::ALWAYS && matches!(rule.object, Object::Role(role) if role.0 == 0)
}
