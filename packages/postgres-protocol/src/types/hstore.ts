import { decodeUtf8 } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { MalformedValueError } from './malformed-value-error.js';
import { RefusedValueError, wrongKind } from './refused-value-error.js';
import { text } from './text.js';
import type { WireType } from './wire-type.js';

// On the wire (hstore_send in hstore_io.c): int32 count; for each pair the key behind its int32 length, and the value
// behind its own, -1 for NULL.

/** Makes the type of the extension hstore, whose OID is another in every database: a `Map` of strings and nulls. */
export function hstoreType(oid: number, name: string): WireType {
  return { oid, name, reader: () => readHstore, write: writeHstore };
}

function readHstore(bytes: Uint8Array, view: DataView, start: number, end: number): Map<string, string | null> {
  if (end - start < 4) throw new MalformedValueError(`hstore is at least 4 bytes long, got ${end - start}`);
  const count = view.getInt32(start);
  let at = start + 4;
  // Before anything is allocated: the count is the peer's word. Each pair has two lengths at least.
  if (count < 0 || count > (end - at) / 8) {
    throw new MalformedValueError(`hstore has no ${count} pairs in ${end - at} bytes`);
  }
  const nextString = (): string | null => {
    const length = end - at < 4 ? -2 : view.getInt32(at);
    at += 4;
    if (length === -1) return null;
    if (length < 0 || length > end - at) throw new MalformedValueError('hstore ends in a pair');
    at += length;
    return decodeUtf8(bytes, at - length, at);
  };
  const map = new Map<string, string | null>();
  for (let i = 0; i < count; i++) {
    const key = nextString();
    if (key === null) throw new MalformedValueError('hstore has no key that is NULL');
    map.set(key, nextString());
  }
  if (at !== end) throw new MalformedValueError(`hstore of ${end - start} bytes ends ${end - at} bytes early`);
  return map;
}

function writeHstore(out: WriteBuffer, value: unknown): void {
  const pairs = pairsOf(value);
  const lengthAt = out.reserveInt32();
  const start = out.length;
  out.writeInt32(pairs.length);
  for (const [key, item] of pairs) {
    writeString(out, 'key', key);
    if (item === null) out.writeInt32(-1);
    else writeString(out, 'value', item);
  }
  out.patchInt32(lengthAt, out.length - start);
}

function pairsOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)];
  const isPlain = Object.prototype.toString.call(value) === '[object Object]';
  if (!isPlain) throw wrongKind('a Map, or an object, of strings and nulls', value);
  return Object.entries(value as object);
}

function writeString(out: WriteBuffer, what: string, value: unknown): void {
  try {
    text.write(out, value);
  } catch (error) {
    if (!(error instanceof RefusedValueError)) throw error;
    // Not which one: keys are data too.
    throw new RefusedValueError(error.kind, `hstore ${what}: ${error.message}`);
  }
}
