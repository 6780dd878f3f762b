//! What is to be seen, from what is held (docs/protocol/08-node.md, section 9).

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use pursuance_core::crypto::Seed;
use pursuance_core::day::Day;
use pursuance_core::filter::Filter;
use pursuance_core::history::HistoryView;
use pursuance_core::id::{MemberId, PursuanceId, TaskId};
use pursuance_core::list::Arranged;
use pursuance_core::pages::{Dropped, PageQuery, Places};
use pursuance_core::shelf::Shelf;
use pursuance_core::weeks::WeeksView;
use qrcode::{Color, EcLevel, QrCode};

use crate::api::{InviteRow, LogView, PhraseView, PreviewState, Query, RelayView, Trouble, View};
use crate::chance::random;
use crate::engine::{Open, Surroundings};
use crate::held::{Held, Way};
use crate::import;
use crate::phrase::phrase;
use crate::store::{KeptStanding, ListedEntry, PostCounts, Which};

/// Entries of one page of the log.
const LOG_ROWS: usize = 50;

/// Folded tasks that are looked at: as many as an import brings.
const MAX_FOLDED: usize = 5_000;

impl Open {
    pub(crate) fn view(&mut self, around: &Surroundings, query: &Query) -> Result<View, Trouble> {
        let today = Day::of_seconds(around.clock.now_seconds());
        match query {
            // The engine's own.
            Query::App => Err(Trouble::Malformed),
            Query::Tree { pursuance, first, folded, filter, dropped, around } => {
                let all = self.places(*pursuance)?;
                let held = self.held(*pursuance)?;
                let page = PageQuery {
                    first: *first,
                    folded: &folded.iter().take(MAX_FOLDED).copied().collect(),
                    filter: &Filter::parse(filter, today),
                    dropped: dropped_rows(*dropped),
                    around: *around,
                    all: &all,
                };
                Ok(View::Tree(held.replica.tree_page(&page, &|entry| held.is_handed(entry))))
            }
            Query::List { pursuance, first, filter, dropped, around, status, sort, direction, group } => {
                let all = self.places(*pursuance)?;
                let held = self.held(*pursuance)?;
                let page = PageQuery {
                    first: *first,
                    folded: &BTreeSet::new(),
                    filter: &Filter::parse(filter, today),
                    dropped: dropped_rows(*dropped),
                    around: *around,
                    all: &all,
                };
                let arranged = Arranged { status: *status, sort: *sort, direction: *direction, group: *group, today };
                Ok(View::List(held.replica.list_page(&page, &arranged, &|entry| held.is_handed(entry))))
            }
            Query::Meant { pursuance, folded, filter, dropped } => {
                let all = self.places(*pursuance)?;
                let held = self.held(*pursuance)?;
                Ok(View::Meant(held.replica.meant(&PageQuery {
                    first: 0,
                    folded: &folded.iter().take(MAX_FOLDED).copied().collect(),
                    filter: &Filter::parse(filter, today),
                    dropped: dropped_rows(*dropped),
                    around: None,
                    all: &all,
                })))
            }
            Query::Rows { pursuance, tasks } => {
                let all = self.places(*pursuance)?;
                let held = self.held(*pursuance)?;
                Ok(View::Rows(held.replica.rows_of(tasks, &all, &|entry| held.is_handed(entry))))
            }
            Query::CouldMany { pursuance, commands } => self.could_many(*pursuance, commands).map(View::CouldMany),
            Query::Labels { pursuance } => Ok(View::Labels(self.held(*pursuance)?.replica.labels())),
            Query::Task { pursuance, task } => {
                let all = self.places(*pursuance)?;
                let held = self.held(*pursuance)?;
                let thread = self.store.thread(held.number, *task)?;
                let view = held.replica.task_with_thread(*task, &all, &thread, &|entry| held.is_handed(entry));
                let refusal = pursuance_core::refusal::Refusal::NoSuchTask;
                view.map(View::Task).ok_or(Trouble::Refused { refusal })
            }
            Query::People { pursuance } => Ok(View::People(self.held(*pursuance)?.replica.people())),
            Query::Devices { pursuance } => self.devices(around, *pursuance).map(View::Devices),
            Query::Invites { pursuance } => Ok(View::Invites(invites(self.held(*pursuance)?))),
            Query::Could { pursuance, commands } => self.could(*pursuance, commands).map(View::Could),
            Query::Effects { pursuance, member, roles } => {
                let effects = self.held(*pursuance)?.replica.effects(*member, roles);
                effects.map(View::Effects).map_err(|refusal| Trouble::Refused { refusal })
            }
            Query::Inbox { pursuance } => self.inbox(*pursuance).map(View::Inbox),
            Query::Drafts => Ok(View::Drafts(self.drafts()?)),
            Query::Inboxes => self.inboxes().map(View::Inboxes),
            Query::Own { pursuance, task } => self.own(*pursuance, *task).map(View::Own),
            Query::History { pursuance, task, before } => self.history(*pursuance, *task, *before).map(View::History),
            Query::Weeks { pursuance } => self.weeks(*pursuance, today).map(View::Weeks),
            Query::Today => Ok(View::Today(self.today(today))),
            Query::Find { text } => self.find(text).map(View::Find),
            Query::Relays { pursuance } => self.relay_views(self.held(*pursuance)?).map(View::Relays),
            Query::Log { pursuance, before, trouble } => {
                let which = if *trouble { Which::Troubles } else { Which::All };
                self.log(self.held(*pursuance)?, *before, which).map(View::Log)
            }
            Query::Rules { pursuance } => Ok(View::Rules(self.held(*pursuance)?.replica.rules_view())),
            Query::RulesDraft { pursuance, text } => {
                let (replica, mut seed) = (&self.held(*pursuance)?.replica, Seed::new(random()));
                Ok(View::RulesDraft(replica.draft_rules(text, around.clock.now_seconds(), &mut seed)))
            }
            Query::Try { pursuance, member, verb, object } => {
                Ok(View::Try(self.held(*pursuance)?.replica.could_do(*member, *verb, *object)))
            }
            Query::Phrase { pursuance, member } => self.phrase(*pursuance, *member).map(View::Phrase),
            Query::Preview { pursuance } => preview(self.held(*pursuance)?).map(View::Preview),
            Query::ImportPreview { pursuance, file, text, fields } => {
                let replica = &self.held(*pursuance)?.replica;
                Ok(View::ImportPreview(import::read(file, text, fields.as_deref()).preview_in(replica)))
            }
        }
    }

