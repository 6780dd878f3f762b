// Witnesses: keys are pasted, refused in words, listed and removed; each relay says who was seen to sign it.
import { describe, expect, it } from 'vitest';
import { all, by, click, fill, openWindow, settled } from './open';

const KEY = 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2';

async function relays(): ReturnType<typeof openWindow> {
  const opened = await openWindow();
  await click(by('nav-relays'));
  return opened;
}

async function add(key: string): Promise<void> {
  await fill('witness-key', key);
  await click(by('witness-add'));
  await settled();
}

describe('witnesses', () => {
  it('are not needed, and without one no relay says anything of them', async () => {
    const { host } = await relays();
    expect(by('witnesses').textContent).toContain('You need none.');
    expect([...all('relay-cosigned'), ...all('relay-unsigned'), ...all('witness')]).toHaveLength(0);
    expect(by('witness-add').getAttribute('aria-disabled')).toBe('true');
    await click(by('witness-add'));
    expect(host.requests.filter((request) => request.kind === 'addWitness')).toHaveLength(0);
  });

  it('are named by their keys, and each relay says when one signed it', async () => {
    const { host, session } = await relays();
    await add(`  ${KEY}\n`);
    expect(host.requests.at(-1)).toEqual({ kind: 'addWitness', key: `  ${KEY}\n` });
    expect(by<HTMLTextAreaElement>('witness-key').value).toBe('');
    expect(by('witness').textContent).toMatch(/^remora\.n621\.de\s*da77ade7\+BOvN63jn/);
    expect(all('relay').map((relay) => relay.querySelector('[data-testid^="relay-cosigned"], [data-testid="relay-unsigned"]')?.textContent)).toEqual([
      'Also signed by \u2068remora.n621.de\u2069, 7 min ago', 'No witness that you named was seen to sign it',
    ]);
    await click(by('witness-remove'));
    await settled();
    expect(host.requests.at(-1)).toEqual({ kind: 'removeWitness', key: KEY });
    expect(session.app?.witnesses).toEqual([]);
    expect([...all('relay-cosigned'), ...all('relay-unsigned'), ...all('witness')]).toHaveLength(0);
  });

  it('that are none are refused in words, and stay in the field', async () => {
    const { session } = await relays();
    for (const [key, words] of [
      ['nonsense', 'This is no witness key. Copy it whole'],
      [KEY.replace('+BOv', '+AOv'), 'This is a key of another kind.'],
      [KEY.replace('da77ade7', '00000000'), 'This name and this key do not belong together'],
    ] as const) {
      await add(key);
      expect(by('witness-key-fault').textContent).toContain(words);
      expect(by<HTMLTextAreaElement>('witness-key').value).toBe(key);
    }
    expect(session.app?.witnesses).toEqual([]);
    await add(KEY);
    await add(KEY);
    expect(by('witness-key-fault').textContent).toBe('This witness is there already.');
    for (let n = 1; n < 8; n++) await add(KEY.replace('remora', `w${n}`));
    await add(KEY.replace('remora', 'w8'));
    expect(by('witness-key-fault').textContent).toBe('There can be 8 witnesses. Remove one first.');
    expect(all('witness')).toHaveLength(8);
  });

  it('with a name that is made to confuse change no line around it', async () => {
    await relays();
    await add(KEY.replace('remora', 'a\u202eb'));
    expect(by('relay-cosigned').textContent).not.toContain('\u202e');
    expect(by('witness').textContent).not.toContain('\u202e');
    expect(by('relay-cosigned').textContent).toContain('\u2068a');
  });
});
