//! Frames of `/stream`: one published slot each (`docs/protocol/01-wire.md`, section 7).
//!
//! ```text
//! | u32 note length | note | u32 cell count | cells |     numbers big-endian
//! ```

use alloc::vec::Vec;

use crate::cell::{CELL_BYTES, Cell};
use crate::limits::{MAX_NOTE_BYTES, MAX_SLOT_CELLS};

/// What one slot brought: its signed checkpoint and the cells since the checkpoint before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The signed checkpoint, not verified yet.
    pub note: Vec<u8>,
    /// The cells that this checkpoint covers and the one before it did not.
    pub cells: Vec<Cell>,
}

/// Why a stream's bytes are no frame. The stream is useless afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A note of no length or beyond the limit.
    #[error("a note of {found_bytes} bytes cannot be in a frame")]
    NoteLength {
        /// Length claimed.
        found_bytes: u32,
    },
    /// More cells than a slot may have.
    #[error("{found} cells are more than a slot may have")]
    TooManyCells {
        /// Cells claimed.
        found: u32,
    },
}

impl Frame {
    /// Writes the frame of a note and its cells.
    ///
    /// # Errors
    /// The note is empty or too long, or the cells are too many.
    pub fn encode(note: &[u8], cells: &[Cell]) -> Result<Vec<u8>, FrameError> {
        let note_bytes = u32::try_from(note.len()).unwrap_or(u32::MAX);
        let count = u32::try_from(cells.len()).unwrap_or(u32::MAX);
        check_note(note_bytes)?;
        check_cells(count)?;
        let mut bytes = Vec::with_capacity(8 + note.len() + cells.len() * CELL_BYTES);
        bytes.extend_from_slice(&note_bytes.to_be_bytes());
        bytes.extend_from_slice(note);
        bytes.extend_from_slice(&count.to_be_bytes());
        for cell in cells {
            bytes.extend_from_slice(cell.as_bytes());
        }
        Ok(bytes)
    }
}

/// Reads frames from a stream as its bytes come; holds at most one frame and what the caller pushed.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    buffer: Vec<u8>,
    stage: Stage,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    NoteLength,
    Note {
        bytes: usize,
    },
    CellCount {
        note: Vec<u8>,
    },
    Cells {
        note: Vec<u8>,
        missing: usize,
        cells: Vec<Cell>,
    },
    Broken(FrameError),
}

impl FrameDecoder {
    /// A decoder at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and returns the frames they complete, in order.
    ///
    /// Memory grows with the bytes received, never with what a length claims.
    ///
    /// # Errors
    /// A length beyond its limit; every later call fails alike. // W20
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
        if let Stage::Broken(error) = self.stage {
            return Err(error);
        }
        self.buffer.extend_from_slice(bytes);
        let mut frames = Vec::new();
        let mut read = 0;
        let outcome = self.advance(&mut read, &mut frames);
        self.buffer.drain(..read);
        if let Err(error) = outcome {
            self.buffer = Vec::new();
            self.stage = Stage::Broken(error);
            return Err(error);
        }
        Ok(frames)
    }

    fn advance(&mut self, read: &mut usize, frames: &mut Vec<Frame>) -> Result<(), FrameError> {
        loop {
            let rest = &self.buffer[*read..];
            match &mut self.stage {
                Stage::NoteLength => {
                    let Some(length) = rest.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)) else {
                        return Ok(());
                    };
                    check_note(length)?;
                    *read += 4;
                    self.stage = Stage::Note { bytes: length as usize };
                }
                Stage::Note { bytes } => {
                    let Some(note) = rest.get(..*bytes) else { return Ok(()) };
                    *read += *bytes;
                    self.stage = Stage::CellCount { note: note.to_vec() };
                }
                Stage::CellCount { note } => {
                    let Some(count) = rest.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)) else {
                        return Ok(());
                    };
                    check_cells(count)?;
                    *read += 4;
                    let note = core::mem::take(note);
                    self.stage = Stage::Cells { note, missing: count as usize, cells: Vec::new() };
                }
                Stage::Cells { note, missing: 0, cells } => {
                    frames.push(Frame { note: core::mem::take(note), cells: core::mem::take(cells) });
                    self.stage = Stage::NoteLength;
                }
                Stage::Cells { missing, cells, .. } => {
                    let Some(cell) = rest.first_chunk::<CELL_BYTES>() else { return Ok(()) };
                    cells.push(Cell::from_bytes(*cell));
                    *read += CELL_BYTES;
                    *missing -= 1;
                }
                Stage::Broken(error) => return Err(*error),
            }
        }
    }
}

fn check_note(bytes: u32) -> Result<(), FrameError> {
    if bytes == 0 || bytes as usize > MAX_NOTE_BYTES {
        return Err(FrameError::NoteLength { found_bytes: bytes });
    }
    Ok(())
}

fn check_cells(count: u32) -> Result<(), FrameError> {
    if count as usize > MAX_SLOT_CELLS {
        return Err(FrameError::TooManyCells { found: count });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;

    #[test]
    fn absurd_lengths_are_refused_at_once_and_for_ever() {
        let mut decoder = FrameDecoder::new();
        let error = FrameError::NoteLength { found_bytes: u32::MAX };
        assert_eq!(decoder.push(&[0xff; 4]), Err(error));
        assert_eq!(decoder.push(&[]), Err(error));

        let mut decoder = FrameDecoder::new();
        assert_eq!(decoder.push(&[0; 4]), Err(FrameError::NoteLength { found_bytes: 0 }));

        let mut decoder = FrameDecoder::new();
        let bytes = [&1u32.to_be_bytes()[..], b"n", &4_097u32.to_be_bytes()].concat();
        assert_eq!(decoder.push(&bytes), Err(FrameError::TooManyCells { found: 4_097 }));

        let mut decoder = FrameDecoder::new();
        let bytes = [&1u32.to_be_bytes()[..], b"n", &4_096u32.to_be_bytes()].concat();
        assert_eq!(decoder.push(&bytes), Ok(vec![]));
        assert!(decoder.buffer.capacity() < 1_000);
    }

    proptest! {
        #[test]
        fn frames_survive_any_cutting(
            counts in proptest::collection::vec(0usize..4, 1..4),
            cuts in proptest::collection::vec(1usize..3_000, 1..20),
        ) {
            let sent: Vec<Frame> = counts
                .iter()
                .enumerate()
                .map(|(at, count)| Frame {
                    note: vec![at as u8 + 1; 10 + at],
                    cells: (0..*count).map(|n| Cell::from_bytes([n as u8; CELL_BYTES])).collect(),
                })
                .collect();
            let bytes: Vec<u8> =
                sent.iter().flat_map(|frame| Frame::encode(&frame.note, &frame.cells).unwrap()).collect();
            let mut decoder = FrameDecoder::new();
            let mut got = Vec::new();
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                got.extend(decoder.push(now).unwrap());
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(got, sent);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..5_000)) {
            let _ = FrameDecoder::new().push(&bytes);
        }
    }
}
