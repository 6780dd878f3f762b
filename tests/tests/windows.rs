//! Real windows, without Tor: run with `--test-threads=1`, as `./x test` does.

#[path = "windows/arrested.rs"]
mod arrested;
#[path = "windows/at_size.rs"]
mod at_size;
#[path = "windows/by_keys.rs"]
mod by_keys;
#[path = "windows/demo.rs"]
mod demo;
#[path = "windows/desk.rs"]
mod desk;
#[path = "windows/devices.rs"]
mod devices;
#[path = "windows/erased.rs"]
mod erased;
#[path = "windows/exchange.rs"]
mod exchange;
#[path = "windows/figures.rs"]
mod figures;
#[path = "windows/first_start.rs"]
mod first_start;
#[path = "windows/focus.rs"]
mod focus;
#[path = "windows/governing.rs"]
mod governing;
#[path = "windows/hostile_page.rs"]
mod hostile_page;
#[path = "windows/hostile_text.rs"]
mod hostile_text;
#[path = "windows/large.rs"]
mod large;
#[path = "windows/many.rs"]
mod many;
#[path = "windows/modified.rs"]
mod modified;
#[path = "windows/opening.rs"]
mod opening;
#[path = "windows/packaged.rs"]
mod packaged;
#[path = "windows/packets.rs"]
mod packets;
#[path = "windows/people.rs"]
mod people;
#[allow(dead_code, reason = "the node's tests need more of it")]
#[path = "../../protocol/node/tests/hostile/rogue.rs"]
mod rogue;
#[path = "windows/screens.rs"]
mod screens;
#[path = "windows/secrets.rs"]
mod secrets;
#[path = "windows/since.rs"]
mod since;
#[path = "windows/spoken.rs"]
mod spoken;
#[path = "windows/templates.rs"]
mod templates;
#[path = "windows/working.rs"]
mod working;
