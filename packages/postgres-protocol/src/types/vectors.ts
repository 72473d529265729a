import type { WriteBuffer } from '@millrace/write-buffer';
import { MalformedValueError } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import type { WireType } from './wire-type.js';

// The vectors of the catalogs (int.c, oid.c): arrays of one dimension, whose lower bound is 0, without NULLs.

const HEADER_BYTES = 20; // int32 dimensions, int32 "has NULLs", the element's OID, int32 size, int32 lower bound

/** What is different between the two. */
interface VectorElement {
  readonly oid: number;
  readonly byteLength: 2 | 4;
  readonly min: number;
  readonly max: number;
}

/** `int2vector`: an array of numbers. */
export const int2vector: WireType = vector(22, 'int2vector', { oid: 21, byteLength: 2, min: -0x8000, max: 0x7fff });

/** `oidvector`: an array of numbers. */
export const oidvector: WireType = vector(30, 'oidvector', { oid: 26, byteLength: 4, min: 0, max: 0xffffffff });

function vector(oid: number, name: string, element: VectorElement): WireType {
  const itemBytes = 4 + element.byteLength;
  const expected = `an array of integers from ${element.min} to ${element.max}`;

  function read(_bytes: Uint8Array, view: DataView, start: number, end: number): number[] {
    const count = (end - start - HEADER_BYTES) / itemBytes;
    if (!(count >= 0 && Number.isInteger(count))) {
      throw new MalformedValueError(
        `${name} is ${HEADER_BYTES} bytes and ${itemBytes} per element, got ${end - start}`,
      );
    }
    const header = [0, 4, 8, 12, 16].map((offset) => view.getInt32(start + offset));
    if (header.join() !== [1, 0, element.oid, count, 0].join()) {
      throw new MalformedValueError(`${name} of ${count} elements has another header: ${header.join(', ')}`);
    }
    const items: number[] = [];
    for (let at = start + HEADER_BYTES; at < end; at += itemBytes) {
      const length = view.getInt32(at);
      if (length !== element.byteLength) throw new MalformedValueError(`an element of ${name} has length ${length}`);
      items.push(element.byteLength === 2 ? view.getInt16(at + 4) : view.getUint32(at + 4));
    }
    return items;
  }

  function write(out: WriteBuffer, value: unknown): void {
    if (!Array.isArray(value)) throw wrongKind(expected, value);
    // The server writes such a vector, but cannot read it: array_recv makes it an array of no dimension.
    if (value.length === 0) throw outOfRange(`${expected}, not empty`, 'an empty array');
    const items: readonly unknown[] = value.slice(); // a getter in it may lengthen the list
    out.writeInt32(HEADER_BYTES + items.length * itemBytes);
    for (const word of [1, 0, element.oid, items.length, 0]) out.writeInt32(word);
    for (const item of items) {
      if (typeof item !== 'number') throw wrongKind(expected, item);
      if (!(Number.isInteger(item) && item >= element.min && item <= element.max)) {
        throw outOfRange(expected, 'another number');
      }
      out.writeInt32(element.byteLength);
      if (element.byteLength === 2) out.writeInt16(item);
      else out.writeUint32(item);
    }
  }

  return { oid, name, valuesAreArrays: true, reader: () => read, write };
}
