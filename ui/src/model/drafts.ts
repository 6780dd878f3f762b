// Texts not sent yet: where they are kept in the window, and which of them the store keeps when it locks.
import type { Draft } from '../host/bindings';

/** As many as the store takes. */
export const MAX_DRAFTS = 64;
/** Their bytes together, with what they belong to. */
export const MAX_DRAFT_BYTES = 64 * 1024;

/** In the window: what it is to be, in which pursuance, and on which task. */
export function draftKey(what: string, pursuance: string, task: string): string {
  return `${what} ${pursuance} ${task}`.trim();
}

/** Where a kept one belongs. */
export function keyOfDraft(draft: Draft): string {
  const [what = '', task = ''] = draft.at.split(' ');
  return draftKey(what, draft.pursuance, task);
}

/** Those to be kept: of pursuances that are there, the shortest first, as far as there is room. */
export function draftsToKeep(drafts: Readonly<Record<string, string>>, known: readonly string[]): Draft[] {
  const bytes = (text: string): number => new TextEncoder().encode(text).length;
  const begun = Object.entries(drafts).flatMap(([key, text]) => {
    const [what = '', pursuance = '', task = ''] = key.split(' ');
    const draft: Draft = { pursuance, at: `${what} ${task}`.trim(), text };
    return text.trim() === '' || !known.includes(pursuance) ? [] : [{ draft, size: bytes(draft.at) + bytes(text) }];
  });
  begun.sort((one, other) => one.size - other.size);
  let room = MAX_DRAFT_BYTES;
  return begun.slice(0, MAX_DRAFTS).filter(({ size }) => { room -= size; return room >= 0; }).map(({ draft }) => draft);
}
