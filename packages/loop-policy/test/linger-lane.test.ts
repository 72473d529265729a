import { TestClock } from '@millrace/testkit';
import { expect, test } from 'vitest';
import { LingerLane } from '../src/node/linger-lane.js';

function lane(): { clock: TestClock; expired: object[]; lingering: LingerLane<object> } {
  const clock = new TestClock();
  const expired: object[] = [];
  return { clock, expired, lingering: new LingerLane<object>(clock, 1000, (member) => expired.push(member)) };
}

test('each member expires after its own time, on one timer that holds nothing open', () => {
  const { clock, expired, lingering } = lane();
  const [first, second, third] = [{}, {}, {}];
  lingering.add(first);
  clock.advance(400);
  lingering.add(second);
  lingering.add(third);
  expect([clock.pending, clock.pendingRefs]).toEqual([1, 0]);
  clock.advance(599);
  expect(expired).toEqual([]);
  clock.advance(1);
  expect(expired).toEqual([first]);
  clock.advance(400);
  expect(expired).toEqual([first, second, third]);
  expect(clock.pending).toBe(0);
});

test('who is taken out does not expire, and the timer runs out by itself', () => {
  const { clock, expired, lingering } = lane();
  const [gone, stays] = [{}, {}];
  lingering.add(gone);
  lingering.delete(gone);
  clock.advance(1000);
  expect([expired, clock.pending]).toEqual([[], 0]);
  lingering.add(stays);
  clock.advance(1000);
  expect(expired).toEqual([stays]);
});
