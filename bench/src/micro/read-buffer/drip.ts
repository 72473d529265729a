import { ReadBuffer } from '@millrace/read-buffer';
import type { Benchmark, Contender } from '../../kit/contender.js';
import { cut } from '../chunking.js';
import { PostgresJsReceiver } from './postgres-js-receiver.js';

const LAYOUT = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1 << 20 } as const;

/** A frame in chunks of 1 B. */
function dripped(frameBytes: number): Buffer[] {
  const frame = Buffer.alloc(frameBytes, 0x61);
  frame.writeInt32BE(frameBytes - 1, 1);
  frame.writeInt32BE(0x01020304, 5);
  return cut(frame, 1);
}

/** Feeds one frame, and returns an integer of it and its length. */
type Dripper = (chunks: readonly Buffer[]) => number;

function owned(): Dripper {
  const buffer = new ReadBuffer({ frame: LAYOUT });
  return (chunks) => {
    let sum = 0;
    for (const chunk of chunks) {
      buffer.feed(chunk);
      while (buffer.takeFrame()) sum += buffer.readInt32() + buffer.payloadLength;
    }
    return sum;
  };
}

function borrowed(): Dripper {
  const buffer = new ReadBuffer({ frame: LAYOUT });
  return (chunks) => {
    let sum = 0;
    for (const chunk of chunks) {
      buffer.feedBorrowed(chunk);
      while (buffer.takeFrame()) sum += buffer.readInt32() + buffer.payloadLength;
      buffer.endBorrow();
    }
    return sum;
  };
}

function postgresJs(): Dripper {
  let sum = 0;
  const receiver = new PostgresJsReceiver((frame) => {
    sum += frame.readInt32BE(5) + frame.length - 5;
  });
  return (chunks) => {
    sum = 0;
    for (const chunk of chunks) receiver.feed(chunk);
    return sum;
  };
}

function contenders(frameBytes: number): Contender[] {
  const chunks = dripped(frameBytes);
  const contender = (name: string, drip: Dripper): Contender => ({
    name,
    check: () => drip(chunks),
    run: (count) => {
      for (let i = 0; i < count; i++) drip(chunks);
    },
  });
  return [
    contender('millrace feed', owned()),
    contender('millrace feedBorrowed', borrowed()),
    contender("postgres.js' way", postgresJs()),
  ];
}

const common = { operation: 'frame', ownProcess: true } as const;
const targets = [
  { contender: 'millrace feed', atLeast: 2, than: "postgres.js' way" },
  { contender: 'millrace feedBorrowed', atLeast: 1.6, than: "postgres.js' way" },
] as const;

export const benchmarks: readonly Benchmark[] = [
  {
    ...common,
    name: 'micro/read-buffer/drip',
    title: 'frames of 200 B, byte by byte',
    count: 5000,
    allocationCount: 20_000,
    targets,
    open: () => contenders(200),
  },
  {
    ...common,
    name: 'micro/read-buffer/drip-long',
    title: 'a hundred times as long, byte by byte: linear if it takes a hundred times as long',
    count: 50,
    allocationCount: 500,
    targets,
    open: () => contenders(20_000),
  },
];
