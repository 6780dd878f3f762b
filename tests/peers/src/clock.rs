//! Processor time, as Linux counts it, and the middle of several measurements.

use std::fs;
use std::process::Child;
use std::thread;
use std::time::Duration;

/// What the system's count of a process is given in.
const TICKS_A_SECOND: f64 = 100.0;

/// Nanoseconds of this thread. The system counts them up when a thread waits, so it does.
pub fn thread_nanos() -> f64 {
    thread::sleep(Duration::from_micros(1));
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ').next().expect("three numbers").parse().expect("a number")
}

/// Microseconds of a whole process, threads that have ended included; counted in steps of 10,000.
pub fn process_micros(process: &Child) -> f64 {
    let text = fs::read_to_string(format!("/proc/{}/stat", process.id())).expect("proc(5)");
    let fields: Vec<&str> = text.rsplit(')').next().expect("after the name").split_whitespace().collect();
    let [user, system] = [11, 12].map(|at| fields[at].parse::<f64>().expect("a number"));
    (user + system) / TICKS_A_SECOND * 1e6
}

/// Bytes that a process has written to files and sockets.
pub fn written_bytes(process: &Child) -> u64 {
    field(&format!("/proc/{}/io", process.id()), "wchar:")
}

/// Bytes of memory that a process held at most.
pub fn most_resident_bytes(process: &Child) -> u64 {
    field(&format!("/proc/{}/status", process.id()), "VmHWM:") << 10
}

fn field(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).expect("proc(5)");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("proc(5)");
    line.split_whitespace().next().expect("a number").parse().expect("a number")
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
