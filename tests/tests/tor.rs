//! The one test program that runs over a real (private, loopback) Tor network.
//!
//! All its tests share [`TorNet::shared`](pursuance_tests::tornet::TorNet::shared). Each has one overall
//! deadline, and inside it everything that depends on the network is tried again.

mod tor {
    mod bridges;
    mod moving;
    mod onion_roundtrip;
    mod path;
    mod relay;
    mod resting;
    mod unreachable;
}
