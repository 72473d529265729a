import { randomChunks } from '@millrace/testkit';
import { expect, test } from 'vitest';
import { checkLoopPolicy } from '../src/testing.js';
import { memoryPolicy } from './fixtures/memory-policy.js';
import { securePolicy } from './fixtures/secure-policy.js';

/** What is said of transports; connecting, servers and scheduling are not their matter. */
const OF_TRANSPORTS = /^(delivery|reading|ending|watermarks|recycling|buffered|setProtocol|re-entrancy): /;

/** A client that ends as soon as it is connected: in TLS 1.3 that is before the server's handshake is over. */
const AT_ONCE = /(abort|throw) inside (connectionMade|getBuffer)|getBuffer that returns|two hundred connections/;

test.each([
  ['in memory, chunks whole', memoryPolicy('whole')],
  ['in memory, in pieces of 20,000 bytes', memoryPolicy(20_000)],
  ['in memory, in random pieces', memoryPolicy((bytes) => randomChunks(bytes, { seed: 11, maxBytes: 100_000 }))],
  ['over TLS 1.2', securePolicy('TLSv1.2')],
])('transports %s behave as every transport does', async (_, policy) => {
  const report = await checkLoopPolicy(policy, { only: OF_TRANSPORTS, print: () => {} });
  expect(report.cases.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
  expect(report.passed).toBeGreaterThan(100);
});

test('transports over TLS 1.3 behave as every transport does', async () => {
  const only = (name: string): boolean => OF_TRANSPORTS.test(name) && !AT_ONCE.test(name);
  const report = await checkLoopPolicy(securePolicy('TLSv1.3'), { only, print: () => {} });
  expect(report.cases.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
  expect(report.passed).toBeGreaterThan(100);
});
