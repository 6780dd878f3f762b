//! The relay address: onion key and log key in one text (`docs/protocol/01-wire.md`, section 2).
//!
//! ```text
//! <56 characters>.onion/<52 characters>
//!  onion public key,      log public key,
//!  checksum, version      base32, lower case
//! ```

use alloc::{format, string::String};
use core::{fmt, net::IpAddr, str::FromStr};

use data_encoding::BASE32_NOPAD;
use sha3::{Digest, Sha3_256};

use crate::limits::MAX_ADDRESS_CHARS;
use crate::log::note::{LogKey, ORIGIN_PREFIX};

const ONION_CHARS: usize = 56;
const LOG_KEY_CHARS: usize = 52;
const ONION_VERSION: u8 = 3;
/// Label of the checksum in Tor's rend-spec-v3, section 6 (encoding onion addresses).
const ONION_CHECKSUM_LABEL: &[u8] = b".onion checksum";

/// Who a relay is: the key of its onion service and the key that signs its log.
///
/// Made only by [`FromStr`] or [`RelayAddress::new`], so both keys are known to be usable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayAddress {
    onion: [u8; 32],
    log: [u8; 32],
}

/// Why a text is not a relay address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was given.
    #[error("no relay address was given")]
    Empty,
    /// Longer than any address.
    #[error("a text of more than 512 characters is no relay address")]
    TooLong,
    /// A scheme such as `http://`.
    #[error("a relay address has no scheme in front")]
    Scheme,
    /// An IP address.
    #[error("a relay is reached over Tor only, never at an IP address")]
    IpAddress,
    /// A name or address of this very computer.
    #[error("a relay is never this computer itself")]
    Loopback,
    /// A name that is no onion address.
    #[error("a relay is reached over Tor only, never under a clearnet name")]
    ClearnetName,
    /// A port.
    #[error("a relay address names no port")]
    Port,
    /// The onion name has another length than 56 characters: cut short, or an old version.
    #[error("an onion name has 56 characters, not {found_chars}")]
    OnionLength {
        /// Characters found before `.onion`.
        found_chars: usize,
    },
    /// A character that lower-case base32 does not have.
    #[error("a relay address is written in a-z and 2-7 only")]
    NotBase32,
    /// An onion version other than 3.
    #[error("onion version {version} is not supported, only 3")]
    OnionVersion {
        /// The version in the name.
        version: u8,
    },
    /// A typing error in the onion name.
    #[error("the onion name has a typing error: its checksum does not match")]
    OnionChecksum,
    /// The onion name holds no usable Ed25519 key.
    #[error("the onion name holds no usable key")]
    OnionKey,
    /// The part after the slash is missing: only half of the address was copied.
    #[error("the second half of the relay address, after the slash, is missing")]
    LogKeyMissing,
    /// The part after the slash has another length than 52 characters.
    #[error("the second half of a relay address has 52 characters, not {found_chars}")]
    LogKeyLength {
        /// Characters found after the slash.
        found_chars: usize,
    },
    /// The part after the slash holds no usable Ed25519 key.
    #[error("the second half of the relay address holds no usable key")]
    LogKey,
}

impl RelayAddress {
    /// Puts an address together from the two public keys.
    ///
    /// # Errors
    /// [`AddressError::OnionKey`] or [`AddressError::LogKey`] if one of them is not a usable Ed25519
    /// key (not a point, of small order, or not in its canonical form).
    pub fn new(onion: [u8; 32], log: [u8; 32]) -> Result<Self, AddressError> {
        LogKey::new(onion).map_err(|_| AddressError::OnionKey)?;
        LogKey::new(log).map_err(|_| AddressError::LogKey)?;
        Ok(Self { onion, log })
    }

    /// Public key of the onion service.
    pub fn onion(&self) -> &[u8; 32] {
        &self.onion
    }

    /// The key that signs the relay's notes.
    pub fn log_key(&self) -> LogKey {
        LogKey::new(self.log).expect("the key was checked when the address was made")
    }

