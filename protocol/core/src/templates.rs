//! Rules to start with, for four kinds of groups and a plain one (docs/protocol/04-authority.md, "Genesis"). What each is for, its
//! charter and its first tasks are words of the window.

use crate::founding::starting_rules;
use crate::language::parse;
use crate::rule::RuleTable;

/// A set of roles and rules that somebody can start with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Template {
    /// Organisers and members: the least.
    #[default]
    Plain,
    /// A flat group of people who know each other.
    AffinityGroup,
    /// Desks that read their own tasks each.
    LeakDesk,
    /// Many hands, few of them known.
    VolunteerCampaign,
    /// Anybody may call, triage takes up what fits.
    OpenCall,
}

impl Template {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Plain, Self::AffinityGroup, Self::LeakDesk, Self::VolunteerCampaign, Self::OpenCall];

    /// Its roles and rules. The founder gets the first role.
    #[must_use]
    pub fn table(self) -> RuleTable {
        let text = match self {
            Self::Plain => return starting_rules(),
            Self::AffinityGroup => include_str!("templates/affinity-group.rules"),
            Self::LeakDesk => include_str!("templates/leak-desk.rules"),
            Self::VolunteerCampaign => include_str!("templates/volunteer-campaign.rules"),
            Self::OpenCall => include_str!("templates/open-call.rules"),
        };
        parse(text).expect("each is read by a test").table
    }
}
