//! The log in a file, for people who have no relay between them: written, and read in (docs/protocol/08-node.md, "Bundles").

use std::fs::{self, File};
use std::io::{Read, Take, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pursuance_core::bundle::{Bundler, padded_cells};
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Entry;
use pursuance_core::id::PursuanceId;
use pursuance_wire::cell::{CELL_BYTES, Cell};

use crate::api::{Reply, Trouble};
use crate::asker::Asker;
use crate::chance::random;
use crate::engine::{Open, Surroundings};
use crate::outside::{NewFile, named, refused};
use crate::store::{Number, StoreError};

/// What the name of such a file ends in.
const ENDING: &str = "bundle";
/// The longest that is written or read: some 400,000 entries.
pub const MAX_BUNDLE_BYTES: u64 = 256 * 1024 * 1024;
/// Entries that are sealed, and cells that are read in, at once.
const PAGE: usize = 512;
/// How often a file is read from its beginning: once more for each time that it brought keys for what was closed before. One that
/// we wrote is in the order of its keys.
const MAX_PASSES: u32 = 4;

/// How often news are shown while a bundle is read.
const SHOW_NEWS: Duration = Duration::from_secs(1);

/// A bundle that is read in, page by page between other work.
pub(crate) struct BundleReading {
    path: PathBuf,
    pass: Pass,
    /// Passes begun.
    passes: u32,
    /// Entries that were new, in all passes.
    entries: usize,
    shown: Instant,
    asker: Asker,
}

/// Once through a file.
struct Pass {
    file: Take<File>,
    /// Cells read, and those of them that nothing opened.
    of: usize,
    closed: usize,
    /// It brought keys.
    learned: bool,
}

impl Pass {
    fn begin(path: &Path) -> Result<Self, Trouble> {
        Ok(Self { file: opened(path)?, of: 0, closed: 0, learned: false })
    }
}

/// What reading a page of a bundle led to.
pub(crate) struct BundleStep {
    /// It is time to show what came.
    pub(crate) shows: bool,
    /// What to answer, and whom, at the end.
    pub(crate) end: Option<(Asker, Result<Reply, Trouble>)>,
}

impl Open {
    /// Writes all that is known of a pursuance into a new file that its members can read, and nobody else.
    pub(crate) fn export_bundle(
        &mut self,
        around: &Surroundings,
        pursuance: PursuanceId,
        path: &str,
    ) -> Result<Reply, Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let path = named(path, ENDING)?;
        let mut file = NewFile::beside(&path, around.folder.path())?;
        let mut seed = Seed::new(random());
        let (mut bundler, mut cells, mut after) = (Bundler::new(&held.replica), 0, 0);
        loop {
            let page = self.store.write(|w| w.entries_after(held.number, after, PAGE))?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            let entries = page.iter().map(|(_, kept)| Entry::from_store(&kept.bytes)).collect::<Result<Vec<_>, _>>();
            let entries = entries.map_err(|_| Trouble::Damaged)?;
            let shelf = self.store.shelf(held.number);
            let sealed = bundler.seal(&mut held.replica, &entries, &shelf, &mut seed);
            shelf.check()?;
            held.put_down();
            cells += write(&mut file, sealed.into_iter())?;
            if cells > MAX_BUNDLE_BYTES / CELL_BYTES as u64 {
                return Err(Trouble::BundleTooLong);
            }
        }
        if cells == 0 || bundler.left_out() > 0 {
            // Nothing but a whole log is said to be one.
            return Err(Trouble::NothingToBundle);
        }
        write(&mut file, Bundler::fill(&held.replica, padded_cells(cells) - cells, &mut seed))?;
        Ok(Reply::Written { path: path.display().to_string(), bytes: file.keep()? })
    }

    /// Begins to read what such a file has, for all pursuances, after those that were begun before; the asker is answered at the end, or
    /// now if there is trouble. What is new is kept page by page; what is known changes nothing, and what does not open is left alone.
    pub(crate) fn begin_bundle(&mut self, path: &str, asker: Asker) {
        match Pass::begin(Path::new(path)) {
            Ok(pass) => {
                let path = path.into();
                self.bundles.push_back(BundleReading {
                    path,
                    pass,
                    passes: 1,
                    entries: 0,
                    shown: Instant::now(),
                    asker,
                });
            }
            Err(trouble) => asker.answer(Err(trouble)),
        }
    }

    /// Reads the next page; `None` where there is nothing to be read.
    pub(crate) fn step_bundle(&mut self, around: &Surroundings) -> Option<BundleStep> {
        let mut reading = self.bundles.pop_front()?;
        let step = self.read_page(around, &mut reading);
        if let Ok(None) = step {
            let shows = reading.shown.elapsed() >= SHOW_NEWS;
            if shows {
                reading.shown = Instant::now();
            }
            self.bundles.push_front(reading);
            return Some(BundleStep { shows, end: None });
        }
        Some(BundleStep { shows: true, end: Some((reading.asker, step.map(|reply| reply.expect("an end")))) })
    }

    /// What it came to, at its end.
    fn read_page(&mut self, around: &Surroundings, reading: &mut BundleReading) -> Result<Option<Reply>, Trouble> {
        let pass = &mut reading.pass;
        let cells = page(&mut pass.file)?;
        if !cells.is_empty() {
            pass.of += cells.len();
            pass.closed += self.take_in(around, cells, &mut reading.entries, &mut pass.learned)?;
            return Ok(None);
        }
        if pass.closed == 0 || !pass.learned {
            if pass.closed == pass.of {
                return Err(Trouble::NotABundle);
            }
            let (entries, parts, closed) = (count(reading.entries), count(pass.of), count(pass.closed));
            return Ok(Some(Reply::Merged { entries, parts, closed }));
        }
        if reading.passes == MAX_PASSES {
            return Err(Trouble::NotABundle);
        }
        reading.passes += 1;
        reading.pass = Pass::begin(&reading.path)?;
        Ok(None)
    }

    /// Gives cells to each pursuance in turn that may open them; how many none did.
    fn take_in(
        &mut self,
        around: &Surroundings,
        mut cells: Vec<Cell>,
        entries: &mut usize,
        learned: &mut bool,
    ) -> Result<usize, StoreError> {
        let all: Vec<Number> = self.held.values().map(|held| held.number).collect();
        for number in all {
            if cells.is_empty() {
                break;
            }
            let Some(held) = self.held.values_mut().find(|held| held.number == number) else { continue };
            let mut ingested = held.ingest(&mut self.store, &cells, |_| Ok(()))?;
            *entries += ingested.entries;
            *learned |= ingested.learned;
            let of = (held.id, number);
            // Whoever wrote it may reach no relay.
            self.note_came(of, None, &ingested, around.clock.now_seconds())?;
            self.hear_seen(number, core::mem::take(&mut ingested.seen))?;
            if ingested.learned {
                let held = self.held.values().find(|held| held.number == number).expect("found a moment ago");
                self.relays.read_again(&mut self.store, held)?;
            }
            if ingested.news || ingested.learned {
                self.after_news(around, number)?;
            }
            let mut at = 0..;
            let mut left = ingested.closed.into_iter().peekable();
            cells.retain(|_| left.next_if_eq(&at.next().expect("without end")).is_some());
        }
        Ok(cells.len())
    }
}

