//! The rules as people write and read them: text, questions, differences, and the way from one table to another
//! (docs/protocol/09-rules-text.md).
//!
//! What is stored is always the table ([`crate::rule::RuleTable`]). Everything here is a way to look at one.

mod meaning;
mod names;
mod parse;
mod print;
mod problem;
mod scanner;
mod syntax;
mod words;

pub use meaning::{Meaningless, meaning};
pub use parse::{Mention, Parsed, parse, parse_amending};
pub use print::print;
pub use problem::{Expected, ParseError, Place, Problem};

/// Bytes of a text; every table that can be fits, printed.
pub const MAX_RULES_TEXT_BYTES: usize = 1 << 20;
/// Characters of a text that an error shows.
pub const MAX_SHOWN_CHARS: usize = 40;

#[cfg(test)]
mod tests;
