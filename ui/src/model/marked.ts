// What somebody wrote, read as a small part of markdown: paragraphs, headings, emphasis, lists, quotes, code, links. No markup, no pictures.
import MarkdownIt, { type Token } from 'markdown-it';
import type { Person } from '../host/bindings';
import { typedName } from './complete';
import { longest } from './quickadd';

/** What stands in a line. */
export type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'break' }
  | { kind: 'person'; person: Person }
  | { kind: 'strong'; inside: Piece[] }
  | { kind: 'emphasis'; inside: Piece[] }
  | { kind: 'link'; address: string; inside: Piece[] };
/** What stands below each other. */
export type Block =
  | { kind: 'paragraph'; inside: Piece[] }
  | { kind: 'heading'; inside: Piece[] }
  | { kind: 'code'; text: string }
  | { kind: 'rule' }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'item'; blocks: Block[] }
  | { kind: 'list'; first: number | null; blocks: Block[] };

/** Longer texts, and those of more parts, are shown as they were written: a page of so many parts would stand still. */
export const MAX_MARKED_CHARS = 70_000;
export const MAX_MARKED_PARTS = 4_000;

/** What an address may begin with. One that begins with anything else stays the text that it is. */
const ADDRESS = /^(https?:\/\/|mailto:)[^\s]/i;

const reader = new MarkdownIt('zero', { breaks: true });
reader.enable(['blockquote', 'fence', 'heading', 'hr', 'list', 'autolink', 'backticks', 'emphasis', 'escape', 'link', 'newline']);
reader.validateLink = (address) => ADDRESS.test(address);

/** Reads a text. `people`: those whom `@name` can mean. */
export function readMarked(text: string, people: readonly Person[] = []): Block[] {
  if (text.length > MAX_MARKED_CHARS) return asWritten(text);
  const tokens = reader.parse(text, {});
  const parts = tokens.reduce((sum, token) => sum + 1 + (token.children?.length ?? 0), 0);
  if (parts > MAX_MARKED_PARTS) return asWritten(text);
  const top: Block[] = [];
  const open: Block[][] = [top];
  const into = (): Block[] => open[open.length - 1] as Block[];
  const begin = (block: Extract<Block, { blocks: Block[] }>): void => { into().push(block); open.push(block.blocks); };
  let heading = false;
  for (const token of tokens) {
    switch (token.type) {
      case 'heading_open': heading = true; break;
      case 'heading_close': heading = false; break;
      case 'inline': into().push({ kind: heading ? 'heading' : 'paragraph', inside: pieces(token.children ?? [], people) }); break;
      case 'fence': into().push({ kind: 'code', text: token.content.replace(/\n$/, '') }); break;
      case 'hr': into().push({ kind: 'rule' }); break;
      case 'blockquote_open': begin({ kind: 'quote', blocks: [] }); break;
      case 'list_item_open': begin({ kind: 'item', blocks: [] }); break;
      case 'bullet_list_open': begin({ kind: 'list', first: null, blocks: [] }); break;
      case 'ordered_list_open': begin({ kind: 'list', first: Number(token.attrGet('start') ?? 1), blocks: [] }); break;
      case 'blockquote_close': case 'list_item_close': case 'bullet_list_close': case 'ordered_list_close': open.pop(); break;
      default: break;
    }
  }
  return top;
}

function asWritten(text: string): Block[] {
  return [{ kind: 'paragraph', inside: [{ kind: 'text', text }] }];
}

function pieces(tokens: readonly Token[], people: readonly Person[]): Piece[] {
  const top: Piece[] = [];
  const open: Piece[][] = [top];
  const into = (): Piece[] => open[open.length - 1] as Piece[];
  const begin = (piece: Extract<Piece, { inside: Piece[] }>): void => { into().push(piece); open.push(piece.inside); };
  for (const token of tokens) {
    switch (token.type) {
      case 'code_inline': into().push({ kind: 'code', text: token.content }); break;
      case 'softbreak': case 'hardbreak': into().push({ kind: 'break' }); break;
      case 'strong_open': begin({ kind: 'strong', inside: [] }); break;
      case 'em_open': begin({ kind: 'emphasis', inside: [] }); break;
      case 'link_open': begin({ kind: 'link', address: String(token.attrGet('href') ?? ''), inside: [] }); break;
      case 'strong_close': case 'em_close': case 'link_close': open.pop(); break;
      default: into().push(...withPeople(token.content, people));
    }
  }
  return top;
}

/** A text with those whom it names by `@name`; a name that no member has stays text. */
export function withPeople(text: string, people: readonly Person[]): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    if (at > 0 && !/[\s(]/.test(text.charAt(at - 1))) continue;
    const person = longest(text.slice(at + 1, at + 1 + MAX_TYPED_CHARS), people, typedName);
    if (person === null) continue;
    if (at > from) found.push({ kind: 'text', text: text.slice(from, at) });
    found.push({ kind: 'person', person: person.found });
    from = at + 1 + person.chars;
    at = from - 1;
  }
  if (from < text.length) found.push({ kind: 'text', text: text.slice(from) });
  return found;
}

/** A name as it is typed is no longer, with what comes after it. */
const MAX_TYPED_CHARS = 100;
