//! The age format, version 1, with a passphrase and nothing else: what backups are sealed with, so that the tools that
//! everybody has open them too (docs/protocol/08-node.md, section 11).
//!
//! ```text
//! age-encryption.org/v1
//! -> scrypt SALT WORK              16 bytes; N is 2 to the power of WORK, r 8, p 1
//! SEALED                           the file key, 16 bytes, under what scrypt makes of the passphrase
//! --- MAC                          over all before, under a key made from the file key
//! NONCE | chunk | ... | last one   64 KiB each, sealed under a key made from the file key and the nonce
//! ```

use std::io::{self, BufRead, BufReader, Read, Write};

use data_encoding::BASE64_NOPAD;
use hkdf::Hkdf;
use pursuance_core::crypto::aead::{SHORT_NONCE_BYTES, TAG_BYTES, open_short, seal_short};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::chance::random;

/// Work of a guess that backups are made with: 256 MiB and about a second, as much as the vault asks for.
pub(crate) const BACKUP_WORK: u8 = 18;

/// Most work that a file may ask for: 1 GiB.
pub(crate) const MAX_BACKUP_WORK: u8 = 20;

/// Longest header that is looked at; ours has 150 bytes.
const MAX_HEADER_BYTES: u64 = 512;

const VERSION_LINE: &str = "age-encryption.org/v1";
const SCRYPT: &str = "-> scrypt ";
const MAC_LINE: &str = "---";
const SALT_LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
const HEADER_INFO: &[u8] = b"header";
const PAYLOAD_INFO: &[u8] = b"payload";
const SALT_BYTES: usize = 16;
const FILE_KEY_BYTES: usize = 16;
const SEALED_KEY_BYTES: usize = FILE_KEY_BYTES + TAG_BYTES;
const MAC_BYTES: usize = 32;
const NONCE_BYTES: usize = 16;
const CHUNK_BYTES: usize = 64 * 1024;

/// Why a file does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AgeError {
    /// It is not of this format, or not by a passphrase, or asks for more work than anybody should do.
    #[error("not sealed by a passphrase in this format")]
    NotAge,
    /// The passphrase does not open it.
    #[error("the passphrase does not open it")]
    WrongPassphrase,
    /// It was changed or cut.
    #[error("it is damaged")]
    Damaged,
    /// The disk refused.
    #[error("the disk refused")]
    Disk(#[from] io::Error),
}

/// A file that is being sealed.
pub(crate) struct Sealing<W> {
    to: W,
    key: Zeroizing<[u8; 32]>,
    counter: u64,
    pending: Zeroizing<Vec<u8>>,
}

impl<W: Write> Sealing<W> {
    /// Writes the header. Costs what `work` says, so not on a thread that others wait for.
    pub(crate) fn begin(mut to: W, passphrase: &str, work: u8) -> io::Result<Self> {
        let file_key = Zeroizing::new(random::<FILE_KEY_BYTES>());
        let salt = random::<SALT_BYTES>();
        let wrap = wrapping_key(passphrase, &salt, work);
        let sealed = seal_short(&wrap, &[0; SHORT_NONCE_BYTES], &*file_key);
        let mut header = header_before_mac(&salt, work, &sealed);
        let mac = header_mac(&file_key, &header);
        header += &format!(" {}\n", BASE64_NOPAD.encode(&mac));
        to.write_all(header.as_bytes())?;
        let nonce = random::<NONCE_BYTES>();
        to.write_all(&nonce)?;
        let key = derive(&file_key, &nonce, PAYLOAD_INFO);
        Ok(Self { to, key, counter: 0, pending: Zeroizing::new(Vec::with_capacity(CHUNK_BYTES)) })
    }

    /// Seals more.
    pub(crate) fn add(&mut self, mut plain: &[u8]) -> io::Result<()> {
        while !plain.is_empty() {
            // A chunk goes out when there is something after it: the last one is marked.
            if self.pending.len() == CHUNK_BYTES {
                self.chunk(false)?;
            }
            let (now, later) = plain.split_at(plain.len().min(CHUNK_BYTES - self.pending.len()));
            self.pending.extend_from_slice(now);
            plain = later;
        }
        Ok(())
    }

    /// Seals the last of it.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.chunk(true)?;
        Ok(self.to)
    }

    fn chunk(&mut self, last: bool) -> io::Result<()> {
        self.to.write_all(&seal_short(&self.key, &chunk_nonce(self.counter, last), &self.pending))?;
        self.counter += 1;
        self.pending.clear();
        Ok(())
    }
}

