// The types that views may name, so that no view reaches past the model.
export type {
  AppView, Arriving, Cannot, CommentView, Delivery, DeviceView, ImportField, ImportPreview, ImportProblem, ImportState, InviteRow, MemberView, Person, PeopleView, PreviewState,
  PreviewView, PhraseView, PursuanceRow, Readers, Refusal, RelayView, Role, Rule, Standing, Status, StatusLine, StorageTrouble, TaskView, Template, TreeRow, TreeView,
  Trouble, Verb,
} from '../host/bindings';
export type { Session } from './session.svelte';
