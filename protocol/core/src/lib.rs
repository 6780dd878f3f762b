//! What is true: entries, logs, authority, keys, tasks, commands, views (docs/protocol).
//!
//! This room is pure. It has no clock, no socket, no disk and no randomness: `now` and seeds are arguments.

#![cfg_attr(not(any(test, feature = "bindings")), no_std)]

extern crate alloc;

mod alike;
pub mod authority;
pub mod bundle;
pub mod cell;
pub mod change;
pub mod clock;
pub mod code;
pub mod codec;
pub mod command;
pub mod comparing;
pub mod could;
pub mod crypto;
pub mod day;
pub mod detail;
mod detailing;
pub mod devices;
pub mod effects;
pub mod entry;
pub mod epochs;
pub mod exporting;
pub mod filter;
pub mod finding;
pub mod founding;
pub mod fragment;
pub mod govern;
pub mod history;
pub mod id;
pub mod importing;
pub mod inbox;
pub mod joining;
pub mod journal;
pub mod kept;
pub mod keys;
pub mod language;
pub mod limits;
pub mod link;
pub mod list;
pub mod logs;
pub mod many;
pub mod mentions;
pub mod op;
mod opening;
pub mod order;
pub mod origin;
mod overtaken;
pub mod packages;
pub mod pages;
pub mod phrase;
pub mod plan;
mod readers;
pub mod recovery;
pub mod refusal;
pub mod register;
pub mod replica;
pub mod rule;
pub mod ruling;
pub mod seal;
mod sharing;
pub mod shelf;
mod since;
pub mod task;
pub mod task_keys;
pub mod task_op;
pub mod tasks;
pub mod templates;
pub mod today;
pub mod true_seals;
pub mod view;
pub mod views;
pub mod weeks;
mod welcoming;
