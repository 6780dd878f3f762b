//! Proofs against relays, for whoever is to be convinced (docs/protocol/08-node.md, section 4).

use std::io::Write;

use pursuance_wire::RelayAddress;

use crate::api::{Reply, Trouble};
use crate::engine::{Open, Surroundings};
use crate::outside::{NewFile, named, refused};

/// What the name of such a file ends in.
const ENDING: &str = "evidence";

impl Open {
    /// Writes the proof that a relay broke its word into a new file: what `pursuance-relay verify-evidence` reads.
    pub(crate) fn export_evidence(&self, around: &Surroundings, relay: &str, path: &str) -> Result<Reply, Trouble> {
        let address: RelayAddress = relay.parse().map_err(|_| Trouble::NoEvidence)?;
        let relay = self.relays.known.get(&address).filter(|relay| relay.has_proof).ok_or(Trouble::NoEvidence)?;
        let path = named(path, ENDING)?;
        let mut file = NewFile::beside(&path, around.folder.path())?;
        file.write_all(&self.store.evidence(relay.number)?).map_err(|error| refused(&error))?;
        Ok(Reply::Written { path: path.display().to_string(), bytes: file.keep()? })
    }
}
