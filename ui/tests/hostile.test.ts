// Every class of hostile text in everything that people name or write, on every screen and from every field: it stays a text in its place.
import { cleanup } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { FakeChoices } from '../src/host/fake';
import { readMarked } from '../src/model/marked';
import { shown } from '../src/text/shown';
import { isolated } from '../src/words';
import { all, by, click, fill, openWindow, press, settled } from './open';

/** Milliseconds that one may take on a busy computer: each opens the window twenty times. */
const PATIENCE = 600_000;
/** Stands in each of them, so that it is found again. */
const NEEDLE = 'Zq7';
const CLASSES: Record<string, string> = {
  'bidi overrides': `\u202e${NEEDLE}gnp.exe\u202c\u2067${NEEDLE}\u2066\u2069\u2069\u2069 \u061c\u200f!`,
  'zero width': `\u200b${NEEDLE}\u2060\ufeff\u200d\u200c\u00ad\u{e0041}\u3164 ${NEEDLE}`,
  'control characters': ` \u0000${NEEDLE}\u0007\u001b[2J\u009b31m\u2028\u2029\r\u0085${NEEDLE}`,
  'marks piled on a letter': ` ${NEEDLE}${'\u0335\u0489\u036f'.repeat(40)}`,
  markup: ` <img src=x onerror="document.title='${NEEDLE}'"><script>document.title='${NEEDLE}'</script><iframe src="https://192.0.2.7/"></iframe><a href="https://192.0.2.7/">${NEEDLE}</a><style>*{display:none}</style> {@html ${NEEDLE}} &lt;b&gt; &#x202e;`,
  'links that would run or read': ` [${NEEDLE}](javascript:document.title='${NEEDLE}') [a](JaVaScRiPt:alert(1)) [b](file:///etc/passwd) [c](data:text/html,<b>) <javascript:alert(1)> <file:///etc/passwd> [d](//192.0.2.7/) [e](vbscript:x) [f](tauri://localhost/) [g](ipc://localhost/view)`,
  'links and pictures elsewhere': ` [${NEEDLE}](https://192.0.2.7/${NEEDLE}) ![${NEEDLE}](https://192.0.2.7/a.png) <https://xn--pple-43d.example/${NEEDLE}> [x](https://\u0430pple.example/\u202e${NEEDLE})`,
  'markdown without an end': ` ${NEEDLE} ${'*_`[(<>'.repeat(300)} ${'> - 1. '.repeat(60)}`,
  '200,000 characters': ` ${NEEDLE}${'W'.repeat(200_000)}`,
};
/** What a text must never become. */
const NEVER_THERE = 'a, img, iframe, script, object, embed, link, style, video, audio, source, base, meta, [href], [src], [srcset], [style*="url("], [action]';
/** What must not reach a screen unseen; isolates are ours, and are looked at by themselves. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u115f\u200b\u2028-\u202e\u2060-\u2067\u206a-\u206f\u3164\ufeff\u{e0000}-\u{e007f}]|(?<!\p{Extended_Pictographic}|\ufe0f)\u200d/u;

/** What is wrong with the screen as it is. */
function misled(): string[] {
  const wrong: string[] = [];
  for (const element of document.body.querySelectorAll(NEVER_THERE)) wrong.push(`there is ${element.outerHTML.slice(0, 80)}`);
  const judge = (text: string, where: string, stands: boolean): void => {
    if (UNSEEN.test(text)) wrong.push(`${where} holds what cannot be seen: ${JSON.stringify(text.slice(0, 90))}`);
    let depth = 0;
    for (const [each] of text.matchAll(/[\u2068\u2069]/g)) { depth += each === '\u2068' ? 1 : -1; if (depth < 0) break; }
    if (depth !== 0) wrong.push(`${where} has an isolate without an end`);
    if (!stands && text.includes(NEEDLE) && !new RegExp(`\u2068[^\u2069]*${NEEDLE}`).test(text)) wrong.push(`${where} is not kept apart: ${JSON.stringify(text.slice(0, 90))}`);
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) {
    const parent = node.parentElement as HTMLElement;
    if (parent.closest('textarea') !== null) continue;
    judge(node.nodeValue ?? '', `<${parent.tagName.toLowerCase()} class="${parent.className}">`, parent.closest('bdi, [dir="auto"], [dir="ltr"], option') !== null);
  }
  for (const element of document.body.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on')) wrong.push(`${name}=${value.slice(0, 40)}`);
      // What is read aloud of a thing that has only this name is that name.
      if (['title', 'aria-label', 'placeholder', 'alt'].includes(name)) judge(value, `${element.tagName.toLowerCase()}[${name}]`, value === element.textContent);
    }
  }
  return [...new Set(wrong)];
}

async function key(...keys: string[]): Promise<void> {
  (document.activeElement as HTMLElement | null)?.blur();
  for (const each of keys) await press(each);
  await settled();
}
const first = async (testid: string, nth = 0): Promise<void> => { const found = all(testid)[nth]; if (found !== undefined) await click(found.matches('button, [role=treeitem], li, tr, div') && found.querySelector('button') !== null && testid === 'member' ? (found.querySelector('button') as HTMLElement) : found); };

/** How each screen is reached. */
const SCREENS: Record<string, () => Promise<void>> = {
  tree: async () => {},
  'a task': () => first('tree-row'),
  'another task': () => first('tree-row', 4),
  'who reads': async () => { await first('tree-row'); by('tree').focus(); await press('w'); await settled(); },
  'a list': () => key('v', 'l'),
  'a board': () => key('v', 'b'),
  people: () => key('g', 'p'),
  'a person': async () => { await key('g', 'p'); await first('member', 1); },
  inbox: () => key('g', 'i'),
  decisions: () => key('g', 'd'),
  rules: () => key('g', 'u'),
  'rules as a table': async () => { await key('g', 'u'); await first('book-table'); },
  invites: () => key('g', 'v'),
  log: () => key('g', 'l'),
  today: () => key('g', 'y'),
  arrested: async () => { await key('g', 'p'); await first('arrested-open'); },
  'what can be done': () => key('.'),
  palette: async () => { await press('k', { ctrlKey: true }); await settled(); },
  'whom to ask': () => key('a'),
  labels: () => key('b'),
};

/** What shows that one was reached. */
const AT: Record<string, string> = {
  tree: 'tree-row', 'a task': 'task-title', 'another task': 'task-title', 'a list': 'list-row', 'a board': 'card', people: 'member', 'a person': 'person-name', inbox: 'inbox-of', decisions: 'decision', rules: 'rules', 'rules as a table': 'rule-table', invites: 'invite-row', log: 'log-row', today: 'today-row',
  arrested: 'arrested-who', 'what can be done': 'picker', palette: 'picker', 'whom to ask': 'assign-option', labels: 'label-option',
};

describe.each(Object.entries(CLASSES))('%s', (_, text) => {
  it('stays a text on every screen', async () => {
    const wrong: string[] = [];
    let found = 0;
    for (const [name, reach] of Object.entries(SCREENS)) {
      cleanup();
      const choices: Partial<FakeChoices> = { hostile: text, busy: true };
      const { session } = await openWindow(choices);
      if (name === 'tree') expect(all('tree-row').length).toBeGreaterThan(3);
      await reach();
      const place = AT[name];
      if (place !== undefined) expect(all(place).length, name).toBeGreaterThan(0);
      wrong.push(...misled().map((each) => `${name}: ${each}`));
      if (document.body.textContent?.includes(NEEDLE)) found += 1;
      session.end();
    }
    expect(wrong).toEqual([]);
    // Nearly every screen shows something that somebody wrote; one that shows nothing shows that nothing was looked at.
    expect(found).toBeGreaterThan(Object.keys(SCREENS).length - 4);
    expect(document.title).not.toContain(NEEDLE);
  }, PATIENCE);

  it('stays a text from every field', async () => {
    const wrong: string[] = [];
    const field = async (testid: string, then: () => Promise<unknown> = async () => {}): Promise<void> => {
      if (all(testid).length === 0) throw new Error(`there is no ${testid}`);
      await fill(testid, text);
      await then();
      await settled();
      wrong.push(...misled().map((each) => `${testid}: ${each}`));
    };
    const { session } = await openWindow({ busy: true });
    await field('tree-filter');
    await fill('tree-filter', '');
    await field('quick-add', async () => click(by('quick-add-submit')));
    await first('tree-row');
    await field('comment-input', async () => click(by('comment-send')));
    await field('check-input', () => press('Enter'));
    await click(by('task-title-edit'));
    await field('task-title-input', async () => click(by('task-title-save')));
    await click(by('task-body-edit'));
    await field('task-body-input', async () => click(by('task-body-save')));
    await click(by('label-add'));
    await field('picker-input');
    await press('Escape');
    await key('g', 'f');
    await key('/');
    await field('find-text');
    await key('g', 'u');
    await click(by('book-text'));
    await field('rules-text');
    await key('g', 'v');
    await key('g', 'm');
    await field('import-text', async () => click(by('import-preview')));
    await click(by('rail-start'));
    for (const each of ['start-name', 'start-mission', 'start-my-name', 'start-relay']) await field(each);
    await click(by('start-submit'));
    wrong.push(...misled().map((each) => `start: ${each}`));
    await click(by('rail-join'));
    await field('join-link', async () => click(by('join-open')));
    expect(wrong).toEqual([]);
    session.end();
  }, PATIENCE);
});

describe('look-alike names', () => {
  it('each stand with their own mark wherever they are named', async () => {
    const { host, session } = await openWindow({ busy: true });
    host.arrive((data) => {
      const [one, other] = data.members.filter((each) => !each.person.me);
      if (one === undefined || other === undefined) throw new Error('two people');
      Object.assign(one.person, { name: 'Maya', mark: 'aaaa' });
      Object.assign(other.person, { name: 'M\u0430ya', mark: 'bbbb' });
      data.tasks.forEach((task, i) => { task.claim = i % 2 === 0 ? one.person : other.person; });
    });
    await session.refresh();
    await key('g', 'p');
    const marks = all('member').map((row) => row.textContent ?? '').filter((text) => /M.ya/u.test(text));
    expect(marks.length).toBeGreaterThan(1);
    for (const text of marks) expect(text).toMatch(/aaaa|bbbb/);
    await key('g', 't');
    await first('tree-row');
    expect(by('task-claim').textContent).toMatch(/M.ya · (aaaa|bbbb)/u);
    session.end();
  });
});

describe('characters that cannot be seen', () => {
  it('are named, once for each run', () => {
    expect(shown('a\u202eb')).toBe('a[U+202E]b');
    expect(shown('a\u200b\u200b\u2060b')).toBe('a[U+200B +2]b');
    expect(shown('\u0000')).toBe('[U+0000]');
    expect(shown('\u200b'.repeat(200_000))).toBe('[U+200B +199999]');
    expect(shown(`o${'\u0335'.repeat(50)}`)).toHaveLength(7);
  });

  it('stay where a script or a picture needs them', () => {
    for (const text of ['می\u200cخواهم', 'क्\u200dष', '👩\u200d💻', 'tab\tand\nline', 'שלום\u200f!', 'Wör\u00adter', '🏳\ufe0f\u200d🌈']) expect(shown(text)).toBe(text);
    expect(shown('pay\u200dpal')).toBe('pay[U+200D]pal');
  });

  it('cannot end what keeps a text apart', () => {
    expect(isolated('a\u2069b')).toBe('\u2068a[U+2069]b\u2069');
    expect(isolated('\u2067a')).toBe('\u2068[U+2067]a\u2069');
    expect(shown('our \u2068isolated\u2069 name')).toBe('our \u2068isolated\u2069 name');
  });
});

describe('markdown', () => {
  const kinds = (text: string): string[] => JSON.stringify(readMarked(text)).match(/"kind":"\w+"/g)?.map((kind) => kind.slice(8, -1)) ?? [];

  it('is the small part that is meant', () => {
    expect(kinds('# T\n\na *b* **c** `d`\n\n- e\n- f\n\n3. g\n\n> h\n\n---\n\n```\ni\n```')).toEqual(['heading', 'text', 'paragraph', 'text', 'emphasis', 'text', 'text', 'strong', 'text', 'text', 'code', 'list', 'item', 'paragraph', 'text', 'item', 'paragraph', 'text', 'list', 'item', 'paragraph', 'text', 'quote', 'paragraph', 'text', 'rule', 'code']);
    expect(readMarked('[a](https://example.org/b)')).toEqual([{ kind: 'paragraph', inside: [{ kind: 'link', address: 'https://example.org/b', inside: [{ kind: 'text', text: 'a' }] }] }]);
  });

  it('has no picture, no markup, and no address that would run or read', () => {
    for (const text of ['![a](https://example.org/a.png)', '<b>a</b>', '[a](javascript:b)', '[a](file:///b)', '[a](data:b)', '[a](//b)', '[a](/b)', '<javascript:a>', '&#x202e;', '[a]: https://b\n\n[a]']) {
      const all = kinds(text).filter((kind) => kind !== 'paragraph' && kind !== 'text' && kind !== 'break');
      // The address of a picture is shown as that of a link, behind its sign.
      expect(all, text).toEqual(text.startsWith('!') ? ['link'] : []);
      if (all.length === 0) expect(readMarked(text).flatMap((block) => ('inside' in block ? block.inside : [])).map((piece) => ('text' in piece ? piece.text : '\n')).join('').replaceAll('\n', '')).toBe(text.replaceAll('\n', ''));
    }
  });

  it('is given up where a text is too long or of too many parts', () => {
    expect(readMarked('*a* '.repeat(20_000))).toHaveLength(1);
    expect(kinds('*a* '.repeat(5_000))).toEqual(['paragraph', 'text']);
  });

  it('shows an address that looks like another one in the letters that say so', () => {
    const [block] = readMarked('[apple](https://\u0430pple.example/)');
    expect(JSON.stringify(block)).toContain('https://xn--pple-43d.example/');
  });

  it('names members and nobody else', () => {
    const person = (name: string, mark = '') => ({ member: name + mark, name, mark, me: false });
    const named = (text: string): string[] => readMarked(text, [person('Ben'), person('Ben Smith'), person('Maya', 'a3f1')]).flatMap((block) => ('inside' in block ? block.inside : [])).flatMap((piece) => (piece.kind === 'person' ? [piece.person.member] : []));
    expect(named('@ben and @Ben Smith, (@maya~a3f1)')).toEqual(['Ben', 'Ben Smith', 'Mayaa3f1']);
    expect(named('@Maya x@ben @benjamin @nobody @\u200bben')).toEqual([]);
  });
});
