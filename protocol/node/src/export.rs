//! Writing a pursuance's tasks as a file: a table that spreadsheets open, a list that loses nothing, to-dos for a calendar
//! (docs/protocol/08-node.md, section 8).

mod calendar;

use std::cell::Cell;
use std::io::Write;
use std::path::{Path, PathBuf};

use pursuance_core::day::Day;
use pursuance_core::id::PursuanceId;
use pursuance_core::importing::ImportTask;
use pursuance_core::origin::Part;

use crate::api::{ExportFormat, Reply, Trouble};
use crate::engine::{Open, Surroundings};
use crate::import::cells::{guard, join_labels, priority_word, status_word};
use crate::import::order::in_reading_order;
use crate::import::ours;
use crate::outside::{NewFile, named, refused};

/// What a table begins with, so that programs take it for UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The columns of a table. Import knows all of them by these names.
const HEADERS: [&str; 15] = [
    "id",
    "parent",
    "title",
    "body",
    "status",
    "priority",
    "due",
    "labels",
    "owner",
    "started",
    "finished",
    "claimed by",
    "asked",
    "created",
    "created by",
];

/// The environment's word for where a person keeps what was downloaded; set by some desktops.
const DOWNLOADS_VARIABLE: &str = "XDG_DOWNLOAD_DIR";
const HOME_VARIABLE: &str = "HOME";

impl Open {
    /// Writes all tasks of a pursuance into a new file.
    pub(crate) fn export(
        &self,
        around: &Surroundings,
        pursuance: PursuanceId,
        format: ExportFormat,
        path: &str,
    ) -> Result<Reply, Trouble> {
        let held = self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let path = named(path, ending(format))?;
        let mut file = NewFile::beside(&path, around.folder.path())?;
        let trouble = Cell::new(None);
        let list = held.replica.listed(|task| match format {
            ExportFormat::Json => self.store.thread(held.number, task).unwrap_or_else(|error| {
                trouble.set(Some(error));
                Vec::new()
            }),
            // They have no place for it.
            ExportFormat::Csv | ExportFormat::ICalendar => Vec::new(),
        });
        if let Some(error) = trouble.into_inner() {
            return Err(error.into());
        }
        let bytes = match format {
            ExportFormat::Csv => csv(&list.tasks),
            ExportFormat::Json => ours::write(&list.tasks),
            ExportFormat::ICalendar => calendar::write(&list, around.clock.now_seconds()),
        };
        file.write_all(&bytes).map_err(|error| refused(&error))?;
        Ok(Reply::Written { path: path.display().to_string(), bytes: file.keep()? })
    }
}

/// What the name of a file of this form ends in.
const fn ending(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Csv => "csv",
        ExportFormat::Json => "json",
        ExportFormat::ICalendar => "ics",
    }
}

/// A list as a table: RFC 4180, with a byte order mark, children below their parents. A row is called by its place, from 1.
pub(crate) fn csv(tasks: &[ImportTask]) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    let in_memory = "a list is written to memory, and all rows are of one length";
    writer.write_record(HEADERS).expect(in_memory);
    let order = in_reading_order(tasks.iter().map(|task| task.parent));
    let mut places = vec![0; tasks.len()];
    order.iter().enumerate().for_each(|(place, (at, _))| places[*at] = place + 1);
    for (at, _) in order {
        let task = &tasks[at];
        let named = |part: Part| {
            let of = task.origin.people.iter().filter(move |mention| mention.part == part);
            join_labels(of.map(|mention| &mention.name))
        };
        // A table has days: of a moment, its day.
        let created = match Day::parse_moment(&task.origin.created) {
            Some(seconds) => Day::of_seconds(seconds).to_string(),
            None => task.origin.created.clone(),
        };
        let cells: [&str; HEADERS.len()] = [
            &places[at].to_string(),
            &task.parent.map(|parent| places[parent].to_string()).unwrap_or_default(),
            &task.title,
            &task.body,
            task.status.map_or("", status_word),
            priority_word(task.priority),
            task.due.as_deref().unwrap_or_default(),
            &join_labels(&task.labels),
            task.owner.as_deref().unwrap_or_default(),
            task.started.as_deref().unwrap_or_default(),
            task.finished.as_deref().unwrap_or_default(),
            &named(Part::Took),
            &named(Part::Asked),
            &created,
            &task.origin.by,
        ];
        writer.write_record(cells.map(|cell| guard(cell).into_owned())).expect(in_memory);
    }
    writer.into_inner().expect(in_memory)
}

/// The folder that is proposed for files: what the environment names, and else where the data folder is. Nothing is looked at.
pub(crate) fn save_folder(data_folder: &Path) -> PathBuf {
    let named = [DOWNLOADS_VARIABLE, HOME_VARIABLE].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    proposed(named, data_folder)
}

fn proposed(named: impl IntoIterator<Item = PathBuf>, data_folder: &Path) -> PathBuf {
    let mut named = named.into_iter().filter(|folder| folder.is_absolute());
    named.next().unwrap_or_else(|| data_folder.parent().unwrap_or(data_folder).into())
}

#[cfg(test)]
mod tests;
