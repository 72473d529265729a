import protobuf from 'protobufjs';
import { cut } from '../chunking.js';
import { seeded } from '../seeded.js';

/** Of 20 B each, 10 chunks of 64 KiB. */
export const FRAMES = 32_768;
export const FRAME_BYTES = 20;
export const TYPE = 0x4e;
/** The fields are followed by 5 B that nobody reads. */
const PAYLOAD_BYTES = 15;

export const LAYOUT = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1 << 20 } as const;

interface Fields {
  readonly id: number;
  readonly amount: number;
  readonly kind: number;
}

/** A type byte, an int32 length that includes itself, and int32, int32, int16. */
export function smallFrameChunks(): Buffer[] {
  const bytes = Buffer.alloc(FRAMES * FRAME_BYTES);
  eachFrame(({ id, amount, kind }, i) => {
    let at = i * FRAME_BYTES;
    at = bytes.writeUInt8(TYPE, at);
    at = bytes.writeInt32BE(PAYLOAD_BYTES + 4, at);
    at = bytes.writeInt32BE(id, at);
    at = bytes.writeInt32BE(amount, at);
    bytes.writeInt16BE(kind, at);
  });
  return cut(bytes);
}

/** The same values as length-delimited protobuf messages of `sfixed32`, `sfixed32` and `int32`, 13 B or less each. */
export function smallMessageChunks(): Buffer[] {
  const writer = protobuf.Writer.create();
  eachFrame(({ id, amount, kind }) => {
    writer.fork().uint32(0x0d).sfixed32(id).uint32(0x15).sfixed32(amount).uint32(0x18).int32(kind).ldelim();
  });
  return cut(writer.finish());
}

function eachFrame(write: (fields: Fields, index: number) => void): void {
  const random = seeded(20);
  for (let i = 0; i < FRAMES; i++) write({ id: i, amount: random() | 0, kind: random() % 100 }, i);
}
