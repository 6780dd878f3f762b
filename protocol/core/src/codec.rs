//! Strict deterministic CBOR: fixed arrays, definite lengths, shortest integers, and nothing else (RFC 8949, section 4.2;
//! docs/protocol/02-log.md, "Encoding").

use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// They end too early, or hold another kind of value than expected.
    #[error("not the expected structure")]
    Structure,
    /// A list, text or byte string is longer than its limit.
    #[error("longer than its limit")]
    TooLong,
    /// A number has no meaning here.
    #[error("a number without meaning")]
    UnknownNumber,
    /// A list that must be sorted, without repetition, is not.
    #[error("not in order")]
    NotSorted,
    /// Something follows the end.
    #[error("trailing bytes")]
    Trailing,
    /// The same value has a shorter encoding.
    #[error("not the one canonical encoding")]
    NotCanonical,
    /// A text holds characters that may not be there: see [`is_clean_char`].
    #[error("a forbidden character")]
    ForbiddenCharacter,
    /// A relay's keys are not keys.
    #[error("not a relay address")]
    NotARelay,
}

/// Writes values; it cannot fail.
pub struct Writer(Encoder<Vec<u8>>);

impl Writer {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self(Encoder::new(Vec::new()))
    }

    /// Begins an array of exactly `len` values.
    pub fn array(&mut self, len: usize) -> &mut Self {
        ok(self.0.array(len as u64).map(|_| ()));
        self
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        ok(self.0.u64(value).map(|_| ()));
        self
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        ok(self.0.bytes(bytes).map(|_| ()));
        self
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        ok(self.0.str(text).map(|_| ()));
        self
    }

    /// The bytes written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0.into_writer()
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

fn ok(result: Result<(), minicbor::encode::Error<Infallible>>) {
    result.expect("writing to memory does not fail");
}

/// Reads values; limits are checked before anything is allocated.
pub struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    /// Over these bytes.
    #[must_use]
    pub fn new(bytes: &'b [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// An array of exactly `len` values.
    ///
    /// # Errors
    /// [`DecodeError::Structure`].
    pub fn array(&mut self, len: usize) -> Result<(), DecodeError> {
        if self.any_array()? == len as u64 { Ok(()) } else { Err(DecodeError::Structure) }
    }

    /// A list of at most `max` values; gives how many.
    ///
    /// # Errors
    /// [`DecodeError::TooLong`], [`DecodeError::Structure`].
    pub fn list(&mut self, max: usize) -> Result<usize, DecodeError> {
        match usize::try_from(self.any_array()?) {
            Ok(len) if len <= max => Ok(len),
            _ => Err(DecodeError::TooLong),
        }
    }

    fn any_array(&mut self) -> Result<u64, DecodeError> {
        // `None` would be an array of indefinite length.
        self.0.array().ok().flatten().ok_or(DecodeError::Structure)
    }

    /// An unsigned integer of at most 64 bits.
    ///
    /// # Errors
    /// [`DecodeError::Structure`].
    pub fn uint(&mut self) -> Result<u64, DecodeError> {
        match self.0.datatype() {
            Ok(Type::U8 | Type::U16 | Type::U32 | Type::U64) => self.0.u64().map_err(|_| DecodeError::Structure),
            _ => Err(DecodeError::Structure),
        }
    }

    /// An unsigned integer that fits a smaller type.
    ///
    /// # Errors
    /// [`DecodeError::UnknownNumber`], [`DecodeError::Structure`].
    pub fn small<T: TryFrom<u64>>(&mut self) -> Result<T, DecodeError> {
        T::try_from(self.uint()?).map_err(|_| DecodeError::UnknownNumber)
    }

    /// A byte string of at most `max` bytes, still in place.
    ///
    /// # Errors
    /// [`DecodeError::TooLong`], [`DecodeError::Structure`].
    pub fn bytes(&mut self, max: usize) -> Result<&'b [u8], DecodeError> {
        let bytes = match self.0.datatype() {
            Ok(Type::Bytes) => self.0.bytes().map_err(|_| DecodeError::Structure)?,
            _ => return Err(DecodeError::Structure),
        };
        if bytes.len() <= max { Ok(bytes) } else { Err(DecodeError::TooLong) }
    }

    /// A byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Structure`].
    pub fn exact<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.bytes(usize::MAX)?.try_into().map_err(|_| DecodeError::Structure)
    }

    /// A byte string of exactly `N` bytes, or of none.
    ///
    /// # Errors
    /// [`DecodeError::Structure`].
    pub fn exact_or_none<const N: usize>(&mut self) -> Result<Option<[u8; N]>, DecodeError> {
        let bytes = self.bytes(usize::MAX)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        bytes.try_into().map(Some).map_err(|_| DecodeError::Structure)
    }

    /// A text of at most `max` bytes without control characters other than line feed and tab.
    ///
    /// # Errors
    /// [`DecodeError::TooLong`], [`DecodeError::ForbiddenCharacter`], [`DecodeError::Structure`].
    pub fn text(&mut self, max: usize) -> Result<String, DecodeError> {
        let text = match self.0.datatype() {
            Ok(Type::String) => self.0.str().map_err(|_| DecodeError::Structure)?,
            _ => return Err(DecodeError::Structure),
        };
        if text.len() > max {
            return Err(DecodeError::TooLong);
        }
        if !is_clean(text) {
            return Err(DecodeError::ForbiddenCharacter);
        }
        Ok(text.into())
    }

    /// Nothing may follow.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`].
    pub fn end(&self) -> Result<(), DecodeError> {
        if self.0.position() == self.0.input().len() { Ok(()) } else { Err(DecodeError::Trailing) }
    }
}

