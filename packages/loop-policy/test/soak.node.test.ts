import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

// 2,000 find a leak of one object for each connection; SOAK_CYCLES=100000 one of a few bytes, and lost descriptors.
const cycles = Number(process.env['SOAK_CYCLES'] ?? 2000);

const script = `
  import { readdirSync } from 'node:fs';
  import { getLoop } from '@millrace/loop-policy';
  class Peer {
    constructor(done) { this.done = done; }
    connectionMade(transport) { this.transport = transport; }
    dataReceived(chunk) { this.transport.write(chunk); }
    eofReceived() {}
    pauseWriting() {}
    resumeWriting() {}
    connectionLost() { this.done?.(); }
  }
  const loop = getLoop();
  const server = await loop.listen(() => new Peer(), 'tcp://127.0.0.1:0');
  const endpoint = { host: '127.0.0.1', port: server.address.port };
  const bytes = new Uint8Array(100);
  async function cycle(i) {
    let lost;
    const over = new Promise((resolve) => (lost = resolve));
    const { transport, protocol } = await loop.connect(() => new Peer(lost), endpoint, { timeoutMs: 10_000 });
    protocol.dataReceived = () => (i % 3 === 0 ? transport.abort() : transport.close());
    transport.write(bytes, { recycle() {} });
    await over;
  }
  async function measure() {
    while (loop.metrics().openConnections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let i = 0; i < 3; i++) { globalThis.gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
    let descriptors = -1;
    try { descriptors = readdirSync('/proc/self/fd').length; } catch {}
    const { heapUsed, rss } = process.memoryUsage();
    return { heapUsed, rss, descriptors };
  }
  async function run(count) {
    for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, (_, j) => cycle(i + j)));
  }
  await run(${Math.max(1000, cycles / 4)});
  const before = await measure();
  await run(${cycles});
  const after = await measure();
  console.log(JSON.stringify({ before, after, metrics: loop.metrics() }));
  await loop.close();`;

interface Measured {
  readonly heapUsed: number;
  readonly rss: number;
  readonly descriptors: number;
}

test(`${cycles} connections come and go, and leave nothing behind`, { timeout: 30_000 + cycles * 3 }, () => {
  const output = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
  });
  const { before, after, metrics } = JSON.parse(output) as {
    before: Measured;
    after: Measured;
    metrics: { openConnections: number; totalConnections: number; uncaughtErrors: number };
  };
  console.log(`heap ${after.heapUsed - before.heapUsed} B, RSS ${after.rss - before.rss} B more than before`);
  expect(metrics).toMatchObject({ openConnections: 0, uncaughtErrors: 0 });
  expect(metrics.totalConnections).toBeGreaterThanOrEqual(2 * cycles);
  expect(after.descriptors).toBe(before.descriptors);
  expect(after.heapUsed - before.heapUsed).toBeLessThan(500_000 + 20 * cycles);
  expect(after.rss - before.rss).toBeLessThan(64 << 20);
});