    /// Where all tasks stand, made once between two changes.
    fn places(&mut self, pursuance: PursuanceId) -> Result<Arc<Places>, Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let Held { places, replica, order, .. } = held;
        Ok(places.get_or_insert_with(|| Arc::new(replica.all_places(order))).clone())
    }

    /// Something may have changed.
    pub(crate) fn forget_places(&mut self) {
        for held in self.held.values_mut() {
            held.places = None;
        }
    }

    fn log(&self, held: &Held, before: Option<u64>, which: Which) -> Result<LogView, Trouble> {
        let page = self.store.log_page(held.number, before, which, LOG_ROWS)?;
        let older = page.last().filter(|_| page.len() == LOG_ROWS).map(|listed| listed.arrival);
        let counts = self.store.log_counts(held.number)?;
        let row = |listed: ListedEntry| {
            held.replica.log_row(&listed.entry, listed.standing, &listed.tasks, listed.items_refused)
        };
        Ok(LogView {
            rows: page.into_iter().map(row).collect(),
            older,
            entries: counts.entries,
            troubles: counts.troubles,
            announced: u32::try_from(held.replica.logs().announced().len()).unwrap_or(u32::MAX),
        })
    }

    fn history(&mut self, pursuance: PursuanceId, task: TaskId, before: Option<u32>) -> Result<HistoryView, Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let (store, number) = (&self.store, held.number);
        let trouble = Cell::new(None);
        let refused = |entry, item| {
            store.is_item_refused(number, entry, item).unwrap_or_else(|error| {
                trouble.set(Some(error));
                false
            })
        };
        let shelf = store.shelf(number);
        let view = held.replica.history(task, before, &refused, &shelf);
        shelf.check()?;
        held.put_down();
        trouble.into_inner().map_or(Ok(()), Err)?;
        let refusal = pursuance_core::refusal::Refusal::NoSuchTask;
        view.ok_or(Trouble::Refused { refusal })
    }

    /// What an entry claims as its time never changes, so it is read once.
    fn weeks(&mut self, pursuance: PursuanceId, today: Day) -> Result<WeeksView, Trouble> {
        let held = self.held.get_mut(&pursuance).ok_or(Trouble::NoSuchPursuance)?;
        let (shelf, mut known) = (self.store.shelf(held.number), std::mem::take(&mut held.claimed_seconds));
        let view = held.replica.weeks(today, |entry| {
            known.get(&entry).copied().or_else(|| {
                let here = held.replica.logs().entry(entry).map(|entry| entry.body().claimed_seconds);
                let claimed = here.or_else(|| Some(shelf.entry(entry)?.entry.body().claimed_seconds))?;
                known.insert(entry, claimed);
                Some(claimed)
            })
        });
        held.claimed_seconds = known;
        shelf.check()?;
        Ok(view)
    }

    fn phrase(&self, pursuance: PursuanceId, member: MemberId) -> Result<Option<PhraseView>, Trouble> {
        let held = self.held(pursuance)?;
        let Some(made_of) = held.replica.phrase_with(member) else { return Ok(None) };
        let words = phrase(&made_of).map(String::from).into();
        Ok(Some(PhraseView { words, compared_seconds: self.store.compared_seconds(held.number, member)? }))
    }

    fn held(&self, pursuance: PursuanceId) -> Result<&Held, Trouble> {
        self.held.get(&pursuance).ok_or(Trouble::NoSuchPursuance)
    }

    fn relay_views(&self, held: &Held) -> Result<Vec<RelayView>, Trouble> {
        let mut views = Vec::new();
        let used = held.relays();
        let left = self.relays.of(held.number).map(|(address, _)| address).filter(|address| !used.contains(address));
        for address in used.iter().copied().chain(left) {
            let Some(relay) = self.relays.known.get(&address) else { continue };
            let read = self.relays.readings.get(&(held.number, address)).map_or(0, |reading| reading.next);
            let PostCounts { handed, waiting } = self.store.post_counts(held.number, relay.number)?;
            views.push(RelayView {
                address: address.to_string(),
                reached_seconds: relay.reached_seconds,
                cells: relay.size(),
                read: read.min(relay.size()),
                handed,
                waiting,
                lacks: u32::try_from(self.repair.lacking(held.id, relay.number)).unwrap_or(u32::MAX),
                fault: relay.fault,
                failing: relay.failing_since_seconds.is_some(),
                has_proof: relay.has_proof,
                agreed_seconds: relay.seen.agreed.zip(relay.slot_seconds).map(|(slot, of)| slot.end_unix_seconds(of)),
                cosigned: relay.cosigned.view(relay.slot_seconds),
                used: used.contains(&address),
            });
        }
        Ok(views)
    }
}

