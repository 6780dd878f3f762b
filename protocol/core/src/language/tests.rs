//! The language as a whole: examples, errors, and that printing and parsing are inverse.
