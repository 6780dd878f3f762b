//! Strict small text forms shared by the notes: decimal numbers and base64 hashes (W12).

use alloc::vec::Vec;

use data_encoding::BASE64;

/// A hash of 32 bytes in base64.
const HASH_TEXT_BYTES: usize = 44;

/// Reads a decimal number in its only form: digits, no sign, no leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || (!text.starts_with('0') && !text.is_empty());
    if !canonical || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Reads standard base64 in its only form: with padding, at the end alone, and trailing bits of zero.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    // The library reads texts that are joined, each with its padding, as well.
    (BASE64.encode(&bytes) == text).then_some(bytes)
}

/// Reads 32 bytes in base64.
pub(crate) fn base64_hash(text: &str) -> Option<[u8; 32]> {
    if text.len() != HASH_TEXT_BYTES {
        return None;
    }
    base64(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_text() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        for bad in ["", "00", "01", "+1", "-1", "1 ", " 1", "0x1", "18446744073709551616", "١"] {
            assert_eq!(decimal(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn one_hash_has_one_text() {
        let text = BASE64.encode(&[7; 32]);
        assert_eq!(base64_hash(&text), Some([7; 32]));
        assert_eq!(base64_hash(&BASE64.encode(&[7; 31])), None);
        assert_eq!(base64_hash(&BASE64.encode(&[7; 33])), None);
        // The last character before the padding carries two bits that must be zero.
        let bent = text.replace("c=", "d=");
        assert_ne!(bent, text);
        assert_eq!(base64_hash(&bent), None);
        // Of as many characters, and of as many bytes.
        let joined = [BASE64.encode(&[7; 17]), BASE64.encode(&[7; 15])].concat();
        assert_eq!((joined.len(), BASE64.decode(joined.as_bytes()).unwrap()), (44, vec![7; 32]), "the control");
        assert_eq!(base64_hash(&joined), None);
    }
}
