import type { BenchmarkModule } from './kit/contender.js';

/** Every file of benchmarks, loaded only where it is needed: in a process of its own nothing else has run. */
export const modules: Readonly<Record<string, () => Promise<BenchmarkModule>>> = {
  echo: () => import('./echo/benchmarks.js'),
  postgres: () => import('./postgres/benchmarks.js'),
};
