//! The rules as people write and read them: text, questions, differences, and the way from one table to another
//! (docs/protocol/09-rules-text.md).
//!
//! What is stored is always the table ([`crate::rule::RuleTable`]). Everything here is a way to look at one.

mod changes;
mod climbing;
mod difference;
mod meaning;
mod names;
mod parse;
mod print;
mod problem;
mod rights;
mod scanner;
mod syntax;
mod words;

pub use changes::{Course, CourseError, course};
pub use climbing::{Climb, Signing, TooHigh, climbs, needs_rank_0, refuses};
pub use difference::{Difference, RightsDifference, RoleDifference, Shift, Turn, difference, rights_difference};
pub use meaning::{Meaningless, meaning};
pub use parse::{Mention, Parsed, parse, parse_amending};
pub use print::print;
pub use problem::{Expected, ParseError, Place, Problem};
pub use rights::{Answer, Line, May, Right, could, lines, rights};

#[cfg(test)]
mod judged;
#[cfg(test)]
mod tests;
