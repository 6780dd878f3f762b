//! The relay as its visitors see it: over loopback TCP, and as a process that is killed.

mod answers;
mod audit;
mod copies;
mod crashes;
mod damage;
mod disk;
mod evidence;
mod floods;
mod growth;
mod limits;
mod process;
mod program;
mod restarts;
mod rig;
mod unit;
