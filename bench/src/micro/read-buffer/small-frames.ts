import { ReadBuffer } from '@millrace/read-buffer';
import type { Benchmark, Contender, Target } from '../../kit/contender.js';
import { fiveKinds, fiveKindsOfBuffer } from '../chunking.js';
import { fiveOtherDecoders, fiveOtherReaders } from './other-readers.js';
import { FRAME_BYTES, FRAMES, LAYOUT, smallFrameChunks, smallMessageChunks, TYPE } from './small-frame-bytes.js';
import {
  BlSummer,
  BufferReaderSummer,
  type FrameSummer,
  PgProtocolSummer,
  ProtobufSummer,
  pull,
  PullSummer,
  RunSummer,
  SmartBufferSummer,
} from './small-frame-readers.js';

/** Reads all chunks again and again; the last frame of the last one ends there. */
function contender(name: string, summer: FrameSummer, chunks: readonly Uint8Array[]): Contender {
  const pass = (): void => {
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
  };
}

function contenders(): Contender[] {
  const chunks = smallFrameChunks();
  return [
    contender('millrace takeRun', new RunSummer(), chunks),
    contender('millrace takeFrame', new PullSummer(), chunks),
    contender('protobufjs', new ProtobufSummer(), smallMessageChunks()),
    contender('pg-protocol', new PgProtocolSummer(), chunks),
    contender('pg-protocol, its reader alone', new BufferReaderSummer(), chunks),
    contender('smart-buffer', new SmartBufferSummer(), chunks),
    contender('bl', new BlSummer(), chunks),
  ];
}

/** Every reader has seen five kinds of chunks before the ones that are measured. */
function afterOtherChunks(): Contender[] {
  const kinds = fiveKinds(smallFrameChunks());
  const buffers = fiveKindsOfBuffer(smallFrameChunks());
  const messages = fiveKindsOfBuffer(smallMessageChunks());
  const seen = [
    contender('', new RunSummer(), kinds),
    contender('', new PullSummer(), kinds),
    contender('', new ProtobufSummer(), messages),
    contender('', new PgProtocolSummer(), buffers),
    contender('', new BufferReaderSummer(), buffers),
    contender('', new SmartBufferSummer(), buffers),
    contender('', new BlSummer(), buffers),
  ];
  for (const summer of seen) void summer.run(20 * FRAMES);
  return contenders();
}

/** The loop that pulls has seen five other readers, and `takeRun` five other decoders. */
function afterOtherReaders(): Contender[] {
  for (let pass = 0; pass < 20; pass++) {
    const ignored = new PullSummer();
    for (const reader of fiveOtherReaders(FRAMES)) pull(reader, ignored);
    for (const decode of fiveOtherDecoders()) {
      const buffer = new ReadBuffer({ frame: LAYOUT });
      for (const chunk of smallFrameChunks()) {
        buffer.feedBorrowed(chunk.subarray(0, chunk.length - (chunk.length % FRAME_BYTES)));
        while (buffer.takeRun(TYPE, decode));
        buffer.endBorrow();
      }
    }
  }
  return contenders();
}

const SPEED: readonly Target[] = [
  { contender: 'millrace takeRun', atLeast: 10, than: 'pg-protocol' },
  { contender: 'millrace takeRun', atLeast: 5, than: 'protobufjs' },
  { contender: 'millrace takeFrame', atLeast: 5, than: 'pg-protocol' },
  { contender: 'millrace takeFrame', atLeast: 2, than: 'protobufjs' },
];
const COST: readonly Target[] = [
  { contender: 'millrace takeRun', counter: 'allocated B', atMost: 1 },
  { contender: 'millrace takeFrame', counter: 'allocated B', atMost: 1 },
  { contender: 'millrace takeRun', counter: 'retained B', atMost: 0.01 },
  { contender: 'millrace takeFrame', counter: 'retained B', atMost: 0.01 },
];

const common = {
  operation: 'frame',
  count: 20 * FRAMES,
  batch: FRAMES,
  allocationCount: 10_000_000,
  ownProcess: true,
} as const;

export const benchmarks: readonly Benchmark[] = [
  {
    ...common,
    name: 'micro/read-buffer/small-frames',
    title: 'frames of 20 B in 64 KiB chunks, three fields read of each',
    targets: [...SPEED, ...COST],
    open: contenders,
  },
  {
    ...common,
    name: 'micro/read-buffer/small-frames-after-five-kinds-of-chunks',
    title: 'the same after five other kinds of byte arrays',
    targets: COST,
    open: afterOtherChunks,
  },
  {
    ...common,
    name: 'micro/read-buffer/small-frames-after-five-readers',
    title: 'the same after five other readers and decoders',
    targets: COST,
    open: afterOtherReaders,
  },
];