/// Opens a file that may be a bundle.
fn opened(path: &Path) -> Result<Take<File>, Trouble> {
    if !path.is_absolute() {
        return Err(Trouble::NoSuchFile);
    }
    // Asked before it is opened: what is no file, a pipe say, would be waited for.
    let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file).ok_or(Trouble::NoSuchFile)?;
    if metadata.len() > MAX_BUNDLE_BYTES {
        return Err(Trouble::BundleTooLong);
    }
    // Whatever was cut off, or added, is seen here; what was changed does not open.
    if metadata.len() == 0 || !metadata.len().is_multiple_of(CELL_BYTES as u64) {
        return Err(Trouble::NotABundle);
    }
    Ok(File::open(path).map_err(|error| refused(&error))?.take(metadata.len()))
}

/// The next cells of it; none at its end.
fn page(file: &mut Take<File>) -> Result<Vec<Cell>, Trouble> {
    let mut bytes = Vec::new();
    file.take((PAGE * CELL_BYTES) as u64).read_to_end(&mut bytes).map_err(|error| refused(&error))?;
    Cell::split(&bytes, PAGE).map_err(|_| Trouble::NotABundle)
}

fn write(file: &mut NewFile, cells: impl Iterator<Item = Cell>) -> Result<u64, Trouble> {
    let mut count = 0;
    for cell in cells {
        file.write_all(cell.as_bytes()).map_err(|error| refused(&error))?;
        count += 1;
    }
    Ok(count)
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}
