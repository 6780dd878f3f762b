//! The demo: two people already in one pursuance with sample tasks, through a relay on this computer
//! (docs/user-guide.md, "Looking around").
//!
//! Everything is made as people make it, through the node's door; nothing is written past it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pursuance_core::command::Command;
use pursuance_core::id::{PursuanceId, RoleId, TaskId};
use pursuance_core::task::Status;
use pursuance_core::templates::Template;
use pursuance_node::api::{PreviewState, Query, Reply, Request, Standing, StatusLine, Trouble, View};
use pursuance_node::{Clock, Node, NodeConfig, Pace, RelayAddress, TorChoice};
use pursuance_relay::{Relay, RelayConfig, RelayError};
use tokio::net::TcpListener;

/// Opens both sample data folders.
pub const PASSPHRASE: &str = "sample data only";

/// Short, so that what one window does is soon seen in the other.
const SLOT_SECONDS: u32 = 1;
/// How long each step of the preparation may take.
const STEP_SECONDS: u64 = 60;
const POLL_MILLIS: u64 = 50;

/// Title, depth below the mission, labels.
const TASKS: [(&str, u16, &[&str]); 12] = [
    ("Find a place to meet", 0, &[]),
    ("Ask the library about its back room", 1, &["phone"]),
    ("Ask the allotment club", 1, &["phone"]),
    ("Repair the cargo bicycles", 0, &[]),
    ("List what each bicycle lacks", 1, &["workshop"]),
    ("Order brake pads", 1, &["workshop", "money"]),
    ("Teach two people to true wheels", 1, &["workshop"]),
    ("Tell the neighbourhood", 0, &[]),
    ("Draw a poster", 1, &["words"]),
    ("Translate the poster into Arabic and Polish", 1, &["words"]),
    ("Hang posters where people wait", 1, &["field"]),
    ("Write down what worked", 0, &["words"]),
];

/// What the two windows are started with.
pub struct Demo {
    relay: Relay,
    address: RelayAddress,
    at: SocketAddr,
    folders: [PathBuf; 2],
}

/// Why the demo could not be prepared.
#[derive(Debug)]
pub enum DemoError {
    /// The relay did not start.
    Relay(RelayError),
    /// No port of this computer could be opened.
    Listen(io::Error),
    /// A node refused a step.
    Refused(&'static str, Trouble),
    /// A step took too long.
    TooSlow(&'static str),
}

impl std::fmt::Display for DemoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Relay(error) => write!(f, "the relay did not start: {error}"),
            Self::Listen(error) => write!(f, "no port could be opened: {error}"),
            Self::Refused(step, trouble) => write!(f, "{step}: {trouble}"),
            Self::TooSlow(step) => write!(f, "{step}: took more than {STEP_SECONDS} s"),
        }
    }
}

impl std::error::Error for DemoError {}

impl From<RelayError> for DemoError {
    fn from(error: RelayError) -> Self {
        Self::Relay(error)
    }
}

impl Demo {
    /// Starts the relay and makes both data folders below `dir`.
    ///
    /// # Errors
    /// One of [`DemoError`]; what was made so far stays in `dir`.
    pub async fn prepare(dir: &Path) -> Result<Self, DemoError> {
        let config = RelayConfig { slot_seconds: Some(SLOT_SECONDS), ..RelayConfig::new(dir.join("relay")) };
        let relay = Relay::open(&config)?;
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(DemoError::Listen)?;
        let at = listener.local_addr().map_err(DemoError::Listen)?;
        tokio::spawn(relay.serve(listener));
        let demo = Self { address: relay.address(), relay, at, folders: [dir.join("ada"), dir.join("ben")] };
        demo.fill().await?;
        Ok(demo)
    }

    /// The options with which the person's window is to be started.
    #[must_use]
    pub fn options(&self, person: usize) -> Vec<String> {
        let folder = self.folders[person].display().to_string();
        vec!["--data".into(), folder, "--no-tor".into(), "--loopback".into(), format!("{}={}", self.address, self.at)]
    }

    /// Both people's data folders.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf; 2] {
        &self.folders
    }

    /// Stops the relay.
    pub fn close(self) {
        self.relay.close();
    }

    async fn fill(&self) -> Result<(), DemoError> {
        let (ada, ben) = (Person::start(self, 0)?, Person::start(self, 1)?);
        let pursuance = ada.found(self.address.to_string()).await?;
        let tasks = ada.make_tasks(pursuance).await?;
        ada.act(
            pursuance,
            Command::SetBody { task: tasks[1], body: "Thursdays after six would suit most of us.".into() },
        )
        .await?;
        let link = ada.invite(pursuance).await?;
        ben.join(pursuance, link).await?;
        for task in [tasks[1], tasks[4]] {
            ben.act(pursuance, Command::Claim { task }).await?;
        }
        let text = "They have the room free every second Thursday. Shall I take it?".to_owned();
        ben.act(pursuance, Command::Comment { task: tasks[1], text }).await?;
        ben.act(pursuance, Command::SetStatus { task: tasks[4], status: Status::Done }).await?;
        ada.act(pursuance, Command::Claim { task: tasks[8] }).await?;
        for person in [&ada, &ben] {
            person.until("handing over", async || person.has_handed_over(pursuance).await).await?;
        }
        ada.until("reading what Ben wrote", async || {
            let View::Task(task) = ada.look(Query::Task { pursuance, task: tasks[1] }).await? else { return Ok(None) };
            Ok((!task.thread.is_empty()).then_some(()))
        })
        .await?;
        ada.0.stop().await;
        ben.0.stop().await;
        Ok(())
    }
}

