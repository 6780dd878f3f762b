//! Cuts a text into words, quoted words and signs, each with its place; at most one is looked at ahead.

use alloc::string::String;
use core::iter::Peekable;
use core::str::CharIndices;

use super::problem::{Expected, ParseError, Place, Problem};
use crate::codec::is_clean_char;
use crate::limits::MAX_NAME_BYTES;

/// One piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// As it stands.
    Word(&'t str),
    /// What stood in quotation marks.
    Quoted(String),
    /// `{`
    Begin,
    /// `}`
    End,
    /// `;`
    Semicolon,
    /// Nothing more.
    Nothing,
}

/// A piece and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At<'t> {
    pub(super) token: Token<'t>,
    pub(super) place: Place,
}

impl At<'_> {
    /// That something is wrong with it.
    pub(super) fn wrong(&self, problem: Problem) -> ParseError {
        let found = match &self.token {
            Token::Word(word) => word,
            Token::Quoted(text) => text.as_str(),
            Token::Begin => "{",
            Token::End => "}",
            Token::Semicolon => ";",
            Token::Nothing => "",
        };
        ParseError::new(self.place, found, problem)
    }
}

/// See the module.
pub(super) struct Scanner<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
    place: Place,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        // Some editors put this mark before everything.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { text, chars: text.char_indices().peekable(), place: Place { line: 1, column: 1 } }
    }

    /// The next piece; `Nothing` from the end on.
    ///
    /// # Errors
    /// [`Problem::ForbiddenCharacter`], [`Problem::NotClosed`], [`Problem::NameTooLong`], a wrong escape.
    pub(super) fn next(&mut self) -> Result<At<'t>, ParseError> {
        self.skip()?;
        let place = self.place;
        let Some((from, c)) = self.step()? else { return Ok(At { token: Token::Nothing, place }) };
        let token = match c {
            '{' => Token::Begin,
            '}' => Token::End,
            ';' => Token::Semicolon,
            '"' => Token::Quoted(self.quoted(place)?),
            _ => {
                while self.chars.peek().is_some_and(|(_, c)| !is_end(*c)) {
                    self.step()?;
                }
                let to = self.chars.peek().map_or(self.text.len(), |(at, _)| *at);
                Token::Word(&self.text[from..to])
            }
        };
        Ok(At { token, place })
    }

    /// White space and comments.
    fn skip(&mut self) -> Result<(), ParseError> {
        while let Some((_, c)) = self.chars.peek() {
            match c {
                '#' => {
                    while self.chars.peek().is_some_and(|(_, c)| *c != '\n') {
                        self.step()?;
                    }
                }
                c if c.is_whitespace() => drop(self.step()?),
                _ => break,
            }
        }
        Ok(())
    }

    /// G2: one character on.
    fn step(&mut self) -> Result<Option<(usize, char)>, ParseError> {
        let Some((at, c)) = self.chars.next() else { return Ok(None) };
        let ends_line = c == '\r' && matches!(self.chars.peek(), Some((_, '\n')));
        if !is_clean_char(c) && !ends_line {
            let found = self.text[at..].get(..c.len_utf8()).unwrap_or_default();
            return Err(ParseError::new(self.place, found, Problem::ForbiddenCharacter));
        }
        if c == '\n' {
            self.place = Place { line: self.place.line + 1, column: 1 };
        } else {
            self.place.column += 1;
        }
        Ok(Some((at, c)))
    }

    /// What stands until the closing mark.
    fn quoted(&mut self, begin: Place) -> Result<String, ParseError> {
        let mut name = String::new();
        loop {
            let place = self.place;
            let next = self.step()?;
            let c = match next {
                None | Some((_, '\n')) => return Err(ParseError::new(begin, "\"", Problem::NotClosed)),
                Some((_, '"')) => break,
                Some((_, '\\')) => {
                    let wrong = Problem::Expected { expected: [Expected::Escape].into(), nearest: None };
                    match self.step()? {
                        Some((_, c @ ('"' | '\\'))) => c,
                        Some((_, 'n')) => '\n',
                        Some((_, 't')) => '\t',
                        _ => return Err(ParseError::new(place, "\\", wrong)),
                    }
                }
                Some((_, c)) => c,
            };
            name.push(c);
            if name.len() > MAX_NAME_BYTES {
                let max_bytes = MAX_NAME_BYTES as u32;
                return Err(ParseError::new(begin, &name, Problem::NameTooLong { max_bytes }));
            }
        }
        match self.chars.peek() {
            Some((at, c)) if !is_end(*c) => {
                let found = &self.text[*at..*at + c.len_utf8()];
                let wrong = Problem::Expected { expected: [Expected::Separator].into(), nearest: None };
                Err(ParseError::new(self.place, found, wrong))
            }
            _ => Ok(name),
        }
    }
}

/// Whether a word ends before it.
const fn is_end(c: char) -> bool {
    matches!(c, '{' | '}' | ';' | '#' | '"') || c.is_whitespace()
}
