import { sleep } from '@millrace/timeouts';
import { expect, test } from 'vitest';
import { Simulation } from '../src/index.js';
import { Echo, Sink } from './wire.js';

/** A client with 10 connections and a heartbeat a second on each. */
async function heartbeats(seed: number, seconds: number): Promise<{ readonly hash: string; readonly echoes: number }> {
  const simulation = new Simulation({ seed });
  simulation.link('client', 'server', { latencyMs: 20, jitterMs: 5, bytesPerSec: 1e6 });
  const echoes = await simulation.run(async () => {
    const server = await simulation
      .host('server')
      .getLoop()
      .listen(() => new Echo(), 'tcp://0.0.0.0:7000');
    const loop = simulation.host('client').getLoop();
    const counts = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const { transport, protocol } = await loop.connect(() => new Sink(), 'tcp://server:7000');
        for (let i = 0; i < seconds; i++) {
          transport.write(new Uint8Array([i]));
          await sleep(1000);
        }
        transport.close();
        return protocol.bytes.length;
      }),
    );
    await server.close();
    return counts.reduce((sum, count) => sum + count, 0);
  });
  return { hash: simulation.traceHash, echoes };
}

test('10,000 seconds of ten connections with a heartbeat leave the trace that was recorded, on every platform', async () => {
  expect(await heartbeats(2026, 10_000)).toEqual({ hash: '24712e5cc36c53ff', echoes: 100_000 });
});

test('another seed is another trace', async () => {
  const hashes: string[] = [];
  for (const seed of [1, 2, 1]) hashes.push((await heartbeats(seed, 20)).hash);
  expect(hashes[0]).toBe(hashes[2]);
  expect(hashes[0]).not.toBe(hashes[1]);
});