struct Person(Node);

impl Person {
    fn start(demo: &Demo, person: usize) -> Result<Self, DemoError> {
        let config = NodeConfig {
            data_dir: demo.folders[person].clone(),
            loopback: vec![(demo.address, demo.at)],
            tor: TorChoice::Off,
            clock: Clock::System,
        };
        // The passphrase is shown to everybody; a vault that costs little keeps the demo quick.
        Ok(Self(Node::start_with(config, Pace::hurried()).map_err(|trouble| DemoError::Refused("starting", trouble))?))
    }

    async fn ask(&self, step: &'static str, request: Request) -> Result<Reply, DemoError> {
        self.0.request(request).await.map_err(|trouble| DemoError::Refused(step, trouble))
    }

    async fn look(&self, query: Query) -> Result<View, DemoError> {
        self.0.view(query).await.map_err(|trouble| DemoError::Refused("looking", trouble))
    }

    async fn act(&self, pursuance: PursuanceId, command: Command) -> Result<Reply, DemoError> {
        self.ask("acting", Request::Act { pursuance, command }).await
    }

    async fn found(&self, relay: String) -> Result<PursuanceId, DemoError> {
        self.ask("making a vault", Request::CreateVault { passphrase: PASSPHRASE.into() }).await?;
        let request = Request::StartPursuance {
            name: "Bicycles for everyone".into(),
            mission: "Fifty repaired bicycles for people who need one, by the end of summer".into(),
            my_name: "Ada".into(),
            relay: Some(relay),
            template: Template::Plain,
        };
        match self.ask("starting a pursuance", request).await? {
            Reply::Pursuance { pursuance } => Ok(pursuance),
            _ => Err(DemoError::Refused("starting a pursuance", Trouble::Malformed)),
        }
    }

    async fn make_tasks(&self, pursuance: PursuanceId) -> Result<Vec<TaskId>, DemoError> {
        let (mut made, mut parent) = (Vec::new(), None);
        for (title, depth, labels) in TASKS {
            let command = Command::CreateTask {
                title: title.into(),
                parent: parent.filter(|_| depth > 0),
                assignees: Vec::new(),
                labels: labels.iter().map(|&label| label.into()).collect(),
                due: None,
                priority: 0,
                home: None,
            };
            let Reply::Task { task } = self.act(pursuance, command).await? else {
                return Err(DemoError::Refused("creating a task", Trouble::Malformed));
            };
            if depth == 0 {
                parent = Some(task);
            }
            made.push(task);
        }
        Ok(made)
    }

    async fn invite(&self, pursuance: PursuanceId) -> Result<String, DemoError> {
        let role = match self.look(Query::People { pursuance }).await? {
            View::People(people) => people.roles.iter().max_by_key(|role| role.rank).map(|role| role.id),
            _ => None,
        };
        let command = Command::Invite { role: role.unwrap_or(RoleId(1)), uses: 5, reviewed: false };
        let Reply::Invite { link } = self.act(pursuance, command).await? else {
            return Err(DemoError::Refused("inviting", Trouble::Malformed));
        };
        self.until("handing over the invite", async || match self.look(Query::Invites { pursuance }).await? {
            View::Invites(invites) if invites.iter().any(|invite| invite.handed) => Ok(Some(())),
            _ => Ok(None),
        })
        .await?;
        Ok(link)
    }

    async fn join(&self, pursuance: PursuanceId, link: String) -> Result<(), DemoError> {
        self.ask("making a vault", Request::CreateVault { passphrase: PASSPHRASE.into() }).await?;
        self.ask("opening the invite", Request::OpenInvite { link }).await?;
        self.until("previewing", async || match self.look(Query::Preview { pursuance }).await? {
            View::Preview(PreviewState::Here { .. }) => Ok(Some(())),
            _ => Ok(None),
        })
        .await?;
        self.ask("joining", Request::Join { pursuance, my_name: "Ben".into() }).await?;
        self.until("being welcomed", async || match self.look(Query::App).await? {
            View::App(app) if app.pursuances.iter().any(|row| row.standing == Standing::Member) => Ok(Some(())),
            _ => Ok(None),
        })
        .await?;
        self.until("reading the tree", async || match self.look(Query::tree(pursuance)).await? {
            View::Tree(tree) if tree.shown as usize == TASKS.len() => Ok(Some(())),
            _ => Ok(None),
        })
        .await
    }

    async fn has_handed_over(&self, pursuance: PursuanceId) -> Result<Option<()>, DemoError> {
        let View::App(app) = self.look(Query::App).await? else { return Ok(None) };
        let row = app.pursuances.iter().find(|row| row.pursuance == pursuance);
        Ok(row.filter(|row| matches!(row.status, StatusLine::Fine { kept: 0, .. })).map(|_| ()))
    }

    async fn until<F>(&self, step: &'static str, look: impl Fn() -> F) -> Result<(), DemoError>
    where
        F: Future<Output = Result<Option<()>, DemoError>>,
    {
        let limit = Instant::now() + Duration::from_secs(STEP_SECONDS);
        while look().await?.is_none() {
            if Instant::now() > limit {
                return Err(DemoError::TooSlow(step));
            }
            tokio::time::sleep(Duration::from_millis(POLL_MILLIS)).await;
        }
        Ok(())
    }
}
