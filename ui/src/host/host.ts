// The one door of the window: three calls, whoever stands behind them.
import type { Answer, AppView, Could, DevicesView, Draft, EffectsView, FindView, HistoryView, ImportPreview, InboxOf, InboxView, InviteRow, ListView, LogView, MeantView, NotDone, OwnView, PeopleView, PhraseView, PreviewState, Query, RelayView, Reply, Request, RulesDraft, RulesView, TaskView, TodayView, TreeRow, TreeView, Trouble, View, WeeksView } from './bindings';

/** What the window can ask of the desktop (or of the fake in a browser). */
export interface Host {
  /** Carries something out. Rejects with a `Trouble`. */
  request(request: Request): Promise<Reply>;
  /** Looks at something. Rejects with a `Trouble`. */
  view(query: Query): Promise<View>;
  /** Calls back with `AppView.seq` whenever it has grown, with each invite link that was opened outside of the window, and when this page takes the place of one that the system lost. */
  watch(onSeq: (seq: number) => void, onInvite: (link: string) => void, onLost: () => void): Promise<void>;
}

/** The kind of view that answers each kind of query. */
export type ViewOf = {
  app: AppView;
  drafts: Draft[];
  tree: TreeView;
  list: ListView;
  meant: MeantView;
  rows: TreeRow[];
  couldMany: NotDone[];
  labels: string[];
  task: TaskView;
  people: PeopleView;
  could: Could[];
  effects: EffectsView;
  inbox: InboxView;
  inboxes: InboxOf[];
  own: OwnView;
  history: HistoryView;
  weeks: WeeksView;
  devices: DevicesView;
  invites: InviteRow[];
  relays: RelayView[];
  today: TodayView;
  find: FindView;
  log: LogView;
  rules: RulesView;
  rulesDraft: RulesDraft;
  try: Answer | null;
  phrase: PhraseView | null;
  preview: PreviewState;
  importPreview: ImportPreview;
};

/** Makes a typed trouble of whatever a host threw. */
export function asTrouble(thrown: unknown): Trouble {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown) return thrown as Trouble;
  return { code: 'malformed' };
}