/// Whether a text may stand in the log (E3).
#[must_use]
pub fn is_clean(text: &str) -> bool {
    text.chars().all(is_clean_char)
}

/// No control characters but line feed and tab, and none that turn the direction of what follows them: with those a name
/// could rewrite the line it is shown in.
#[must_use]
pub fn is_clean_char(c: char) -> bool {
    match c {
        '\n' | '\t' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
        c => !c.is_control(),
    }
}

/// Decoded and encoded again, it must be the same bytes (rule E4).
///
/// # Errors
/// [`DecodeError::NotCanonical`].
pub fn require_canonical(received: &[u8], again: &[u8]) -> Result<(), DecodeError> {
    if received == again { Ok(()) } else { Err(DecodeError::NotCanonical) }
}

/// A list of at most `max` values that ascend: sorted, and none twice.
pub(crate) fn read_ascending<'b, T: Ord>(
    r: &mut Reader<'b>,
    max: usize,
    mut one: impl FnMut(&mut Reader<'b>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let mut values = Vec::new();
    for _ in 0..r.list(max)? {
        values.push(one(r)?);
    }
    if values.is_sorted_by(|a, b| a < b) { Ok(values) } else { Err(DecodeError::NotSorted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_expected_kinds() {
        let mut w = Writer::new();
        w.array(3).uint(7).bytes(b"ab").text("c");
        let bytes = w.finish();
        let mut r = Reader::new(&bytes);
        r.array(3).expect("three");
        assert_eq!(r.uint(), Ok(7));
        assert_eq!(r.exact::<2>(), Ok(*b"ab"));
        assert_eq!(r.text(1).as_deref(), Ok("c"));
        assert_eq!(r.end(), Ok(()));
        for (bytes, case) in [
            (&[0x9f, 0xff][..], "indefinite array"),
            (&[0xa0], "map"),
            (&[0x20], "negative"),
            (&[0xf9, 0, 0], "float"),
            (&[0xc0, 0x00], "tag"),
            (&[0xf6], "null"),
        ] {
            assert_eq!(Reader::new(bytes).any_array(), Err(DecodeError::Structure), "{case}");
            assert_eq!(Reader::new(bytes).uint(), Err(DecodeError::Structure), "{case}");
        }
        assert_eq!(Reader::new(&[0x5f, 0xff]).bytes(9), Err(DecodeError::Structure), "indefinite bytes");
        assert_eq!(
            Reader::new(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).list(9),
            Err(DecodeError::TooLong)
        );
        assert_eq!(Reader::new(&[0x41]).bytes(9), Err(DecodeError::Structure), "absurd length");
        assert_eq!(Reader::new(b"\x62a\x1b").text(9), Err(DecodeError::ForbiddenCharacter));
    }
}
