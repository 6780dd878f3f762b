// The types that views may name, so that no view reaches past the model.
export type {
  Answer, AppView, Arriving, Cannot, Change, CheckView, ClaimView, ChosenKey, CodeView, Column, Command, CommentView, Could, DecisionView, Delivery, Detail, DeviceView, EffectsView, Element, ExportFormat, GroupOf, HeldChanges, HeldWords, HistoryRow, HistoryView, ImportField, ImportPreview, ImportProblem, ImportState, InboxOf, InboxView, InviteRow, ListGroup, LogRow, LogView, MemberView, NotDone, Openable, Origin, OwnChange, OwnView, Part, PeopleView, Person, PhraseView, PreviewState, PreviewView, PursuanceRow, Readers, Refusal, Relation, RelayView, Repeat, Role, Rule, RulesDraft, RulesView, SavedView, Saying, Sending, SnoozedRow, Standing, Status, StatusLine, StorageTrouble, TaskView, Template, TodayRow, TreeRow, TreeView, Unit,
  Trouble, Verb, WeekRow, WeeksView,
} from '../host/bindings';
export type { Kind as TaskKind } from '../host/bindings';
export type { Session } from './session.svelte';
