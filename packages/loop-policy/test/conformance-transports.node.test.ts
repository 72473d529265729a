import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomChunks } from '@millrace/testkit';
import { expect, test, vi } from 'vitest';
import type { LoopPolicy } from '../src/index.js';
import { checkLoopPolicy } from '../src/testing.js';
import { memoryPolicy } from './fixtures/memory-policy.js';
import { securePolicy } from './fixtures/secure-policy.js';
import { unixPolicy } from './fixtures/unix-policy.js';

/** What is said of transports; connecting, servers and scheduling are not their matter. */
const OF_TRANSPORTS = /^(delivery|reading|ending|watermarks|recycling|buffered|setProtocol|re-entrancy): /;

/** A client that ends as soon as it is connected: in TLS 1.3 that is before the server's handshake is over. */
const AT_ONCE = /(abort|throw) inside (connectionMade|getBuffer)|getBuffer that returns|two hundred connections/;

/** A suite of more than a hundred cases, on a machine that may be busy. */
vi.setConfig({ testTimeout: 180_000 });

// On Node only: what other runtimes do otherwise over TCP and TLS is in the list of known failures, once.

async function expectAllOf(policy: LoopPolicy, isMeant: (name: string) => boolean = () => true): Promise<void> {
  const only = (name: string): boolean => OF_TRANSPORTS.test(name) && isMeant(name);
  const report = await checkLoopPolicy(policy, { only, turnMs: 1, print: () => {} });
  expect(report.cases.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
  expect(report.passed).toBeGreaterThan(100);
}

test.each([
  ['in memory, chunks whole', memoryPolicy('whole')],
  ['in memory, in random pieces', memoryPolicy((bytes) => randomChunks(bytes, { seed: 11, maxBytes: 100_000 }))],
  ['over TLS 1.2', securePolicy('TLSv1.2')],
])('transports %s behave as every transport does', async (_, policy) => {
  await expectAllOf(policy);
});

test('transports over TLS 1.3 behave as every transport does', async () => {
  await expectAllOf(securePolicy('TLSv1.3'), (name) => !AT_ONCE.test(name));
});

test('transports on unix sockets behave as every transport does', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
  try {
    await expectAllOf(unixPolicy(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
