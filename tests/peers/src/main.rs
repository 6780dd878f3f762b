//! What others need for the same work, beside us in one run (docs/benchmarks.md).
//!
//! ```text
//! pursuance-peers                  entries of a page, acts of a team and keys of a group, in this process
//! pursuance-peers keys             new secrets for a group, and who comes and goes
//! pursuance-peers team [ACTS]      acts of a team only; with a number, so many of ours and nobody else's
//! pursuance-peers relay PROGRAM    posts and fetches: the relay's program beside other servers
//! ```

mod clock;
mod groups;
mod keys;
mod logs;
mod nostr;
mod ours;
mod posts;
mod servers;
mod ssb;
mod team;

use std::path::Path;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            // What works in several threads is to work in this one, whose time is taken.
            rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().expect("the first");
            logs::compare();
            team::compare();
            keys::compare();
        }
        ["keys"] => keys::compare(),
        ["team"] => team::compare(),
        ["team", acts] => team::ours_alone(acts.parse().expect("a number")),
        ["relay", program] => posts::compare(Path::new(program)),
        ["bare", dir] => servers::serve_bare(Path::new(dir)),
        _ => panic!("pursuance-peers [keys | team [ACTS] | relay PROGRAM]"),
    }
}
