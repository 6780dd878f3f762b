//! What a screen reader is told: a message bus of the story's own with the desktop's service for it, and the tree that a program
//! shows there (the AT-SPI2 protocol, `org.a11y.atspi.Accessible`).
//!
//! ```text
//! program, and WebKit's process in its sandbox --a11y bus--> registry <-- this: names and roles of everything on the screen
//! ```

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use zbus::Connection;
use zbus::connection::Builder;
use zbus::zvariant::{DynamicType, OwnedObjectPath, OwnedValue, Type, Value};

use crate::window::hidden_screen;

const ACCESSIBLE: &str = "org.a11y.atspi.Accessible";
const REGISTRY: &str = "org.a11y.atspi.Registry";
const ROOT: &str = "/org/a11y/atspi/accessible/root";
/// More than any screen shows.
const MAX_NODES: usize = 5_000;
const CALL_SECONDS: u64 = 20;

/// A bus for programs of the desktop, with the service that screen readers use.
pub struct Desk {
    address: String,
    heard: Connection,
    _daemon: Child,
}

/// One thing on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// What kind of thing it is, by its number in AT-SPI2 (`AtspiRole`): WebKit gives its kinds no names.
    pub role: u32,
    /// What it is called; empty where it has no name.
    pub name: String,
}

/// Where a node of the tree is: the bus name of its program, and its path there.
type Place = (String, OwnedObjectPath);

impl Desk {
    /// Starts both.
    ///
    /// # Panics
    /// When they are not installed (`./x setup`).
    pub async fn start() -> Self {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address"])
            .env("DISPLAY", hidden_screen())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("dbus-daemon is installed (./x setup)");
        let mut lines = BufReader::new(daemon.stdout.take().expect("it was piped")).lines();
        let address = lines.next_line().await.expect("it can be read").expect("it prints its address");
        let session = Builder::address(address.as_str()).expect("an address").build().await.expect("the bus answers");
        let bus = "org.a11y.Bus";
        let on = ("org.a11y.Status", "IsEnabled", Value::from(true));
        let path = "/org/a11y/bus";
        let set = session.call_method(Some(bus), path, Some("org.freedesktop.DBus.Properties"), "Set", &on);
        set.await.expect("at-spi2-core is installed (./x setup)");
        let at = session.call_method(Some(bus), path, Some(bus), "GetAddress", &()).await.expect("it has a bus");
        let at: String = at.body().deserialize().expect("an address");
        let heard = Builder::address(at.as_str()).expect("an address").build().await.expect("the bus answers");
        Self { address, heard, _daemon: daemon }
    }

    /// Where programs find the bus.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Everything that the program with this process id, and those that draw for it, shows now.
    ///
    /// # Panics
    /// When there is no end to it.
    pub async fn everything(&self) -> Vec<Spoken> {
        let mut found = Vec::new();
        let mut places = self.children(&(REGISTRY.into(), ROOT.try_into().expect("a path"))).await;
        while let Some(place) = places.pop() {
            assert!(found.len() < MAX_NODES, "no end of what is told");
            // What went away meanwhile is not on the screen.
            let Some(role) = self.ask(&place, ACCESSIBLE, "GetRole", &()).await else { continue };
            let name = self.property(&place, "Name").await.unwrap_or_default();
            found.push(Spoken { role, name });
            places.extend(self.children(&place).await);
        }
        found
    }

    async fn children(&self, place: &Place) -> Vec<Place> {
        let children: Vec<Place> = self.ask(place, ACCESSIBLE, "GetChildren", &()).await.unwrap_or_default();
        if !children.is_empty() {
            return children;
        }
        // A child that another process draws is in no list, but has a number.
        let count: i32 = self.property(place, "ChildCount").await.unwrap_or_default();
        let mut children = Vec::new();
        for index in 0..count {
            children.extend(self.ask(place, ACCESSIBLE, "GetChildAtIndex", &index).await);
        }
        children
    }

    async fn property<Answer: TryFrom<OwnedValue>>(&self, place: &Place, name: &str) -> Option<Answer> {
        let answer: OwnedValue = self.ask(place, "org.freedesktop.DBus.Properties", "Get", &(ACCESSIBLE, name)).await?;
        answer.try_into().ok()
    }

    async fn ask<Answer, With>(&self, (bus, path): &Place, interface: &str, method: &str, with: &With) -> Option<Answer>
    where
        Answer: serde::de::DeserializeOwned + Type,
        With: serde::Serialize + DynamicType,
    {
        let call = self.heard.call_method(Some(bus.as_str()), path.as_str(), Some(interface), method, with);
        tokio::time::timeout(Duration::from_secs(CALL_SECONDS), call).await.ok()?.ok()?.body().deserialize().ok()
    }
}
