// Counts of the wire, both ways. A count is believed only as far as the bytes behind it can hold what it promises.
import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { RemoteProtocolError } from '../errors.js';

/** The manual says Int16; servers and clients read it without a sign. */
const MAX_COUNT = 0xffff;

/**
 * Throws unless the rest of the frame can hold `count` things of at least `minBytes` bytes each.
 *
 * @param things - For the message: `columns`.
 */
export function checkCount(input: ReadBuffer, things: string, count: number, minBytes: number): void {
  if (count * minBytes > input.length) {
    throw new RemoteProtocolError(
      `a message is shorter than its fields: it announces ${count} ${things} and has ${input.length} bytes for them`,
    );
  }
}

/** Reads a count of 16 bits and checks it; see {@link checkCount}. */
export function readCount(input: ReadBuffer, things: string, minBytes: number): number {
  const count = input.readUint16();
  checkCount(input, things, count, minBytes);
  return count;
}

/** Appends a count of 16 bits. Throws a RangeError if there are more. */
export function writeCount(out: WriteBuffer, things: string, count: number): void {
  if (count > MAX_COUNT) throw new RangeError(`a message has at most ${MAX_COUNT} ${things}, got ${count}`);
  out.writeUint16(count);
}
