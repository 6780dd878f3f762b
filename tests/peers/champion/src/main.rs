//! What TaskChampion needs for tasks that come from elsewhere and for one change, on disk (docs/benchmarks.md, "Tasks").
//!
//! ```text
//! pursuance-champion [TASKS]...
//! ```
//!
//! Its server is a file beside; nothing is encrypted or signed.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use taskchampion::storage::AccessMode;
use taskchampion::{Operations, Replica, ServerConfig, Status, StorageConfig, Uuid};

const ROUNDS: usize = 9;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let asked: Vec<usize> = std::env::args().skip(1).map(|word| word.parse()).collect::<std::result::Result<_, _>>()?;
    for tasks in if asked.is_empty() { vec![1_000, 10_000] } else { asked } {
        measure(tasks)?;
    }
    Ok(())
}

fn measure(tasks: usize) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let server = || ServerConfig::Local { server_dir: dir.path().to_owned() }.into_server();
    let mut writer = open(&dir.path().join("writer"))?;
    let mut made = Vec::with_capacity(tasks);
    for n in 0..tasks {
        let mut operations = Operations::new();
        let id = Uuid::new_v4();
        let mut task = writer.create_task(id, &mut operations)?;
        task.set_description(format!("Task {n}"), &mut operations)?;
        task.set_status(Status::Pending, &mut operations)?;
        writer.commit_operations(operations)?;
        made.push(id);
    }
    let mut to = server()?;
    writer.sync(&mut to, true)?;

    let mut fresh = open(&dir.path().join("fresh"))?;
    let mut from = server()?;
    let pulled = millis(|| fresh.sync(&mut from, true))?;
    assert_eq!(fresh.all_task_uuids()?.len(), tasks);
    println!("TaskChampion, {tasks} tasks, processor time");
    println!("    T1 pull and replay        {pulled:9.1} ms");

    let (mut remote, mut local) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let id = made[round * 7 % tasks];
        let mut operations = Operations::new();
        let mut task = writer.get_task(id)?.ok_or("it was made")?;
        task.set_description(format!("As of {round}"), &mut operations)?;
        writer.commit_operations(operations)?;
        writer.sync(&mut to, true)?;
        remote.push(millis(|| {
            fresh.sync(&mut from, true)?;
            let shown = fresh.get_task(id)?.ok_or("it was made")?;
            assert_eq!(shown.get_description(), format!("As of {round}"));
            Ok::<_, Box<dyn Error>>(())
        })?);
        local.push(millis(|| {
            let mut operations = Operations::new();
            let mut task = fresh.get_task(id)?.ok_or("it was made")?;
            task.set_status(Status::Completed, &mut operations)?;
            fresh.commit_operations(operations)?;
            Ok::<_, Box<dyn Error>>(())
        })?);
    }
    println!("    T2 one remote change      {:9.2} ms", median(&mut remote));
    println!("    T3 one local change       {:9.2} ms", median(&mut local));
    Ok(())
}

fn open(dir: &Path) -> Result<Replica> {
    let access_mode = AccessMode::ReadWrite;
    let storage = StorageConfig::OnDisk { taskdb_dir: dir.to_owned(), create_if_missing: true, access_mode };
    Ok(Replica::new(storage.into_storage()?))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Milliseconds of processor time that this thread takes.
fn millis<T, E: Into<Box<dyn Error>>>(work: impl FnOnce() -> std::result::Result<T, E>) -> Result<f64> {
    let before = used()?;
    work().map_err(Into::into)?;
    Ok(used()? - before)
}

/// The system counts up the time of a thread when it waits.
fn used() -> Result<f64> {
    std::thread::sleep(Duration::from_micros(1));
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().ok_or("proc(5): three numbers")?.parse::<f64>()? / 1e6)
}
