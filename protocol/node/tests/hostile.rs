//! Relays that lie, stall and talk nonsense: each has its typed error, and what can be proved is proved
//! (docs/protocol/08-node.md, section 4). Members who sign what the rules do not let them: it has no effect anywhere
//! (docs/protocol/04-authority.md).

#[path = "hostile/authority.rs"]
mod authority;
#[path = "hostile/comparing.rs"]
mod comparing;
#[path = "hostile/flood.rs"]
mod flood;
#[allow(dead_code, reason = "the stories need more of it")]
#[path = "stories/harbour.rs"]
mod harbour;
#[path = "hostile/liar.rs"]
mod liar;
#[path = "hostile/lies.rs"]
mod lies;
#[path = "hostile/node.rs"]
mod node;
#[path = "hostile/retention.rs"]
mod retention;
#[path = "hostile/rogue.rs"]
mod rogue;
#[path = "hostile/sending.rs"]
mod sending;
#[path = "hostile/since.rs"]
mod since;
#[path = "hostile/visit.rs"]
mod visit;
#[path = "hostile/witnesses.rs"]
mod witnesses;
