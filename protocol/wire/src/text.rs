//! Strict small text forms shared by the notes: decimal numbers and base64 hashes (W12).

use data_encoding::BASE64;

/// Reads a decimal number in its only form: digits, no sign, no leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || (!text.starts_with('0') && !text.is_empty());
    if !canonical || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Reads 32 bytes in standard base64 with padding, canonical trailing bits.
pub(crate) fn base64_hash(text: &str) -> Option<[u8; 32]> {
    if text.len() != 44 {
        return None;
    }
    let mut bytes = [0; 33];
    let length = BASE64.decode_mut(text.as_bytes(), &mut bytes).ok()?;
    bytes.get(..length)?.try_into().ok()
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
    }
}
