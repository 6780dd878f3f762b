//! Stories of whole nodes with a real relay on loopback (docs/protocol/08-node.md).

#[path = "stories/copies.rs"]
mod copies;
#[path = "stories/harbour.rs"]
mod harbour;
#[path = "stories/importing.rs"]
mod importing;
#[path = "stories/kill.rs"]
mod kill;
#[path = "stories/together.rs"]
mod together;
#[path = "stories/trouble.rs"]
mod trouble;
