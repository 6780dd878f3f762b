//! Golden logs of authority: what follows from a log by the rules, and what does not, though one could think so.

use super::Shelf;

mod stage;

mod alone;
mod hard;
mod people;
mod together;

pub fn make(shelf: &mut Shelf) {
    for play in alone::CASES.iter().chain(together::CASES).chain(people::CASES).chain(hard::CASES) {
        play().shelve(shelf);
    }
}
