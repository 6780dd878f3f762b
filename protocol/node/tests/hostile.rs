//! Relays that lie, stall and talk nonsense: each has its typed error, and what can be proved is proved
//! (docs/protocol/08-node.md, section 4).

#[path = "hostile/flood.rs"]
mod flood;
#[path = "hostile/liar.rs"]
mod liar;
#[path = "hostile/node.rs"]
mod node;
#[path = "hostile/visit.rs"]
mod visit;
