// A seeded part of what `pnpm fuzz` runs. The tallies show that the runs get somewhere.
import { describe, expect, test } from 'vitest';
import { RECEIVES, SENDS as BACKEND_SENDS } from '../src/backend-state.js';
import { REQUESTS, SENDS } from '../src/frontend-sends.js';
import { TRANSITIONS } from '../src/frontend-state.js';
import { FUZZERS, type Tally } from './fuzz/index.js';

const names = (table: object): string[] => [
  ...new Set(Object.values(table).flatMap((row: object) => Object.keys(row))),
];

function fuzz(name: keyof typeof FUZZERS, runs: number): Tally {
  const tally: Tally = new Map();
  for (let seed = 1; seed <= runs; seed++) FUZZERS[name](seed, tally);
  return tally;
}

function missing(tally: Tally, prefix: string, expected: readonly string[]): string[] {
  return expected.filter((name) => !tally.has(`${prefix} ${name}`));
}

describe('in random conversations', () => {
  test("the client's end finds its way, or throws a RemoteProtocolError", () => {
    const tally = fuzz('frontend', 8000);
    expect(missing(tally, 'called', [...Object.keys(SENDS), ...Object.keys(REQUESTS)])).toEqual([]);
    // The signature would have to be right.
    const taken = names(TRANSITIONS).filter((name) => name !== 'AuthenticationSASLFinal');
    expect(missing(tally, 'took', taken)).toEqual([]);
  });

  test("the server's end finds its way, or throws a RemoteProtocolError", () => {
    const tally = fuzz('backend', 8000);
    expect(missing(tally, 'called', names(BACKEND_SENDS))).toEqual([]);
    const taken = names(RECEIVES).filter((name) => name !== 'EndOfInput');
    expect(missing(tally, 'took', taken)).toEqual([]);
  });

  test('the two ends never find fault with each other, and come to an end', () => {
    const tally = fuzz('duet', 4000);
    expect(tally.get('ended idle / idle')).toBeGreaterThan(400);
  });
});
