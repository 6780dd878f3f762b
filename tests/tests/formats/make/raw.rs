//! CBOR as a tree that may be written wrongly: what the room itself cannot be made to write.

/// A value as it is to be written.
#[derive(Debug, Clone)]
pub enum V {
    /// An unsigned integer, shortest form.
    Uint(u64),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A text.
    Text(Vec<u8>),
    /// An array.
    Array(Vec<V>),
    /// These very bytes.
    Raw(Vec<u8>),
}

impl V {
    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Uint(value) => head(0, *value),
            Self::Bytes(bytes) => [head(2, bytes.len() as u64), bytes.clone()].concat(),
            Self::Text(text) => [head(3, text.len() as u64), text.clone()].concat(),
            Self::Array(values) => {
                let mut out = head(4, values.len() as u64);
                out.extend(values.iter().flat_map(V::encode));
                out
            }
            Self::Raw(bytes) => bytes.clone(),
        }
    }

    /// The values of an array.
    pub fn list(&mut self) -> &mut Vec<V> {
        match self {
            Self::Array(values) => values,
            other => panic!("no array: {other:?}"),
        }
    }

    /// The bytes of a byte string.
    pub fn blob(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            other => panic!("no byte string: {other:?}"),
        }
    }

    /// Reads what this room writes: integers, byte strings, texts, arrays.
    pub fn parse(bytes: &[u8]) -> V {
        let mut rest = bytes;
        let value = parse(&mut rest);
        assert!(rest.is_empty(), "trailing bytes");
        value
    }
}

/// A first byte with the shortest number after it.
pub fn head(major: u8, value: u64) -> Vec<u8> {
    let width = match value {
        0..=23 => return vec![major << 5 | value as u8],
        24..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    wide_head(major, value, width)
}

/// A first byte with a number of 1, 2, 4 or 8 bytes after it, whether it needs them or not.
pub fn wide_head(major: u8, value: u64, width: usize) -> Vec<u8> {
    let first = major << 5 | [(1, 24), (2, 25), (4, 26), (8, 27)].iter().find(|(w, _)| *w == width).expect("a width").1;
    let mut out = vec![first];
    out.extend_from_slice(&value.to_be_bytes()[8 - width..]);
    out
}

fn parse(rest: &mut &[u8]) -> V {
    let first = take(rest, 1)[0];
    let value = match first & 0x1f {
        small @ 0..=23 => u64::from(small),
        wide @ 24..=27 => take(rest, 1 << (wide - 24)).iter().fold(0, |value, byte| value << 8 | u64::from(*byte)),
        _ => panic!("indefinite"),
    };
    match first >> 5 {
        0 => V::Uint(value),
        2 => V::Bytes(take(rest, value as usize).to_vec()),
        3 => V::Text(take(rest, value as usize).to_vec()),
        4 => V::Array((0..value).map(|_| parse(rest)).collect()),
        other => panic!("major type {other}"),
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, after) = rest.split_at(count);
    *rest = after;
    taken
}
