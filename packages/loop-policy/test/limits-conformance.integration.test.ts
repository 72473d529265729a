import { expect, test } from 'vitest';
import { checkLoopPolicy, conformanceCases } from '../src/testing.js';
import { limitedPolicy } from './limited-policy.js';

const SUBJECT = /^(delivery|reading|ending|writing|watermarks|buffered|setProtocol|re-entrancy|server|TLS)/;

/** What is otherwise, as `withLimits` says. */
const OTHERWISE: readonly string[] = [
  'watermarks: the ones of connect() and listen() hold from the beginning',
  'TLS: an error of the factory is told to the one who connects, after the handshake',
  'server: the watermarks of listen() are those of its connections',
];

const cases = conformanceCases.filter(({ name }) => SUBJECT.test(name) && !OTHERWISE.includes(name));

// A rate at which large transfers are throttled in both directions, and small ones are not.
const policy = limitedPolicy({ total: 10_000, perPeer: 5000, idleMs: 60_000, bytesPerSec: 50e6 });

test.each(cases.map(({ name }) => [name] as const))('a loop under limits, %s', async (name) => {
  const report = await checkLoopPolicy(policy, { only: (each) => each === name, print: () => {} });
  expect(report.cases).toEqual([{ name, outcome: 'passed' }]);
});
