//! Stories of whole nodes with a real relay on loopback (docs/protocol/08-node.md).

#[path = "stories/apart.rs"]
mod apart;
#[path = "stories/backup.rs"]
mod backup;
#[path = "stories/bundle.rs"]
mod bundle;
#[path = "stories/copies.rs"]
mod copies;
#[path = "stories/crash.rs"]
mod crash;
#[path = "stories/day.rs"]
mod day;
#[path = "stories/desk.rs"]
mod desk;
#[path = "stories/devices.rs"]
mod devices;
#[path = "stories/disk.rs"]
mod disk;
#[path = "stories/doors.rs"]
mod doors;
#[path = "stories/exchanging.rs"]
mod exchanging;
#[path = "stories/governing.rs"]
mod governing;
#[path = "stories/harbour.rs"]
mod harbour;
#[path = "stories/importing.rs"]
mod importing;
#[path = "stories/log.rs"]
mod log;
#[path = "stories/many.rs"]
mod many;
#[path = "stories/mine.rs"]
mod mine;
#[path = "stories/moved.rs"]
mod moved;
#[path = "stories/phrase.rs"]
mod phrase;
#[path = "stories/renewing.rs"]
mod renewing;
#[path = "stories/repair.rs"]
mod repair;
#[path = "stories/since.rs"]
mod since;
#[path = "stories/slow_line.rs"]
mod slow_line;
#[path = "stories/together.rs"]
mod together;
#[path = "stories/trouble.rs"]
mod trouble;
#[path = "stories/waiting.rs"]
mod waiting;
#[path = "stories/working.rs"]
mod working;
#[path = "stories/wreck.rs"]
mod wreck;
