//! What a running process holds in its memory, looked through from outside (docs/threat-model.md, "Forensics after
//! locking").

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use memchr::memmem::Finder;

/// How much is read at once. Pieces overlap, so that nothing hides across an edge.
const PIECE_BYTES: usize = 1024 * 1024;
const PAGE_BYTES: u64 = 4096;
/// How many bytes of marks for pages are read at once.
const MARKS_BYTES: usize = 1024 * 1024;
/// Longest form of a secret that is looked for.
const MAX_FORM_BYTES: usize = 4096;
/// Areas of the kernel's own, which proc(5) lists and nobody can read.
const UNREADABLE: [&str; 3] = ["[vvar]", "[vsyscall]", "[vvar_vclock]"];

/// Something that must not be found, in every form in which it may lie about.
pub struct Secret {
    name: String,
    forms: Vec<Vec<u8>>,
}

/// A secret that was found.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// What it is called.
    pub name: String,
    /// The area of memory or the file.
    pub place: String,
    /// How often it is there, in all forms together.
    pub count: usize,
}

impl fmt::Debug for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x{} in {}", self.name, self.count, self.place)
    }
}

impl Secret {
    /// A text: as UTF-8, and as UTF-16 as web pages keep it.
    ///
    /// # Panics
    /// When it is too short to be told from chance, or too long.
    #[must_use]
    pub fn text(name: &str, text: &str) -> Self {
        assert!((8..MAX_FORM_BYTES / 2).contains(&text.len()), "{text:?}");
        let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        Self { name: name.into(), forms: vec![text.into(), wide] }
    }

    /// Bytes: as they are, in hexadecimal, in base64 and in base32.
    ///
    /// # Panics
    /// When they are too few to be told from chance, or too many.
    #[must_use]
    pub fn bytes(name: &str, bytes: &[u8]) -> Self {
        use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
        assert!((16..MAX_FORM_BYTES / 2).contains(&bytes.len()));
        let mut forms = vec![bytes.to_vec()];
        forms.extend([HEXLOWER, HEXUPPER, BASE64_NOPAD, BASE64URL_NOPAD].map(|form| form.encode(bytes).into()));
        forms.push(BASE32_NOPAD.encode(bytes).to_lowercase().into());
        Self { name: name.into(), forms }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it stands in these bytes.
    #[must_use]
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.count(bytes, bytes.len()) > 0
    }

    /// How often it stands in these bytes, beginning before `end`.
    fn count(&self, bytes: &[u8], end: usize) -> usize {
        let finders = self.forms.iter().map(Finder::new);
        finders.map(|finder| finder.find_iter(bytes).filter(|&at| at < end).count()).sum()
    }
}

/// Every place of a process's memory in which one of the secrets stands. Only pages that are there are read: reading others
/// would make them, and browsers reserve gigabytes.
///
/// # Errors
/// When the process has ended, or may not be looked into by this user.
pub fn look_into(pid: u32, secrets: &[Secret]) -> io::Result<Vec<Sighting>> {
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let pages = File::open(format!("/proc/{pid}/pagemap"))?;
    let mut seen = Vec::new();
    let mut area = (0..0, String::new());
    for line in fs::read_to_string(format!("/proc/{pid}/smaps"))?.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (first, second) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        if let Some((start, end)) = first.split_once('-') {
            let number = |text: &str| u64::from_str_radix(text, 16).expect("proc(5): two numbers in hexadecimal");
            let name = fields.nth(3).unwrap_or("nameless memory");
            // A library's code is the file's.
            let written = second.contains('w') || !name.starts_with('/');
            let looked_at = second.starts_with('r') && written && !UNREADABLE.contains(&name);
            area = (if looked_at { number(start)..number(end) } else { 0..0 }, format!("{name} {second}"));
        } else if (first == "Rss:" || first == "Swap:") && second != "0" && !area.0.is_empty() {
            for run in present(&pages, &area.0) {
                look_into_run(&memory, run, &area.1, secrets, &mut seen);
            }
            area.0 = 0..0;
        }
    }
    Ok(seen)
}

