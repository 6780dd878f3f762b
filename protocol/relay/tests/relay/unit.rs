//! The service file: systemd understands every line, and nothing that protects the machine or the keys has gone missing.

use std::process::Command;

const UNIT: &str = include_str!("../../pursuance-relay.service");
const PROGRAM: &str = "/usr/local/bin/pursuance-relay";

#[test]
fn the_service_file_is_understood_and_complete() {
    let mut settings = Vec::new();
    for line in UNIT.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '['])) {
        let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("no setting: {line}"));
        assert!(key.chars().all(|letter| letter.is_ascii_alphabetic()), "{line}");
        settings.push((key, value));
    }
    for (key, value) in [
        ("DynamicUser", "yes"),
        ("StateDirectoryMode", "0700"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("CapabilityBoundingSet", ""),
        ("SystemCallFilter", "@system-service"),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ("LimitCORE", "0"),
        ("MemoryMax", "1G"),
        ("Restart", "on-failure"),
    ] {
        assert!(settings.contains(&(key, value)), "{key}={value} is missing");
    }
    let start = settings.iter().find(|(key, _)| *key == "ExecStart").expect("it starts something").1;
    let arguments = start.strip_prefix(PROGRAM).expect("the program of the guide");
    assert_eq!(arguments, " serve --data /var/lib/pursuance-relay");
    assert!(settings.contains(&("StateDirectory", "pursuance-relay")), "the directory of --data");

    // systemd's own opinion, where it is there. It warns of what it does not know, and succeeds.
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("pursuance-relay.service");
    std::fs::write(&file, UNIT.replace(PROGRAM, env!("CARGO_BIN_EXE_pursuance-relay"))).expect("ours");
    match Command::new("systemd-analyze").arg("verify").arg(&file).output() {
        Err(error) => println!("systemd-analyze: {error}; its opinion was not asked"),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let ours: Vec<&str> = said.lines().filter(|line| line.contains("pursuance-relay.service")).collect();
            assert!(ours.is_empty(), "{ours:?}");
        }
    }
}
