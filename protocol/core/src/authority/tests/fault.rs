//! Mistakes made on purpose, so that a test can see that a property notices them (`broken.rs`).

use core::cell::Cell;

/// What is done wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// What was put in doubt is not judged again: what came first to whom matters.
    DoubtIsForgotten,
    /// The definition does not know that a removal takes the acts of the removed away.
    DefinitionLacksARule,
    /// What was held when a machine stopped is not in its store.
    HeldIsNotStored,
    /// What stands in a past is judged by all that is known now.
    PastsKnowBetter,
}

std::thread_local! {
    static MADE: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Whether this mistake is made.
pub(crate) fn is_made(fault: Fault) -> bool {
    MADE.get() == Some(fault)
}

/// Does something while a mistake is made, and none afterwards, even where that panics.
pub(crate) fn making<T>(fault: Fault, does: impl FnOnce() -> T) -> T {
    struct Back;
    impl Drop for Back {
        fn drop(&mut self) {
            MADE.set(None);
        }
    }
    MADE.set(Some(fault));
    let _back = Back;
    does()
}