/// The runs of pages of an area that are in memory or in swap, by proc(5)'s pagemap: eight bytes a page, of which the two
/// highest bits say so.
fn present(pages: &File, area: &Range<u64>) -> Vec<Range<u64>> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    let mut marks = vec![0; MARKS_BYTES];
    let (mut page, last) = (area.start / PAGE_BYTES, area.end / PAGE_BYTES);
    while page < last {
        let wanted = usize::try_from((last - page) * 8).map_or(MARKS_BYTES, |all| all.min(MARKS_BYTES));
        let read = read_all_there_is(pages, &mut marks[..wanted], page * 8);
        for mark in marks[..read].chunks_exact(8) {
            if mark[7] & 0b1100_0000 != 0 {
                let at = page * PAGE_BYTES;
                match runs.last_mut().filter(|run| run.end == at) {
                    Some(run) => run.end += PAGE_BYTES,
                    None => runs.push(at..at + PAGE_BYTES),
                }
            }
            page += 1;
        }
        if read < wanted {
            break;
        }
    }
    runs
}

fn look_into_run(memory: &File, run: Range<u64>, place: &str, secrets: &[Secret], seen: &mut Vec<Sighting>) {
    let mut counts = vec![0; secrets.len()];
    let mut piece = vec![0; PIECE_BYTES + MAX_FORM_BYTES];
    let mut from = run.start;
    while from < run.end {
        let wanted = usize::try_from(run.end - from).map_or(piece.len(), |left| left.min(piece.len()));
        let read = read_all_there_is(memory, &mut piece[..wanted], from);
        for (count, secret) in counts.iter_mut().zip(secrets) {
            *count += secret.count(&piece[..read], PIECE_BYTES);
        }
        from += PIECE_BYTES as u64;
    }
    for (count, secret) in counts.into_iter().zip(secrets).filter(|(count, _)| *count > 0) {
        seen.push(Sighting { name: secret.name.clone(), place: place.into(), count });
    }
}

/// Pages beyond the end of a mapped file cannot be read; what stands before them can.
fn read_all_there_is(memory: &File, piece: &mut [u8], from: u64) -> usize {
    let mut read = 0;
    while read < piece.len() {
        match memory.read_at(&mut piece[read..], from + read as u64) {
            Ok(more) if more > 0 => read += more,
            _ => break,
        }
    }
    read
}

/// Every file below a folder in which, or in whose name, one of the secrets stands.
///
/// # Panics
/// When the folder cannot be read.
#[must_use]
pub fn look_below(dir: &Path, secrets: &[Secret]) -> Vec<Sighting> {
    let mut seen = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        // What is gone in between was temporary, and is looked for while it is there.
        for path in fs::read_dir(&dir).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let mut bytes = path.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
            if path.is_symlink() {
                bytes.extend(
                    fs::read_link(&path).map(|to| to.into_os_string().into_encoded_bytes()).unwrap_or_default(),
                );
            } else if path.is_dir() {
                open.push(path.clone());
            } else if path.is_file() {
                bytes.push(0);
                bytes.extend(fs::read(&path).unwrap_or_default());
            }
            for secret in secrets {
                let count = secret.count(&bytes, bytes.len());
                if count > 0 {
                    seen.push(Sighting { name: secret.name.clone(), place: path.display().to_string(), count });
                }
            }
        }
    }
    assert!(dir.is_dir(), "{} is no folder", dir.display());
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_about_is_found_in_every_form() {
        let secret = Secret::bytes("key", &std::array::from_fn::<u8, 32, _>(|at| 0xa7 ^ (at as u8 * 7)));
        for form in &secret.forms {
            let text = [b"before", &form[..], b"after"].concat();
            assert_eq!(secret.count(&text, text.len()), 1);
        }
        let secret = Secret::text("title", "A title nobody has");
        for form in &secret.forms {
            let kept = form.clone();
            let seen = look_into(std::process::id(), std::slice::from_ref(&secret)).expect("one's own memory");
            assert!(
                seen.iter().any(|sighting| sighting.place.contains("heap") || sighting.place.contains("nameless")),
                "{seen:?}"
            );
            drop(kept);
        }
    }

    #[test]
    fn files_and_their_names_are_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let secret = [Secret::text("title", "A title nobody has")];
        fs::create_dir(dir.path().join("deep")).unwrap();
        fs::write(dir.path().join("deep/plain"), "nothing").unwrap();
        assert_eq!(look_below(dir.path(), &secret), []);
        fs::write(dir.path().join("deep/plain"), "x A title nobody has").unwrap();
        fs::write(dir.path().join("A title nobody has"), "").unwrap();
        assert_eq!(look_below(dir.path(), &secret).len(), 2);
    }
}
