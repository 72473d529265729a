import type { Benchmark, Contender } from '../../kit/contender.js';
import { cut } from '../chunking.js';
import { seeded } from '../seeded.js';
import { TYPE } from './small-frame-bytes.js';
import { BlSummer, type FrameSummer, PgProtocolSummer, PullSummer, RunSummer } from './small-frame-readers.js';

const FRAMES = 4000;
const MIN_FRAME_BYTES = 20;
const MAX_FRAME_BYTES = 512;

/** Frames of all lengths, as a busy connection has them. */
function trace(): Buffer {
  const random = seeded(512);
  const frames = Array.from({ length: FRAMES }, (_, i) => {
    const frame = Buffer.alloc(MIN_FRAME_BYTES + ((random() >>> 8) % (MAX_FRAME_BYTES - MIN_FRAME_BYTES + 1)), 0x78);
    frame.writeUInt8(TYPE, 0);
    frame.writeInt32BE(frame.length - 1, 1);
    frame.writeInt32BE(i, 5);
    frame.writeInt32BE(-i, 9);
    frame.writeInt16BE(i % 100, 13);
    return frame;
  });
  return Buffer.concat(frames);
}

type Counted = FrameSummer & { readonly copiedBytes?: number };

function contender(name: string, summer: Counted, bytes: Buffer): Contender {
  const chunks = cut(bytes);
  let passes = 0;
  const pass = (): void => {
    passes += 1;
    for (const chunk of chunks) summer.feed(chunk);
  };
  return {
    name,
    check: () => {
      const before = { sum: summer.sum, frames: summer.frames };
      pass();
      return { sum: summer.sum - before.sum, frames: summer.frames - before.frames };
    },
    run: (count) => {
      for (let done = 0; done < count; done += FRAMES) pass();
    },
    counters: () =>
      summer.copiedBytes === undefined ? {} : { 'copied %': (100 * summer.copiedBytes) / (passes * bytes.length) },
  };
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'micro/read-buffer/frame-trace',
    title: 'frames of 20 to 512 B in 64 KiB chunks, three fields read of each',
    operation: 'frame',
    count: 50 * FRAMES,
    batch: FRAMES,
    ownProcess: true,
    targets: [
      { contender: 'millrace takeRun', counter: 'copied %', atMost: 1 },
      { contender: 'millrace takeFrame', counter: 'copied %', atMost: 1 },
    ],
    open: () => {
      const bytes = trace();
      return [
        contender('millrace takeRun', new RunSummer(), bytes),
        contender('millrace takeFrame', new PullSummer(), bytes),
        contender('pg-protocol', new PgProtocolSummer(), bytes),
        contender('bl', new BlSummer(), bytes),
      ];
    },
  },
];
