// The types that views may name, so that no view reaches past the model.
export type {
  Answer, AppView, Arriving, Cannot, Change, ChosenKey, Column, Command, CheckView, CommentView, Could, DecisionView, Delivery, CodeView, Detail, DeviceView, EffectsView, Element, GroupOf, HeldChanges, HeldWords, ImportField, ImportPreview, ImportProblem, ImportState, HistoryRow, HistoryView, InboxOf, InboxView, OwnChange, OwnView, SavedView, SnoozedRow, InviteRow, ListGroup, LogRow, LogView, MemberView, NotDone, Openable, PeopleView, Person, PhraseView, PreviewState, PreviewView, PursuanceRow, Readers, Refusal, Relation, RelayView, Repeat, Role, Rule, RulesDraft, RulesView, Saying, Standing, Status, StatusLine, StorageTrouble, TaskView, Template, TodayRow, TreeRow, TreeView, Unit,
  Trouble, Verb,
} from '../host/bindings';
export type { Kind as TaskKind } from '../host/bindings';
export type { Session } from './session.svelte';
