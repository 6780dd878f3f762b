//! What a start needs to know: directories, and arti's own settings (docs/protocol, chapter "How bytes travel").

use std::path::{Path, PathBuf};

use arti_client::TorClientConfig;
use arti_client::config::{CfgPath, TorClientConfigBuilder};
use toml::{Table, Value};

use crate::OnionError;
use crate::bridge::{Bridge, bridge_program, transport};

/// Where a [`Tor`](crate::Tor) keeps its state, and on which network it runs.
#[derive(Clone, Debug)]
pub struct TorConfig {
    /// Guards, vanguards and introduction points; made with mode 0700 if missing. One per running [`Tor`](crate::Tor).
    pub state_dir: PathBuf,
    /// The network's public directory; may be deleted between runs. One per running [`Tor`](crate::Tor).
    pub cache_dir: PathBuf,
    /// arti's settings as TOML, over the defaults of this room: for bridges, or for a private test network.
    /// `None` is the public Tor network. The directories and the keystore cannot be set here.
    pub toml: Option<String>,
    /// If there are any, Tor is reached by these and in no other way.
    pub bridges: Vec<Bridge>,
}

/// Settings that hold unless the caller's TOML says otherwise.
///
/// Full vanguards: an onion service that runs for months is where guard discovery pays, and the
/// devices that visit it all behave alike. They cost at most one hop on some circuits.
const DEFAULTS: &str = "vanguards.mode = 'full'";

/// Settings that hold whatever the caller's TOML says: no key of ours is ever written by arti,
/// and nothing but onion addresses is connected to.
const FIXED: &str = "
    storage.keystore = { enabled = true, primary = { kind = 'ephemeral' } }
    address_filter = { allow_onion_addrs = true, allow_local_addrs = false }
";

impl TorConfig {
    /// Checks and turns this into arti's form.
    pub(crate) fn to_arti(&self) -> Result<TorClientConfig, OnionError> {
        let mut settings = table(DEFAULTS);
        if let Some(theirs) = &self.toml {
            overlay(&mut settings, toml::from_str(theirs).map_err(OnionError::UnreadableSettings)?);
        }
        overlay(&mut settings, table(FIXED));
        let mut builder: TorClientConfigBuilder =
            Value::Table(settings).try_into().map_err(OnionError::UnreadableSettings)?;
        builder.storage().state_dir(literal(&self.state_dir)).cache_dir(literal(&self.cache_dir));
        let bridges = builder.bridges();
        self.bridges.iter().for_each(|bridge| bridges.bridges().push(bridge.settings.clone()));
        if self.bridges.iter().any(Bridge::needs_program) {
            // Without it these bridges are not reached, and nothing else is tried in their place.
            bridge_program().iter().for_each(|program| bridges.transports().push(transport(program)));
        }
        builder.build().map_err(OnionError::UnusableSettings)
    }
}

/// The path as it stands: without this arti would expand `~` and `${…}` in it.
pub(crate) fn literal(path: &Path) -> CfgPath {
    CfgPath::new_literal(path)
}

fn table(text: &str) -> Table {
    toml::from_str(text).expect("our own settings are TOML")
}

/// Lays one table over another: deeper tables are merged, everything else is replaced.
fn overlay(under: &mut Table, over: Table) {
    for (name, value) in over {
        match (under.get_mut(&name), value) {
            (Some(Value::Table(below)), Value::Table(above)) => overlay(below, above),
            (_, value) => {
                under.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(toml: Option<&str>) -> TorConfig {
        TorConfig {
            state_dir: "/nowhere/state".into(),
            cache_dir: "/nowhere/cache".into(),
            toml: toml.map(str::to_owned),
            bridges: Vec::new(),
        }
    }

    #[test]
    fn overlay_merges_tables_and_replaces_values() {
        let mut under = table("a = 1\nb = { c = 2, d = 3 }");
        overlay(&mut under, table("b = { c = 4 }\ne = 5"));
        assert_eq!(under, table("a = 1\nb = { c = 4, d = 3 }\ne = 5"));
    }

    #[test]
    fn keys_stay_in_memory_whatever_the_settings_say() {
        let plain = config(None).to_arti().expect("the defaults are usable");
        let native = config(Some("storage.keystore.primary.kind = 'native'")).to_arti().expect("usable");
        assert_eq!(format!("{:?}", plain.keystore()), format!("{:?}", native.keystore()));
        assert!(format!("{:?}", native.keystore()).contains("Ephemeral"));
    }

    #[test]
    fn vanguards_are_full_unless_a_test_network_is_too_small() {
        let mode = |toml| {
            format!(
                "{:?}",
                AsRef::<arti_client::config::vanguards::VanguardConfig>::as_ref(
                    &config(toml).to_arti().expect("usable")
                )
            )
        };
        assert!(mode(None).contains("Full"), "{}", mode(None));
        assert!(mode(Some("vanguards.mode = 'lite'")).contains("Lite"));
    }

    #[test]
    fn bad_settings_are_told_apart() {
        assert!(matches!(config(Some("= no")).to_arti(), Err(OnionError::UnreadableSettings(_))));
        assert!(matches!(config(Some("vanguards.mode = 7")).to_arti(), Err(OnionError::UnreadableSettings(_))));
        assert!(matches!(config(Some("bridges.enabled = true")).to_arti(), Err(OnionError::UnusableSettings(_))));
    }
}
