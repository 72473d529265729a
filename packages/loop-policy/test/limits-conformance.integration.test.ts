import { beforeAll, describe, expect, test } from 'vitest';
import { checkLoopPolicy, conformanceCases, type ConformanceReport } from '../src/testing.js';
import { knownFailures } from './conformance-known-failures.js';
import { limitedPolicy } from './limited-policy.js';

const SUBJECT = /^(delivery|reading|ending|watermarks|recycling|buffered|setProtocol|re-entrancy|server|TLS)/;

/** What is otherwise, as `withLimits` says. */
const OTHERWISE: readonly string[] = [
  'watermarks: the ones of connect() and listen() hold from the beginning',
  'TLS: an error of the factory is told to the one who connects, after the handshake',
  'server: the watermarks of listen() are those of its connections',
];

const names = conformanceCases
  .map(({ name }) => name)
  .filter((name) => SUBJECT.test(name) && !OTHERWISE.includes(name) && !knownFailures.has(name));

// A rate at which large transfers are throttled in both directions, and small ones are not.
const policy = limitedPolicy({ total: 10_000, perPeer: 5000, idleMs: 60_000, bytesPerSec: 50e6 });

describe('a loop under limits', () => {
  let report: ConformanceReport;

  beforeAll(async () => {
    report = await checkLoopPolicy(policy, { only: (name) => names.includes(name), turnMs: 1, print: () => {} });
  }, 180_000);

  test.each(names.map((name) => [name] as const))('%s', (name) => {
    expect(report.cases.find((each) => each.name === name)).toEqual({ name, outcome: 'passed' });
  });
});
