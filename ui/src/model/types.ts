// The types that views may name, so that no view reaches past the model.
export type {
  AppView, Cannot, CommentView, Delivery, ImportPreview, ImportProblem, InviteRow, MemberView, Person, PeopleView, PreviewState,
  PreviewView, PursuanceRow, Readers, Refusal, RelayView, Role, Rule, Standing, Status, StatusLine, TaskView, TreeRow, TreeView,
  Trouble, Verb,
} from '../host/bindings';
export type { Session } from './session.svelte';
