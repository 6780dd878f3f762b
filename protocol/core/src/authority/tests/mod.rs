//! Plays, hard cases, hostile worlds and all small histories of authority, on one stage (docs/protocol/04-authority.md).

use super::*;

mod broken;
mod fault;
mod gate;
mod growth;
mod hard_cases;
mod hostile;
mod properties;
mod reading;
mod small;
mod stage;
mod telling;
mod worlds;
