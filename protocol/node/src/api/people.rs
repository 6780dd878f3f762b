//! Who is in and who comes in: phrases, computers, codes, invites.

use pursuance_core::refusal::Refusal;
use pursuance_core::view::{DeviceView, InviteView, PreviewView};
use serde::Serialize;
use zeroize::Zeroizing;

/// What to compare aloud with somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct PhraseView {
    /// Four words.
    pub words: Vec<String>,
    /// When I noted last that they were the same, by this computer's clock, seconds since 1970.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub compared_seconds: Option<u64>,
}

/// The words of a recovery phrase: overwritten when they are dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryWords(Zeroizing<Vec<String>>);

impl RecoveryWords {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self(Zeroizing::new(words))
    }

    /// The words, in their order.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl std::fmt::Debug for RecoveryWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecoveryWords").finish_non_exhaustive()
    }
}

impl Serialize for RecoveryWords {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// My computers in a pursuance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct DevicesView {
    /// The one I came with first, then as they were added; none that is out.
    pub devices: Vec<DeviceView>,
    /// I declared a recovery key, so that there is a phrase.
    pub has_recovery: bool,
    /// The code shown for one more, if there is one.
    pub code: Option<CodeView>,
}

/// A code for one more computer of mine.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct CodeView {
    /// The code.
    pub code: String,
    /// The same as a QR code: one string a row, `#` dark and ` ` light.
    pub qr: Vec<String>,
    /// Seconds since 1970 until when it is taken.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub until_seconds: u64,
    /// What became of it.
    pub state: CodeState,
}

impl std::fmt::Debug for CodeView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The code is never printed.
        f.debug_struct("CodeView").field("state", &self.state).finish_non_exhaustive()
    }
}

/// What became of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum CodeState {
    /// Nobody answered it yet.
    Open,
    /// A computer answered it, with the phrase, and is mine.
    Answered,
    /// One answered it, with the phrase, and cannot be mine.
    Refused {
        /// Why.
        refusal: Refusal,
    },
}

/// An invite with its link, where it was made here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct InviteRow {
    /// What the pursuance knows of it.
    pub invite: InviteView,
    /// The link; `null` when it was made on another computer.
    pub link: Option<String>,
    /// The link as a QR code: one string a row, `#` dark and ` ` light; empty without a link.
    pub qr: Vec<String>,
    /// A relay signed for the preview, so that the link works for others.
    pub handed: bool,
}

/// How far the preview of an invite has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PreviewState {
    /// Still looking for it at the relay.
    Looking,
    /// Here it is.
    Here {
        /// What it shows.
        preview: PreviewView,
    },
    /// This computer is to be one more of mine, and waits for the one that shows the code.
    Coming {
        /// Seconds since 1970 when the code was answered.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        since_seconds: u64,
        /// A relay signed for the answer.
        handed: bool,
    },
    /// I joined and wait to be welcomed.
    Waiting {
        /// What it showed.
        preview: PreviewView,
        /// Seconds since 1970 when I joined.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        since_seconds: u64,
        /// A relay signed for my join.
        handed: bool,
    },
}
