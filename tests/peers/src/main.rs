//! What others need for the same work, in one program and one run (docs/benchmarks.md).

mod logs;

fn main() {
    logs::compare();
}