    /// The name to connect to inside Tor, `<56 characters>.onion`; the port is always 80.
    pub fn onion_host(&self) -> String {
        let [low, high] = onion_checksum(&self.onion);
        let mut bytes = [0; 35];
        bytes[..32].copy_from_slice(&self.onion);
        bytes[32..].copy_from_slice(&[low, high, ONION_VERSION]);
        format!("{}.onion", base32(&bytes))
    }

    /// First line of the relay's checkpoints and name of its note key.
    pub fn origin(&self) -> String {
        format!("{ORIGIN_PREFIX}{}", base32(&self.log))
    }
}

impl fmt::Display for RelayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.onion_host(), base32(&self.log))
    }
}

impl fmt::Debug for RelayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RelayAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.len() > MAX_ADDRESS_CHARS {
            return Err(AddressError::TooLong);
        }
        if text.contains("://") {
            return Err(AddressError::Scheme);
        }
        let (host, log) = match text.split_once('/') {
            Some((host, log)) => (host, Some(log)),
            None => (text, None),
        };
        let onion = onion_key(host)?; // W4
        let log = log.filter(|log| !log.is_empty()).ok_or(AddressError::LogKeyMissing)?;
        if log.len() != LOG_KEY_CHARS {
            return Err(AddressError::LogKeyLength { found_chars: log.chars().count() });
        }
        let log = unbase32::<32>(log)?;
        Self::new(onion, log) // W5
    }
}

fn onion_key(host: &str) -> Result<[u8; 32], AddressError> {
    let Some(name) = host.strip_suffix(".onion") else {
        return Err(not_onion(host)); // W3
    };
    if name.len() != ONION_CHARS {
        return Err(AddressError::OnionLength { found_chars: name.chars().count() });
    }
    let bytes = unbase32::<35>(name)?;
    let key: [u8; 32] = *bytes.first_chunk().expect("35 bytes hold 32");
    let version = bytes[34];
    if version != ONION_VERSION {
        return Err(AddressError::OnionVersion { version });
    }
    if bytes[32..34] != onion_checksum(&key) {
        return Err(AddressError::OnionChecksum);
    }
    Ok(key)
}

/// Says what a host is that is no onion name, so that the person is told the right thing.
fn not_onion(host: &str) -> AddressError {
    let bare = host.strip_prefix('[').unwrap_or(host);
    let bare = bare.split_once(']').map_or(bare, |(address, _)| address);
    let (before_port, port) = match bare.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') => (name, Some(port)),
        _ => (bare, None),
    };
    if let Ok(address) = before_port.parse::<IpAddr>() {
        return if address.is_loopback() { AddressError::Loopback } else { AddressError::IpAddress };
    }
    let lower = before_port.to_ascii_lowercase();
    if lower == "localhost" || lower.ends_with(".localhost") {
        return AddressError::Loopback;
    }
    if lower.ends_with(".onion") {
        return if port.is_some() { AddressError::Port } else { AddressError::NotBase32 };
    }
    AddressError::ClearnetName
}

fn onion_checksum(key: &[u8; 32]) -> [u8; 2] {
    let mut hasher = Sha3_256::new();
    hasher.update(ONION_CHECKSUM_LABEL);
    hasher.update(key);
    hasher.update([ONION_VERSION]);
    let digest: [u8; 32] = hasher.finalize().into();
    [digest[0], digest[1]]
}

/// Lower-case base32 without padding (RFC 4648).
pub(crate) fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

