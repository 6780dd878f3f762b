//! Mutations that know how formats are built: bits, pieces, lengths, numbers, words.

/// Bytes of a mutated input; growth beyond is cut.
const MAX_MUTATED_BYTES: usize = 16 << 10;
/// Bytes that are moved, repeated or taken from elsewhere at once.
const MAX_PIECE_BYTES: usize = 256;
/// Times that a piece is repeated.
const MAX_REPEATS: usize = 64;

/// Heads, numbers and words at which readers change their mind.
const TELLING: [&[u8]; 46] = [
    &[0],
    &[0xff],
    &[0xff, 0xff],
    // CBOR.
    &[0x17],
    &[0x18, 0x17],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x40],
    &[0x58, 0x20],
    &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x5f],
    &[0x80],
    &[0x98, 0x40],
    &[0x9f],
    &[0xa0],
    &[0xc0],
    &[0xf6],
    // Texts.
    b"\n",
    b"\n\n",
    b"\r\n",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b"/",
    b"\"",
    b"\"\"",
    b",",
    b";",
    b"=",
    "\u{202e}".as_bytes(),
    "\u{feff}".as_bytes(),
    b"\xc3\x28",
    b"\xed\xa0\x80",
    // JSON.
    b"{",
    b"[[[[[[[[",
    b"null",
    b"\\u0000",
    b"\\ud800",
    b"1e999",
    // HTTP.
    b"0\r\n\r\n",
    b"ffffffffffffffff\r\n",
    b"content-length: 18446744073709551615\r\n",
    b"transfer-encoding: chunked\r\n",
    b"connection: close\r\n",
    b"upgrade: websocket\r\n",
    b"HTTP/1.0",
    b"GET http://x/ HTTP/1.1\r\n\r\n",
];

/// Numbers that lengths and counts are set to.
const NUMBERS: [u64; 20] = [
    0,
    1,
    2,
    23,
    24,
    31,
    32,
    33,
    63,
    64,
    65,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    u32::MAX as u64,
    i64::MAX as u64,
    u64::MAX,
];

/// Numbers that follow from a seed and a round alone, so that any round can be lived through again by itself.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64, round: u64) -> Self {
        let mut dice = Self(seed);
        dice.0 = dice.next() ^ round;
        dice
    }

    /// The steps are those of SplitMix64 (Steele, Lea, Flood 2014).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn one_of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

/// One to five changes to one of the seeds.
pub fn mutated(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(5) {
        change(dice, &mut bytes, seeds);
        bytes.truncate(MAX_MUTATED_BYTES);
    }
    bytes
}

fn change(dice: &mut Dice, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = dice.below(bytes.len() + 1);
    let piece = dice.below(MAX_PIECE_BYTES.min(bytes.len() - at) + 1);
    match dice.below(16) {
        0..=2 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        3 if at < bytes.len() => bytes[at] = dice.below(256) as u8,
        4 => drop(bytes.drain(at..at + piece)),
        5 => bytes.truncate(at),
        6 => {
            let value = [0, 0xff, dice.below(256) as u8][dice.below(3)];
            bytes.resize(bytes.len() + dice.below(2_500), value);
        }
        7 => {
            let copy = bytes[at..at + piece].to_vec();
            let to = dice.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        8 => {
            let times = dice.below(MAX_REPEATS);
            let copies = bytes[at..at + piece].repeat(times);
            bytes.splice(at..at, copies);
        }
        // The beginning of one, the end of another.
        9 => {
            let other = &seeds[dice.below(seeds.len())];
            bytes.truncate(at);
            bytes.extend_from_slice(&other[dice.below(other.len() + 1)..]);
        }
        10 => {
            let other = &seeds[dice.below(seeds.len())];
            let from = dice.below(other.len() + 1);
            let end = other.len().min(from + MAX_PIECE_BYTES);
            bytes.splice(at..at + piece, other[from..end].iter().copied());
        }
        11 => length(dice, bytes),
        12 => decimal(dice, bytes),
        13 => {
            let telling = dice.one_of(&TELLING);
            bytes.splice(at..at, telling.iter().copied());
        }
        _ => {
            let telling = dice.one_of(&TELLING);
            let end = (at + telling.len()).min(bytes.len());
            bytes.splice(at..end, telling.iter().copied());
        }
    }
}

/// Some bytes taken as a big-endian number become one more, one less, or a number that tells.
fn length(dice: &mut Dice, bytes: &mut [u8]) {
    let width = 1 << dice.below(4);
    let Some(last) = bytes.len().checked_sub(width) else { return };
    let field = &mut bytes[dice.below(last + 1)..][..width];
    let before = field.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let after = match dice.below(4) {
        0 => before.wrapping_add(1),
        1 => before.wrapping_sub(1),
        2 => last as u64,
        _ => NUMBERS[dice.below(NUMBERS.len())],
    };
    field.copy_from_slice(&after.to_be_bytes()[8 - width..]);
}

/// The digits at some place become another number.
fn decimal(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let from = dice.below(bytes.len());
    let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit).map(|skip| from + skip) else { return };
    let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = NUMBERS[dice.below(NUMBERS.len())].to_string();
    bytes.splice(start..start + digits, number.into_bytes());
}