const fn dropped_rows(shown: bool) -> Dropped {
    if shown { Dropped::Shown } else { Dropped::Hidden }
}

fn invites(held: &Held) -> Vec<InviteRow> {
    let rows = held.replica.invites().into_iter().map(|invite| {
        let link = held.own_invites.get(&invite.invite);
        InviteRow {
            qr: link.map(|link| qr_rows(link)).unwrap_or_default(),
            link: link.map(|link| link.to_string()),
            handed: held.is_handed_to_invite(invite.invite),
            invite,
        }
    });
    rows.collect()
}

fn preview(held: &Held) -> Result<PreviewState, Trouble> {
    if let (Some(Way::Code(_)), KeptStanding::Invited | KeptStanding::Waiting) = (&held.way, held.standing) {
        return Ok(PreviewState::Coming { since_seconds: held.since_seconds, handed: held.my_join_is_handed() });
    }
    let preview =
        held.preview.as_ref().filter(|_| held.standing != KeptStanding::Member).ok_or(Trouble::AlreadyMember)?;
    let Some(preview) = preview.view() else { return Ok(PreviewState::Looking) };
    Ok(match held.standing {
        KeptStanding::Waiting => {
            PreviewState::Waiting { preview, since_seconds: held.since_seconds, handed: held.my_join_is_handed() }
        }
        KeptStanding::Invited | KeptStanding::Member => PreviewState::Here { preview },
    })
}

/// A link as a QR code, a string a row. In capitals, which a link may be written in, the code is a third smaller.
pub(crate) fn qr_rows(link: &str) -> Vec<String> {
    let Ok(code) = QrCode::with_error_correction_level(link.to_ascii_uppercase(), EcLevel::M) else {
        return Vec::new();
    };
    let dark = |color: &Color| if *color == Color::Dark { '#' } else { ' ' };
    code.to_colors().chunks(code.width()).map(|row| row.iter().map(dark).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_is_square_and_has_its_three_corners() {
        let rows = qr_rows(&format!("pursuance:{}", "abcdefgh".repeat(28)));
        assert!(rows.len() > 20 && rows.iter().all(|row| row.len() == rows.len()));
        let corner = "#######";
        assert!(rows[0].starts_with(corner) && rows[0].ends_with(corner) && rows[rows.len() - 1].starts_with(corner));
        assert!(rows.len() <= 61, "small enough to be scanned from a screen: {} modules", rows.len());
    }
}