pub(crate) fn unbase32<const BYTES: usize>(text: &str) -> Result<[u8; BYTES], AddressError> {
    // Upper case would be a second text for the same address.
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(AddressError::NotBase32);
    }
    let bytes = BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).map_err(|_| AddressError::NotBase32)?;
    bytes.try_into().map_err(|_| AddressError::NotBase32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::note::LogSigner;
    use proptest::prelude::*;
    use std::string::ToString;

    /// The onion name of the Tor Project's own site, as published; the checksum is theirs, not ours.
    const KNOWN_ONION: &str = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion";

    fn key(seed: u8) -> [u8; 32] {
        *LogSigner::from_seed(&[seed; 32]).key().as_bytes()
    }

    fn sample() -> RelayAddress {
        RelayAddress::new(key(1), key(2)).expect("both are keys")
    }

    #[test]
    fn a_published_onion_name_is_read_and_written_alike() {
        let onion = onion_key(KNOWN_ONION).unwrap();
        assert_eq!(RelayAddress::new(onion, key(2)).unwrap().onion_host(), KNOWN_ONION);
    }

    #[test]
    fn text_round_trips() {
        let text = sample().to_string();
        assert_eq!(text.len(), crate::limits::RELAY_ADDRESS_CHARS);
        assert_eq!(text.parse(), Ok(sample()));
        assert_eq!(sample().origin(), std::format!("pursuance.relay/{}", &text[63..]));
        assert_eq!(sample().log_key().origin(), sample().origin());
    }

    #[test]
    fn everything_else_has_its_error() {
        let good = sample().to_string();
        let (onion, log) = good.split_once('/').unwrap();
        let cases = [
            (std::string::String::new(), AddressError::Empty),
            ("x".repeat(513), AddressError::TooLong),
            (std::format!("http://{good}"), AddressError::Scheme),
            (std::format!("127.0.0.1/{log}"), AddressError::Loopback),
            (std::format!("127.0.0.1:8080/{log}"), AddressError::Loopback),
            (std::format!("[::1]:80/{log}"), AddressError::Loopback),
            (std::format!("localhost:1/{log}"), AddressError::Loopback),
            (std::format!("10.1.2.3/{log}"), AddressError::IpAddress),
            (std::format!("[2001:db8::1]:80/{log}"), AddressError::IpAddress),
            (std::format!("2001:db8::1/{log}"), AddressError::IpAddress),
            (std::format!("relay.example.org/{log}"), AddressError::ClearnetName),
            (std::format!("{onion}.example.org/{log}"), AddressError::ClearnetName),
            (std::format!("{onion}:80/{log}"), AddressError::Port),
            (std::format!("expyuzz4wqqyqhjn.onion/{log}"), AddressError::OnionLength { found_chars: 16 }),
            (good[3..].to_string(), AddressError::OnionLength { found_chars: 53 }),
            (good.to_ascii_uppercase(), AddressError::NotBase32),
            (std::format!("{}/{log}", onion.replacen(|_| true, "0", 1)), AddressError::NotBase32),
            (onion.to_string(), AddressError::LogKeyMissing),
            (std::format!("{onion}/"), AddressError::LogKeyMissing),
            (good[..good.len() - 1].to_string(), AddressError::LogKeyLength { found_chars: 51 }),
            (std::format!("{good}a"), AddressError::LogKeyLength { found_chars: 53 }),
            (std::format!("{onion}/{}", "z".repeat(52)), AddressError::NotBase32),
            (std::format!("{onion}/{}", base32(&[1; 32].map(|_: u8| 0))), AddressError::LogKey),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<RelayAddress>(), Err(error), "{text}");
        }
    }

    #[test]
    fn version_and_checksum_are_checked() {
        let log = base32(&key(2));
        let with = |checksum: [u8; 2], version: u8| {
            let bytes = [key(1).as_slice(), &checksum, &[version]].concat();
            std::format!("{}.onion/{log}", base32(&bytes)).parse::<RelayAddress>()
        };
        let [low, high] = onion_checksum(&key(1));
        assert_eq!(with([low, high], 3), Ok(sample()));
        assert_eq!(with([low ^ 1, high], 3), Err(AddressError::OnionChecksum));
        assert_eq!(with([low, high], 4), Err(AddressError::OnionVersion { version: 4 }));
        let [low, high] = onion_checksum(&[0; 32]); // a point of order 4
        let bytes = [[0; 32].as_slice(), &[low, high, 3]].concat();
        let weak = std::format!("{}.onion/{log}", base32(&bytes));
        assert_eq!(weak.parse::<RelayAddress>(), Err(AddressError::OnionKey));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = text.parse::<RelayAddress>();
        }

        #[test]
        fn one_changed_character_is_noticed_in_the_onion_half(at in 0usize..56, to in "[a-z2-7]") {
            let good = sample().to_string();
            let mut bent = good.clone();
            bent.replace_range(at..=at, &to);
            prop_assume!(bent != good);
            prop_assert!(bent.parse::<RelayAddress>().is_err());
        }
    }
}
