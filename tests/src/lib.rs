//! The world in which everything is tested: networks, adversaries, stories.

pub mod tornet;
pub mod window;
pub mod people;
pub mod vectors;
pub mod world;
