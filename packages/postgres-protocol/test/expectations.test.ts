import { seededRandom } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { Expectations } from '../src/expectations.js';
import type { Expectation } from '../src/frontend-state.js';
import { createStatement } from '../src/statement.js';

const statement = createStatement({ name: 's', parameterOids: [], fields: [] });
const KINDS: readonly Expectation[] = ['parsing', 'binding', 'executing', 'syncing', 'querying', 'closing'];
const owes = (kind: Expectation) => kind === 'syncing' || kind === 'querying';

describe('Expectations', () => {
  test('behaves as a plain list does', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const ring = new Expectations();
      const list: Expectation[] = [];
      for (let step = 0; step < 500; step++) {
        const kind = KINDS[random.int(0, KINDS.length - 1)]!;
        const action = random.int(0, 9);
        if (action < 6) {
          ring.push(kind, kind === 'executing' ? statement : undefined);
          list.push(kind);
        } else if (action < 9) {
          expect(ring.shift(), `seed ${seed}, step ${step}`).toBe(list.shift());
        } else {
          ring.shiftThroughReady();
          const end = list.findIndex(owes);
          list.splice(0, end === -1 ? list.length : end + 1);
        }
        expect(ring.oldest, `seed ${seed}, step ${step}`).toBe(list[0]);
        expect(ring.oldestStatement).toBe(list[0] === 'executing' ? statement : undefined);
        expect(ring.readyCount).toBe(list.filter(owes).length);
        const behind = list.slice(1);
        const syncs = behind.every((k) => k === 'syncing') ? behind.length : undefined;
        expect(ring.syncsBehindOldest(), `seed ${seed}, step ${step}`).toBe(syncs);
      }
    }
  });

  test('forgets everything where it is cleared, also what has wrapped around', () => {
    const ring = new Expectations();
    for (let i = 0; i < 20; i++) ring.push('executing', statement);
    for (let i = 0; i < 10; i++) ring.shift();
    for (let i = 0; i < 15; i++) ring.push('syncing');
    ring.clear();
    expect([ring.oldest, ring.oldestStatement, ring.newest, ring.readyCount, ring.shift()]).toEqual([
      undefined,
      undefined,
      undefined,
      0,
      undefined,
    ]);
    ring.push('querying');
    expect([ring.oldest, ring.newest, ring.readyCount]).toEqual(['querying', 'querying', 1]);
  });

  test('remembers the newest after it was answered', () => {
    const ring = new Expectations();
    expect(ring.newest).toBeUndefined();
    ring.push('parsing');
    ring.shift();
    expect(ring.newest).toBe('parsing');
    expect(ring.oldest).toBeUndefined();
  });
});
