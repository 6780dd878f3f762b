//! The relay as its visitors see it: over loopback TCP, and as a process that is killed.

mod answers;
mod audit;
mod limits;
mod process;
mod restarts;
mod rig;
