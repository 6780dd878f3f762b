//! The world in which everything is tested: networks, adversaries, stories.

pub mod people;
pub mod tornet;
pub mod vectors;
pub mod window;
pub mod world;
