// The screens there are, and what may lie above them.
import type { Command, Refusal, Reply, Trouble } from '../host/bindings';

/** The screens that belong to a pursuance. */
export type PursuanceScreen = 'tree' | 'progress' | 'people' | 'decisions' | 'rules' | 'log' | 'arrested' | 'invites' | 'relays' | 'import' | 'computers' | 'preview';
/** Every screen there is once the vault is open. */
export type Screen = PursuanceScreen | 'home' | 'start' | 'join' | 'mine' | 'settings' | 'about' | 'today' | 'inbox' | 'find';
/** What may lie above the window. */
export type Overlay = 'palette' | 'keys' | 'status' | 'assign' | 'label' | 'due' | 'priority' | 'filterLabel' | 'filterPriority' | 'remove' | 'readers' | 'detail' | 'verbs' | 'move' | 'sort' | 'group' | 'columns' | 'many' | 'copied' | 'views';
/** How a request ended: with a reply, or with a trouble. */
export type Outcome = { reply: Reply; trouble: null } | { reply: null; trouble: Trouble };
/** Many changes of which some would be refused, before a person decides about the others. */
export type Pending = {
  /** What can be done. */
  commands: Command[];
  /** How many of those chosen need no change. */
  same: number;
  /** The tasks that stay as they are, with the reasons. */
  stay: readonly { task: string; refusal: Refusal }[];
};
/** A line that appears above the status. */
export type Notice = { trouble: Trouble | null; text: string };

/** Screens that always show people as they are now. */
export const ABOUT_PEOPLE: readonly Screen[] = ['people', 'decisions', 'rules', 'log', 'arrested', 'computers', 'invites'];

/** Screens that only members see. */
export function isInside(screen: Screen): boolean {
  return screen === 'tree' || screen === 'progress' || ABOUT_PEOPLE.includes(screen) || screen === 'relays' || screen === 'import' || screen === 'computers';
}
