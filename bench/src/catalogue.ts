import type { BenchmarkModule } from './kit/contender.js';

/** Every file of benchmarks, loaded only where it is needed: in a process of its own nothing else has run. */
export const modules: Readonly<Record<string, () => Promise<BenchmarkModule>>> = {
  'micro/read-buffer/small-frames': () => import('./micro/read-buffer/small-frames.js'),
  'micro/read-buffer/mixed-frames': () => import('./micro/read-buffer/mixed-frames.js'),
  'micro/read-buffer/long-frame': () => import('./micro/read-buffer/long-frame.js'),
  'micro/read-buffer/drip': () => import('./micro/read-buffer/drip.js'),
  'micro/read-buffer/text-rows': () => import('./micro/read-buffer/text-rows.js'),
  echo: () => import('./echo/benchmarks.js'),
  postgres: () => import('./postgres/benchmarks.js'),
};
