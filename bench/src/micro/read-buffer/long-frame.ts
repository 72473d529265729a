import { ReadBuffer } from '@millrace/read-buffer';
import { createHash } from 'node:crypto';
import type { Benchmark, Contender } from '../../kit/contender.js';
import { CHUNK_BYTES, cut } from '../chunking.js';
import { seeded } from '../seeded.js';
import { PostgresJsReceiver } from './postgres-js-receiver.js';

const FRAME_BYTES = 8 * 1024 * 1024;
const HEADER_BYTES = 5;
const LAYOUT = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1 << 24 } as const;

/** A frame that begins and ends in the middle of a chunk, after a small one. */
function frameChunks(): Buffer[] {
  const random = seeded(8);
  const bytes = Buffer.alloc(FRAME_BYTES + CHUNK_BYTES);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(random(), at);
  bytes.writeInt32BE(CHUNK_BYTES / 2 - 1, 1);
  bytes.writeInt32BE(FRAME_BYTES - 1, CHUNK_BYTES / 2 + 1);
  bytes.writeInt32BE(CHUNK_BYTES / 2 - 1, CHUNK_BYTES / 2 + FRAME_BYTES + 1);
  return cut(bytes);
}

/** Receives the chunks once and gives the payload of the long frame, which it keeps until the next. */
interface Receiver {
  feedAll(chunks: readonly Buffer[]): Uint8Array;
  readonly copiedBytes?: number;
}

function ours(takesPayload: boolean): Receiver {
  const buffer = new ReadBuffer({ frame: LAYOUT });
  let kept: Uint8Array = new Uint8Array(0);
  return {
    feedAll(chunks) {
      for (const chunk of chunks) {
        buffer.feedBorrowed(chunk);
        while (buffer.takeFrame()) {
          if (buffer.payloadLength < CHUNK_BYTES) continue;
          kept = takesPayload ? buffer.takePayload() : buffer.payload();
        }
        buffer.endBorrow();
      }
      return kept;
    },
    get copiedBytes() {
      return buffer.stats.copiedBytes;
    },
  };
}

function postgresJs(): Receiver {
  let kept: Buffer = Buffer.alloc(0);
  const receiver = new PostgresJsReceiver((frame) => {
    if (frame.length > CHUNK_BYTES) kept = frame.subarray(HEADER_BYTES);
  });
  return {
    feedAll: (chunks) => {
      for (const chunk of chunks) receiver.feed(chunk);
      return kept;
    },
  };
}

function contender(name: string, receiver: Receiver): Contender {
  const chunks = frameChunks();
  let frames = 0;
  const pass = (): Uint8Array => {
    frames += 1;
    return receiver.feedAll(chunks);
  };
  return {
    name,
    // A payload that was only viewed is read before the next feed: the last chunk is still the one that completed it.
    check: () => createHash('sha256').update(pass()).digest('hex'),
    run: (count) => {
      for (let i = 0; i < count; i++) pass();
    },
    counters: () =>
      receiver.copiedBytes === undefined ? {} : { 'copied x': receiver.copiedBytes / (frames * FRAME_BYTES) },
  };
}

const by = 'median';

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'micro/read-buffer/long-frame',
    title: 'one frame of 8 MiB in 64 KiB chunks',
    operation: 'frame',
    count: 10,
    rounds: 31,
    allocationCount: 50,
    ownProcess: true,
    targets: [
      { contender: 'millrace, payload kept', atLeast: 0.8, than: "postgres.js' way", by },
      { contender: 'millrace, payload recycled', atLeast: 1.3, than: "postgres.js' way", by },
      { contender: 'millrace, payload kept', counter: 'copied x', atMost: 1.01 },
      { contender: 'millrace, payload recycled', counter: 'copied x', atMost: 1.01 },
    ],
    open: () => [
      contender('millrace, payload recycled', ours(false)),
      contender('millrace, payload kept', ours(true)),
      contender("postgres.js' way", postgresJs()),
    ],
  },
];
