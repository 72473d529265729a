import { ReadBuffer } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import { parse } from 'pg-protocol';
import { Readable } from 'node:stream';
import type { Benchmark } from '../kit/contender.js';

const CHUNK_BYTES = 64 * 1024;
const FRAMES = 50_000;
/** Passes over the same bytes in one round. */
const PASSES = 10;
const frame = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1 << 24 } as const;

/** NotificationResponse frames: the smallest backend message with an integer and two strings that pg-protocol decodes. */
function notifications(): Uint8Array[] {
  const out = new WriteBuffer({ maxBytes: 1 << 26 });
  for (let i = 0; i < FRAMES; i++) {
    const message = out.beginFrame(0x41);
    out.writeInt32(i);
    out.writeCString('channel');
    out.writeCString('x');
    out.endFrame(message);
  }
  const bytes = out.take();
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.slice(at, at + CHUNK_BYTES));
  return chunks;
}

function readAll(chunks: readonly Uint8Array[]): number {
  const buffer = new ReadBuffer({ frame });
  let sum = 0;
  for (const chunk of chunks) {
    buffer.feedBorrowed(chunk);
    while (buffer.takeFrame()) {
      sum += buffer.readInt32();
      sum += buffer.readCString().length + buffer.readCString().length;
    }
    buffer.endBorrow();
  }
  return sum;
}

async function pgProtocolAll(chunks: readonly Uint8Array[]): Promise<number> {
  let sum = 0;
  await parse(
    Readable.from(chunks.map((chunk) => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))),
    (message) => {
      const { processId, channel, payload } = message as unknown as {
        processId: number;
        channel: string;
        payload: string;
      };
      sum += processId + channel.length + payload.length;
    },
  );
  return sum;
}

async function passes(count: number, pass: () => Promise<number>): Promise<void> {
  for (let done = 0; done < count; done += FRAMES) await pass();
}

export const frameBenchmarks: readonly Benchmark[] = [
  {
    name: 'frames of 19 B in 64 KiB chunks, an integer and two strings each',
    operation: 'per frame',
    count: FRAMES * PASSES,
    open: async () => {
      const chunks = notifications();
      if (readAll(chunks) !== (await pgProtocolAll(chunks))) throw new Error('the contenders disagree');
      return [
        { name: 'millrace read-buffer', run: (count) => passes(count, () => Promise.resolve(readAll(chunks))) },
        { name: 'pg-protocol', run: (count) => passes(count, () => pgProtocolAll(chunks)) },
      ];
    },
  },
];
