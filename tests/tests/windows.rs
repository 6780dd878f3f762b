//! Real windows, without Tor: run with `--test-threads=1`, as `./x test` does.

#[path = "windows/at_size.rs"]
mod at_size;
#[path = "windows/demo.rs"]
mod demo;
#[path = "windows/first_start.rs"]
mod first_start;
#[path = "windows/hostile_page.rs"]
mod hostile_page;
#[path = "windows/packets.rs"]
mod packets;
#[path = "windows/people.rs"]
mod people;
#[path = "windows/secrets.rs"]
mod secrets;
