//! Puts the three commands under permissions, and says what to do when the screens were not built.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=../ui/dist");
    if !Path::new("../ui/dist/index.html").is_file() {
        println!("cargo::error=the screens are not built (ui/dist/index.html is missing): run `./x ui` first");
        return;
    }
    // Without this list every window could call every command; with it a capability must name each one.
    let manifest = tauri_build::AppManifest::new().commands(&["request", "view", "watch"]);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    if let Err(trouble) = tauri_build::try_build(attributes) {
        println!("cargo::error={}", format!("{trouble:#}").replace('\n', " "));
    }
}