/// A file that is being opened.
pub(crate) struct Opening<R> {
    from: BufReader<R>,
    key: Zeroizing<[u8; 32]>,
    counter: u64,
    ended: bool,
}

impl<R: Read> Opening<R> {
    /// Reads the header. Costs what it says, up to [`MAX_BACKUP_WORK`].
    pub(crate) fn begin(from: R, passphrase: &str) -> Result<Self, AgeError> {
        let mut from = BufReader::new(from);
        let mut left = MAX_HEADER_BYTES;
        let mut line = || -> Result<String, AgeError> {
            let mut line = Vec::new();
            left -= (&mut from).take(left).read_until(b'\n', &mut line)? as u64;
            let line = line.strip_suffix(b"\n").ok_or(AgeError::NotAge)?;
            String::from_utf8(line.to_vec()).map_err(|_| AgeError::NotAge)
        };
        if line()? != VERSION_LINE {
            return Err(AgeError::NotAge);
        }
        let stanza = line()?;
        let (salt, work) = stanza.strip_prefix(SCRYPT).and_then(|rest| rest.split_once(' ')).ok_or(AgeError::NotAge)?;
        let salt: [u8; SALT_BYTES] = decoded(salt).ok_or(AgeError::NotAge)?;
        let work: u8 = work.parse().ok().filter(|number: &u8| number.to_string() == work).ok_or(AgeError::NotAge)?;
        if work == 0 || work > MAX_BACKUP_WORK {
            return Err(AgeError::NotAge);
        }
        let sealed: [u8; SEALED_KEY_BYTES] = decoded(&line()?).ok_or(AgeError::NotAge)?;
        let mac = line()?;
        let mac = mac.strip_prefix(MAC_LINE).and_then(|rest| rest.strip_prefix(' ')).ok_or(AgeError::NotAge)?;
        let mac: [u8; MAC_BYTES] = decoded(mac).ok_or(AgeError::NotAge)?;

        let wrap = wrapping_key(passphrase, &salt, work);
        let opened = open_short(&wrap, &[0; SHORT_NONCE_BYTES], &sealed).map_err(|_| AgeError::WrongPassphrase)?;
        let mut file_key = Zeroizing::new([0; FILE_KEY_BYTES]);
        file_key.copy_from_slice(&opened);
        if header_mac(&file_key, &header_before_mac(&salt, work, &sealed)) != mac {
            return Err(AgeError::Damaged);
        }
        let mut nonce = [0; NONCE_BYTES];
        exactly(&mut from, &mut nonce)?;
        Ok(Self { key: derive(&file_key, &nonce, PAYLOAD_INFO), from, counter: 0, ended: false })
    }

