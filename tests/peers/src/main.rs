//! What others need for the same work, in one program and one run (docs/benchmarks.md).

mod logs;
mod posts;

use std::path::PathBuf;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("logs") => logs::compare(),
        Some("posts") => match arguments.next() {
            Some(relay) => posts::compare(&PathBuf::from(relay)),
            None => usage(),
        },
        // What `posts` starts as a process of its own.
        Some("bare") => match arguments.next() {
            Some(dir) => posts::serve_bare(&PathBuf::from(dir)),
            None => usage(),
        },
        _ => usage(),
    }
}

fn usage() {
    println!("logs               entries: ours beside p2panda-core");
    println!("posts RELAY        posts to the program RELAY, beside Redis streams and a bare group commit");
}
