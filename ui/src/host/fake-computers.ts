// My own computers in the fake: a phrase, a code that somebody answers after a while, and a removal.
import type { CodeView, DevicesView, Trouble } from './bindings';
import { device, fakeQr, type FakePursuance } from './fake-world';

/** The phrase of everybody in the fake. */
export const PHRASE = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
const WORDS = PHRASE.split(' ');
const CODE_SECONDS = 86_400;

/** What the fake keeps of them. */
export type FakeComputers = { recovery: boolean; code: CodeView | null; shown: boolean };

const refused = (code: 'otherRecoveryKey' | 'noRecoveryKey' | 'nothingToChange'): Trouble => ({ code: 'refused', refusal: { code } });

/** The words of a typed phrase, or the trouble with them. */
function read(phrase: string): string {
  const words = phrase.trim().toLowerCase().split(/\s+/);
  const unknown = words.findIndex((word) => !/^[a-z]{3,8}$/.test(word));
  if (unknown >= 0) throw { code: 'notARecoveryPhrase', word: unknown + 1 } satisfies Trouble;
  if (words.length !== WORDS.length) throw { code: 'notARecoveryPhrase', word: null } satisfies Trouble;
  return words.join(' ');
}

function mine(data: FakePursuance): FakePursuance['members'][number] {
  const me = data.members.find((member) => member.person.me);
  if (me === undefined) throw { code: 'noSuchPursuance' } satisfies Trouble;
  return me;
}

/** See the query. */
export function devicesView(data: FakePursuance): DevicesView {
  const { recovery, code } = data.computers;
  return { devices: data.row.status.code === 'deviceRemoved' ? [] : mine(data).devices, hasRecovery: recovery, code };
}

/** Shows the words of a phrase. */
export function makePhrase(data: FakePursuance): string[] {
  if (data.computers.recovery) throw refused('nothingToChange');
  data.computers.shown = true;
  return [...WORDS];
}

/** Declares it. */
export function declare(data: FakePursuance, phrase: string): void {
  if (read(phrase) !== PHRASE || !data.computers.shown) throw { code: 'notThePhraseShown' } satisfies Trouble;
  data.computers.recovery = true;
}

/** Shows a code. */
export function showCode(data: FakePursuance): void {
  if (!data.computers.recovery) throw refused('noRecoveryKey');
  const code = `pursuance-computer:${'mfrggzdfmztwq2lk'.repeat(21)}`;
  data.computers.code = { code, qr: fakeQr(code), untilSeconds: Math.floor(Date.now() / 1000) + CODE_SECONDS, state: { state: 'open' } };
}

/** Whether a phrase answers a code. */
export function answers(code: string, phrase: string): void {
  if (!code.startsWith('pursuance-computer:')) throw { code: 'notACode' } satisfies Trouble;
  if (code.length < 60) throw { code: 'linkTruncated' } satisfies Trouble;
  if (read(phrase) !== PHRASE) throw refused('otherRecoveryKey');
}

/** New keys for this computer, and no other one. */
export function recover(data: FakePursuance, phrase: string): void {
  if (!data.computers.recovery) throw refused('noRecoveryKey');
  if (read(phrase) !== PHRASE) throw refused('otherRecoveryKey');
  mine(data).devices = [device(77, { mine: true, addedSeconds: Math.floor(Date.now() / 1000) })];
  data.computers.code = null;
  if (data.row.status.code === 'deviceRemoved') data.row.status = { code: 'connecting', kept: 1 };
}

/** Takes one of mine out. */
export function remove(data: FakePursuance, author: string): void {
  const me = mine(data);
  me.devices = me.devices.filter((each) => each.author !== author);
}
