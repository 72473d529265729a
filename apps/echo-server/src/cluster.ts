import cluster from 'node:cluster';
import { once } from 'node:events';
import type { Arguments } from './command-line.js';

/** Starts the workers, lets go of them on a signal, and ends when the last one has. */
export async function runCluster({ workers, graceMs }: Arguments): Promise<void> {
  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
    // A worker that hangs must not keep the others' end from being reported.
    setTimeout(() => {
      for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
    }, graceMs + 5000).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
  const running = Array.from({ length: workers }, async () => {
    for (;;) {
      const [code] = (await once(cluster.fork(), 'exit')) as [number | null];
      if (isEnding) return;
      if (code === 2) throw new Error('expected the workers to start'); // they have said why
      console.error(`a worker ended with ${code ?? 'a signal'}, another one takes its place`);
    }
  });
  try {
    await Promise.all(running);
  } finally {
    end();
  }
}
