// Witnesses of the fake host: keys are looked at as the node does, roughly; what is called silent signs nothing.
import type { CosignedView, RelayView, Trouble, WitnessView } from './bindings';

const MAX_WITNESSES = 8;
const SECONDS_AGO = 7 * 60;

/** The witnesses with one more, by its key. A key id of 00000000 belongs to nothing. */
export function withWitness(all: readonly WitnessView[], text: string): WitnessView[] {
  const key = text.trim();
  const [name, id, material] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(key)?.slice(1) ?? [];
  if (name === undefined || material === undefined) throw { code: 'notAWitness' } satisfies Trouble;
  if (!/^B[A-P]/.test(material)) throw { code: 'witnessOfAnotherKind' } satisfies Trouble;
  if (material.length !== 44) throw { code: 'notAWitness' } satisfies Trouble;
  if (id === '00000000') throw { code: 'witnessChanged' } satisfies Trouble;
  if (all.some((each) => each.key === key)) throw { code: 'witnessThere' } satisfies Trouble;
  if (all.length >= MAX_WITNESSES) throw { code: 'tooManyWitnesses', most: MAX_WITNESSES } satisfies Trouble;
  return [...all, { name, key }];
}

/** The witnesses without one. */
export function withoutWitness(all: readonly WitnessView[], key: string): WitnessView[] {
  if (!all.some((each) => each.key === key)) throw { code: 'malformed' } satisfies Trouble;
  return all.filter((each) => each.key !== key);
}

/** Relays as these witnesses signed them: each that is reached, but for those that are silent. */
export function cosigned(relays: readonly RelayView[], all: readonly WitnessView[]): RelayView[] {
  const now = Math.floor(Date.now() / 1000);
  const signed: CosignedView[] = all.filter(({ name }) => !name.includes('silent')).map(({ name, key }) => ({ name, key, slotEndedSeconds: now - SECONDS_AGO - 1, signedSeconds: now - SECONDS_AGO }));
  return relays.map((relay) => ({ ...relay, cosigned: relay.failing || relay.reachedSeconds === null ? [] : signed }));
}
