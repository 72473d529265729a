import { seededRandom } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import type { BackendRequest } from '../src/backend-state.js';
import { UnansweredRequests } from '../src/unanswered-requests.js';
import { pick } from './pick.js';

const KINDS: readonly BackendRequest[] = [
  'parsing',
  'executing',
  'querying',
  'callingFunction',
  'syncing',
  'terminating',
];
const READY: readonly BackendRequest[] = ['querying', 'callingFunction', 'syncing'];

describe('UnansweredRequests', () => {
  test('does what an array does, at any length', () => {
    const random = seededRandom(5);
    const requests = new UnansweredRequests();
    let model: BackendRequest[] = [];
    let surplus = 0;
    for (let i = 0; i < 20_000; i++) {
      const isGrowing = i % 4000 < 2000; // up to some hundred, and down again
      const step = random.int(0, 99);
      if (step < (isGrowing ? 60 : 35)) {
        const kind = pick(random, KINDS);
        requests.push(kind);
        model.push(kind);
        expect(requests.newest).toBe(kind);
      } else if (step < 97) {
        requests.shift();
        model.shift();
      } else if (step < 98) {
        const end = model.findIndex((kind) => kind === 'syncing' || kind === 'terminating');
        model = end === -1 ? [] : model.slice(end);
        expect(requests.dropToSync()).toBe(model[0]);
      } else if (isGrowing) {
        continue;
      } else if (step === 98) {
        expect(requests.otherThanSyncBehindOldest).toBe(model.slice(1).find((kind) => kind !== 'syncing'));
        if (requests.otherThanSyncBehindOldest !== undefined || model.length === 0) continue;
        const held = model.length - 1;
        requests.holdSyncs();
        model = model.slice(0, 1);
        const hasFailed = random.int(0, 1) === 0;
        requests.releaseSyncs(hasFailed);
        if (hasFailed) surplus += held;
      } else {
        requests.clear();
        model = [];
        surplus = 0;
      }
      expect([requests.count, requests.oldest]).toEqual([model.length, model[0]]);
      expect(requests.surplusSyncs).toBe(surplus);
      expect(requests.readyCount).toBe(model.filter((kind) => READY.includes(kind)).length);
    }
  });
});
