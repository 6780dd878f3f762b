//! What the pages of an encrypted database hold, those in no use and those in the log of writes included: every byte is
//! decrypted and looked at, whatever the database itself would show (docs/threat-model.md, "Forensics after locking").

use std::fs;
use std::path::Path;

use aes::Aes256Dec;
use aes::cipher::{BlockCipherDecrypt, KeyInit};

use crate::memory::{Secret, Sighting};

/// SQLCipher's pages: so many bytes, of which the last hold 16 of initialisation vector and 64 of checksum.
const PAGE_BYTES: usize = 4096;
const PAGE_TAIL_BYTES: usize = 80;
const VECTOR_BYTES: usize = 16;
/// What stands in clear before the first page.
const SALT_BYTES: usize = 16;
/// The log of writes: its head, and that of each page in it, which begins with the page's number.
const LOG_HEAD_BYTES: usize = 32;
const FRAME_HEAD_BYTES: usize = 24;

/// Every secret that stands in a page of a database or of its log of writes. What crosses from one page to the next is not found.
///
/// # Panics
/// When this is no database that the key opens.
#[must_use]
pub fn look_into_pages(database: &Path, key: &[u8; 32], secrets: &[Secret]) -> Vec<Sighting> {
    let plain = plain_pages(database, key);
    let holds = |secret: &&Secret| plain.iter().filter(|page| secret.is_in(page)).count();
    let counts = secrets.iter().map(|secret| (secret, holds(&secret))).filter(|(_, count)| *count > 0);
    counts.map(|(secret, count)| Sighting { name: secret.name().into(), place: "pages".into(), count }).collect()
}

fn plain_pages(database: &Path, key: &[u8; 32]) -> Vec<Vec<u8>> {
    let cipher = Aes256Dec::new(&(*key).into());
    let file = fs::read(database).expect("there is a database");
    assert_eq!(file.len() % PAGE_BYTES, 0);
    let mut plain: Vec<Vec<u8>> =
        (1u32..).zip(file.chunks_exact(PAGE_BYTES)).map(|(number, page)| plain_page(&cipher, number, page)).collect();
    assert!(plain.iter().any(|page| memchr::memmem::find(page, b"CREATE TABLE").is_some()), "pages are readable");
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    // It is not there while nobody has the database open.
    let log = fs::read(log).unwrap_or_default();
    let frames = log.get(LOG_HEAD_BYTES..).unwrap_or_default().chunks_exact(FRAME_HEAD_BYTES + PAGE_BYTES);
    plain.extend(frames.map(|frame| {
        let (head, page) = frame.split_at(FRAME_HEAD_BYTES);
        plain_page(&cipher, u32::from_be_bytes(*head.first_chunk().expect("a head")), page)
    }));
    plain
}

fn plain_page(cipher: &Aes256Dec, number: u32, page: &[u8]) -> Vec<u8> {
    let (content, tail) = page.split_at(PAGE_BYTES - PAGE_TAIL_BYTES);
    let content = if number == 1 { &content[SALT_BYTES..] } else { content };
    decrypted(cipher, content, &tail[..VECTOR_BYTES])
}

/// Cipher block chaining backwards.
fn decrypted(cipher: &Aes256Dec, sealed: &[u8], vector: &[u8]) -> Vec<u8> {
    let mut before: [u8; 16] = vector.try_into().expect("sixteen bytes");
    let mut plain = Vec::with_capacity(sealed.len());
    for block in sealed.chunks_exact(16) {
        let block: [u8; 16] = block.try_into().expect("sixteen bytes");
        let mut opened = block.into();
        cipher.decrypt_block(&mut opened);
        plain.extend(opened.iter().zip(before).map(|(byte, other)| byte ^ other));
        before = block;
    }
    plain
}