    /// The next chunk, proved to be what was sealed there; `None` after the last one, which nothing follows.
    pub(crate) fn next(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, AgeError> {
        if self.ended {
            return Ok(None);
        }
        let mut sealed = Vec::with_capacity(CHUNK_BYTES + TAG_BYTES);
        (&mut self.from).take((CHUNK_BYTES + TAG_BYTES) as u64).read_to_end(&mut sealed)?;
        self.ended = self.from.fill_buf()?.is_empty();
        let plain = open_short(&self.key, &chunk_nonce(self.counter, self.ended), &sealed);
        let plain = plain.map_err(|_| AgeError::Damaged)?;
        // Only a file of nothing ends with an empty chunk.
        if plain.is_empty() && self.counter > 0 {
            return Err(AgeError::Damaged);
        }
        self.counter += 1;
        Ok(Some(plain))
    }
}

fn header_before_mac(salt: &[u8], work: u8, sealed: &[u8]) -> String {
    let (salt, sealed) = (BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(sealed));
    format!("{VERSION_LINE}\n{SCRYPT}{salt} {work}\n{sealed}\n{MAC_LINE}")
}

fn wrapping_key(passphrase: &str, salt: &[u8; SALT_BYTES], work: u8) -> Zeroizing<[u8; 32]> {
    let params = scrypt::Params::new(work, 8, 1).expect("work is between 1 and 20");
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(passphrase.as_bytes(), &[SALT_LABEL, salt].concat(), &params, &mut *key)
        .expect("32 bytes can be asked for");
    key
}

/// More bytes were asked for than HKDF gives: 255 hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("longer than 255 hashes")]
pub struct OutputTooLong;

/// HKDF with SHA-256 (RFC 5869), both steps: `out` is filled from a secret, a salt and an info string.
///
/// # Errors
/// [`OutputTooLong`] if `out` has more than 8,160 bytes.
pub fn hkdf_sha256(secret: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) -> Result<(), OutputTooLong> {
    Hkdf::<Sha256>::new(Some(salt), secret).expand(info, out).map_err(|_| OutputTooLong)
}

fn derive(file_key: &[u8; FILE_KEY_BYTES], salt: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    hkdf_sha256(file_key, salt, info, &mut *key).expect("32 bytes can be asked for");
    key
}

/// HMAC-SHA-256, which is what HKDF begins with.
fn header_mac(file_key: &[u8; FILE_KEY_BYTES], header: &str) -> [u8; MAC_BYTES] {
    let key = derive(file_key, &[], HEADER_INFO);
    Hkdf::<Sha256>::extract(Some(&*key), header.as_bytes()).0.into()
}

fn chunk_nonce(counter: u64, last: bool) -> [u8; SHORT_NONCE_BYTES] {
    let mut nonce = [0; SHORT_NONCE_BYTES];
    nonce[3..11].copy_from_slice(&counter.to_be_bytes());
    nonce[11] = last.into();
    nonce
}

fn decoded<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    BASE64_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn exactly(from: &mut impl Read, bytes: &mut [u8]) -> Result<(), AgeError> {
    from.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => AgeError::Damaged,
        _ => AgeError::Disk(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSPHRASE: &str = "a long enough passphrase";
    const WORK: u8 = 4;

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut sealing = Sealing::begin(Vec::new(), PASSPHRASE, WORK).unwrap();
        for piece in plain.chunks(1_000) {
            sealing.add(piece).unwrap();
        }
        sealing.finish().unwrap()
    }

    fn opened(file: &[u8], passphrase: &str) -> Result<Vec<u8>, AgeError> {
        let mut opening = Opening::begin(file, passphrase)?;
        let mut plain = Vec::new();
        while let Some(chunk) = opening.next()? {
            plain.extend_from_slice(&chunk);
        }
        Ok(plain)
    }

    #[test]
    fn what_was_sealed_opens_whatever_its_length() {
        for bytes in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_000] {
            let plain: Vec<u8> = (0..bytes).map(|n| n as u8).collect();
            assert_eq!(opened(&sealed(&plain), PASSPHRASE).unwrap(), plain, "{bytes}");
        }
        assert!(matches!(opened(&sealed(b"x"), "another passphrase"), Err(AgeError::WrongPassphrase)));
    }

    /// Made by another implementation of the format: "pursuance" and a line break, 7,000 times.
    #[test]
    fn what_others_sealed_opens() {
        let file = include_bytes!("../../tests/fixtures/sealed-by-others.age");
        assert_eq!(opened(file, PASSPHRASE).unwrap(), b"pursuance\n".repeat(7_000));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let plain = vec![7; CHUNK_BYTES + 100];
        let whole = sealed(&plain);
        let header = whole.len() - plain.len() - 2 * TAG_BYTES - NONCE_BYTES;
        for at in (0..header + 40).chain([header + CHUNK_BYTES, whole.len() - 1]) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(opened(&changed, PASSPHRASE).is_err(), "byte {at}");
        }
        for bytes in (0..header + 60).chain([header + NONCE_BYTES + CHUNK_BYTES + TAG_BYTES, whole.len() - 1]) {
            assert!(opened(&whole[..bytes], PASSPHRASE).is_err(), "cut to {bytes}");
        }
        assert!(matches!(opened(&[&whole[..], b"x"].concat(), PASSPHRASE), Err(AgeError::Damaged)));
    }

    #[test]
    fn absurd_work_and_endless_headers_cost_nothing() {
        let mut header = sealed(b"");
        header.truncate(header.len() - NONCE_BYTES - TAG_BYTES);
        let whole = String::from_utf8(header).unwrap();
        for work in ["21", "22", "63", "255", "256", "0", "04", "+4", "-1", "", "4 4"] {
            let bomb = whole.replacen(" 4\n", &format!(" {work}\n"), 1);
            assert!(matches!(opened(bomb.as_bytes(), PASSPHRASE), Err(AgeError::NotAge)), "{work}");
        }
        let endless = io::repeat(b'a');
        assert!(matches!(Opening::begin(endless, PASSPHRASE), Err(AgeError::NotAge)));
        let stanzas = format!("{VERSION_LINE}\n{}", "-> X25519 abc\nabc\n".repeat(100_000));
        assert!(matches!(opened(stanzas.as_bytes(), PASSPHRASE), Err(AgeError::NotAge)));
    }
}
