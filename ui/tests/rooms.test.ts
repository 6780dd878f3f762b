// The rooms: who may import whom, and that no view holds words or markup of its own. Read from the sources.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';
import { en } from '../src/words/en';
import { templates } from '../src/words/en-templates';
import { NEVER } from './sentences';

const SRC = join(import.meta.dirname, '../src');
const files = (readdirSync(SRC, { recursive: true }) as string[]).filter((path) => /\.(ts|svelte)$/.test(path));
const read = (path: string): string => readFileSync(join(SRC, path), 'utf8');
const roomOf = (path: string): string => path.split('/')[0] ?? '';

/** Rooms that each room may import, itself included. */
const ALLOWED: Record<string, string[]> = {
  text: ['text'],
  parts: ['parts', 'text'],
  views: ['views', 'parts', 'model', 'words', 'text'],
  model: ['model', 'host'],
  host: ['host'],
  words: ['words', 'host/bindings', 'text'],
  'main.ts': ['views', 'model', 'style'],
};

describe('rooms', () => {
  it.each(files)('%s imports only what its room may', (path) => {
    for (const [, from = ''] of read(path).matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
      if (!from.startsWith('.')) {
        expect(from.startsWith('@tauri-apps') && roomOf(path) !== 'host', `${path} imports ${from}`).toBe(false);
        continue;
      }
      const target = relative(SRC, resolve(join(SRC, dirname(path)), from));
      const fits = (ALLOWED[roomOf(path)] ?? []).some((room) => target === room || target.startsWith(`${room}/`));
      expect(fits, `${path} imports ${target}`).toBe(true);
    }
  });

  it.each(files.filter((path) => path.endsWith('.svelte')))('%s renders no markup from data and no link', (path) => {
    expect(read(path)).not.toMatch(/\{@html|innerHTML|<a[\s>]|\shref=|<img|<iframe|\sstyle="/);
  });

  it.each(files.filter((path) => path.endsWith('.svelte')))('%s shows what stands for itself as it can be seen', (path) => {
    for (const [whole, , inside = ''] of read(path).matchAll(/<bdi((?:[^>{]|\{[^}]*\})*)>(.*?)<\/bdi>/gs)) expect(inside, whole).toMatch(/shown\(|\{@render |^\{session\.chosen/);
  });

  it.each(files.filter((path) => path.startsWith('parts/')))('%s has no word of the domain', (path) => {
    expect(read(path)).not.toMatch(/\b(pursuance|relay|invite|claim|member)\b/i);
  });

  it('nothing is stored by the page and nothing is fetched', () => {
    for (const path of files) expect(read(path), path).not.toMatch(/localStorage|sessionStorage|indexedDB|document\.cookie|fetch\(|XMLHttpRequest|WebSocket\(/);
  });
});

describe('files', () => {
  it.each(files.filter((path) => !path.startsWith('host/bindings')))('%s holds one idea', (path) => {
    expect(read(path).split('\n').length).toBeLessThanOrEqual(450);
  });
});

describe('words', () => {
  const WORDY = new Set(['aria-label', 'placeholder', 'title', 'label', 'hint', 'text', 'alt']);

  it.each(files.filter((path) => path.endsWith('.svelte')))('%s holds no literal text', (path) => {
    const literal: string[] = [];
    walk(parse(read(path), { modern: true }).fragment, literal, WORDY);
    expect(literal).toEqual([]);
  });

  it('never says what the screens must not promise', () => {
    for (const [key, text] of [...Object.entries(en), ...Object.entries(templates).map(([key, words]) => [key, JSON.stringify(words)] as const)]) expect(text, key).not.toMatch(NEVER);
  });

  it('has no key that nothing uses', () => {
    const code = files.filter((path) => !path.startsWith('words/en')).map(read).join('\n');
    const stems = [...code.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] as string);
    const byKind = /`\$\{kind\}\.(\w+)`/.test(code) ? ['rule.of', 'can.of', 'their.'] : [];
    const unused = Object.keys(en).filter((key) => !code.includes(`'${key}'`) && ![...stems, ...byKind].some((stem) => key.startsWith(stem)));
    expect(unused).toEqual([]);
  });
});

type Node = { type?: string; name?: string; data?: string; value?: unknown } & Record<string, unknown>;

/** Collects texts with letters in them: between tags, and in attributes that people read or hear. */
function walk(node: unknown, literal: string[], wordy: ReadonlySet<string>): void {
  if (Array.isArray(node)) { for (const each of node) walk(each, literal, wordy); return; }
  if (typeof node !== 'object' || node === null) return;
  const here = node as Node;
  if (here.type === 'StyleDirective') return;
  if (here.type === 'Text' && /\p{L}/u.test(here.data ?? '')) literal.push(here.data ?? '');
  if (here.type === 'Attribute') {
    if (!wordy.has(here.name ?? '')) return;
    const parts = Array.isArray(here.value) ? (here.value as Node[]) : [];
    for (const part of parts) if (part.type === 'Text' && /\p{L}/u.test(part.data ?? '')) literal.push(`${here.name}=${part.data}`);
    return;
  }
  if (here.type === 'StyleSheet' || here.type === 'Script' || here.type === 'StyleDirective') return;
  for (const value of Object.values(here)) walk(value, literal, wordy);
}
