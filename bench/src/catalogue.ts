import type { BenchmarkModule } from './kit/contender.js';

/** Every file of benchmarks, loaded only where it is needed: in a process of its own nothing else has run. */
export const modules: Readonly<Record<string, () => Promise<BenchmarkModule>>> = {
  'micro/read-buffer/small-frames': () => import('./micro/read-buffer/small-frames.js'),
  'micro/read-buffer/frame-trace': () => import('./micro/read-buffer/frame-trace.js'),
  'micro/read-buffer/mixed-frames': () => import('./micro/read-buffer/mixed-frames.js'),
  'micro/read-buffer/long-frame': () => import('./micro/read-buffer/long-frame.js'),
  'micro/read-buffer/drip': () => import('./micro/read-buffer/drip.js'),
  'micro/read-buffer/text-rows': () => import('./micro/read-buffer/text-rows.js'),
  'micro/write-buffer/bind-batch': () => import('./micro/write-buffer/bind-batch.js'),
  'micro/codecs/struct': () => import('./micro/codecs/struct.js'),
  'micro/codecs/arrays': () => import('./micro/codecs/arrays.js'),
  'micro/codecs/fizzbuzz': () => import('./micro/codecs/fizzbuzz.js'),
  'micro/async-queue/take-ready': () => import('./micro/async-queue/take-ready.js'),
  'micro/async-queue/hand-off': () => import('./micro/async-queue/hand-off.js'),
  'micro/async-queue/bounded': () => import('./micro/async-queue/bounded.js'),
  'micro/async-queue/cancelled-waiters': () => import('./micro/async-queue/cancelled-waiters.js'),
  'micro/async-queue/limits': () => import('./micro/async-queue/limits.js'),
  'micro/timeouts/arm-disarm': () => import('./micro/timeouts/arm-disarm.js'),
  'micro/timeouts/lane': () => import('./micro/timeouts/lane.js'),
  'micro/timeouts/deadline-await': () => import('./micro/timeouts/deadline-await.js'),
  echo: () => import('./echo/benchmarks.js'),
  'echo/receive': () => import('./echo/receive.js'),
  'postgres/decode': () => import('./postgres/decode/benchmarks.js'),
  postgres: () => import('./postgres/benchmarks.js'),
};
