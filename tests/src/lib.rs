//! The world in which everything is tested: networks, adversaries, stories.

pub mod apart;
pub mod curious;
pub mod demo;
pub mod desktop;
pub mod headless;
pub mod memory;
pub mod own_network;
pub mod own_root;
pub mod pages;
pub mod people;
pub mod relay;
pub mod spoken;
pub mod tasklist;
pub mod tornet;
pub mod vectors;
pub mod window;
pub mod world;
