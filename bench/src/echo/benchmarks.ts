import type { Benchmark } from '../kit/contender.js';
import { arePinned } from './cores.js';
import { cycles } from './cycles.js';
import { held } from './held.js';
import { matrix, targets } from './matrix.js';
import { buildLoad } from './native-build.js';
import { findPeers } from './server-kinds.js';

export const benchmarks: readonly Benchmark[] = [...targets, ...matrix, held, ...cycles];

/** Says what the machine lacks. */
export async function start(): Promise<AsyncDisposable> {
  const { missing } = await findPeers();
  if (missing.length > 0) console.log(`\necho: not installed, so left out: ${missing.join(', ')}`);
  if (!arePinned) console.log('\necho: without two cores and taskset, server and load disturb each other');
  await buildLoad().catch((error: unknown) => {
    console.log(`\necho: the load comes from Node, which is slower than some servers: ${String(error)}`);
  });
  return { [Symbol.asyncDispose]: () => Promise.resolve() };
}
