// What every codec must do, as a function that any test runner can call. Without node:assert, for browsers.
import { ReadBuffer } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import { type Codec, Incomplete } from './codec.js';
import { toBytes } from './layout.js';

/** Options of {@link codecLaws}. */
export interface CodecLawsOptions<T> {
  /** Whether two values are the same. Default: own properties, items, bytes and dates are compared, NaN is itself. */
  readonly equals?: ((a: T, b: T) => boolean) | undefined;
}

/**
 * Checks that a codec keeps its promises for some values: round trips, in one piece, in every two pieces and byte by
 * byte; `Incomplete` and an unmoved cursor for every truncation; a decoder that gives the same; a `size` that is exact;
 * bytes after a value that stay where they are; and for bytes that were damaged, the same error wherever they are cut.
 *
 * @param codec - Any codec, of this package or not.
 * @param samples - Values, at least one. Those of some hundred bytes are enough: time grows with the square.
 * @throws {Error} If a law is broken; the message names the law and the sample.
 */
export function codecLaws<T>(codec: Codec<T>, samples: readonly T[], options: CodecLawsOptions<T> = {}): void {
  if (samples.length === 0) throw new Error('codecLaws: expected at least one sample');
  const equals = options.equals ?? isSame;
  for (const [index, value] of samples.entries()) {
    const bytes = toBytes(codec, value);
    const check = (isKept: boolean, law: string): void => {
      if (!isKept) throw new Error(`codecLaws: sample ${index} (${bytes.length} bytes): ${law}`);
    };
    const isValue = (decoded: T | typeof Incomplete): boolean => decoded !== Incomplete && equals(decoded, value);
    const sample: Sample<T> = { codec, value, bytes, check, isValue };
    checkEncoding(sample);
    checkTruncations(sample);
    checkTrailing(sample);
    for (const chunks of splits(bytes)) checkChunks(sample, chunks);
    checkStream(sample, equals);
    checkDamaged(sample);
  }
}

interface Sample<T> {
  readonly codec: Codec<T>;
  readonly value: T;
  readonly bytes: Uint8Array;
  readonly check: (isKept: boolean, law: string) => void;
  readonly isValue: (decoded: T | typeof Incomplete) => boolean;
}

function checkEncoding<T>({ codec, value, bytes, check }: Sample<T>): void {
  const out = new WriteBuffer();
  out.writeUint8(0x2a);
  codec.encode(out, value);
  check(isSame(out.take(), concat(Uint8Array.of(0x2a), bytes)), 'encode appends the same bytes each time');
  if (codec.size !== undefined) {
    const size = codec.size(value);
    check(size === bytes.length, `size says how many bytes encode writes, saw ${size}`);
  }
}

function checkTruncations<T>({ codec, bytes, check }: Sample<T>): void {
  for (let length = 0; length < bytes.length; length++) {
    const input = inputOf(bytes.slice(0, length));
    check(codec.decode(input) === Incomplete, `decode of the first ${length} bytes is Incomplete`);
    check(input.length === length, `decode of the first ${length} bytes leaves them`);
  }
}

function checkTrailing<T>({ codec, bytes, check, isValue }: Sample<T>): void {
  const trailing = Uint8Array.of(0xff, 0x00, 0x0a, 0x31);
  const input = inputOf(concat(bytes, trailing));
  check(isValue(codec.decode(input)), 'decode gives back what was encoded, whatever follows');
  check(isSame(input.readBytes(input.length), trailing), 'decode leaves the bytes after a value');
}

function checkChunks<T>({ codec, bytes, check, isValue }: Sample<T>, chunks: readonly Uint8Array[]): void {
  const where = `in chunks of ${chunks.map((chunk) => chunk.length).join(', ')} bytes`;
  const plain = new ReadBuffer();
  const resumed = new ReadBuffer();
  const decoder = codec.decoder();
  const fed = codec.decoder();
  const values: T[] = [];
  let seen = 0;
  for (const chunk of chunks) {
    seen += chunk.length;
    plain.feed(chunk);
    resumed.feed(chunk);
    fed.feed(chunk, (value) => void values.push(value));
    const value = decoder.decode(resumed);
    if (seen === bytes.length) check(isValue(value), `a decoder gives the value ${where}`);
    else check(value === Incomplete && values.length === 0, `a decoder waits for the last byte ${where}`);
  }
  check(isValue(codec.decode(plain)) && plain.length === 0, `decode gives the value ${where}`);
  check(resumed.length === 0 && !decoder.isPartial, `a decoder takes all bytes ${where}`);
  check(values.length === (bytes.length === 0 ? 0 : 1) && values.every(isValue), `feed gives the value once ${where}`);
}

function checkStream<T>({ codec, value, bytes, check }: Sample<T>, equals: (a: T, b: T) => boolean): void {
  if (bytes.length === 0) return;
  const fed = codec.decoder();
  const values: T[] = [];
  fed.feed(concat(concat(bytes, bytes), bytes), (one) => void values.push(one));
  check(
    values.length === 3 && values.every((one) => equals(one, value)),
    'feed gives three values one after the other',
  );
  check(!fed.isPartial, 'nothing is left after the last value');
}

/** Changes one byte after the other: what comes out must not depend on where the chunks end. */
function checkDamaged<T>({ codec, bytes, check }: Sample<T>): void {
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] as number) ^ ([0x01, 0x80, 0xff][at % 3] as number);
    // Up to that byte as well: an error must not wait for more.
    for (const all of [damaged, damaged.slice(0, at + 1)]) {
      const expected = outcomeOf(codec, [all]);
      for (const chunks of [cutAt(all, at), cutAt(all, at + 1), byteByByte(all)]) {
        const seen = outcomeOf(codec, chunks);
        const where = `in chunks of ${chunks.map((chunk) => chunk.length).join(', ')} bytes`;
        check(seen === expected, `byte ${at} damaged: ${expected} in one chunk, ${seen} ${where}`);
      }
    }
  }
}

/** Says what a decoder makes of a stream: how many values, and an error, or whether it waits for more. */
function outcomeOf(codec: Codec<unknown>, chunks: readonly Uint8Array[]): string {
  const decoder = codec.decoder();
  let valueCount = 0;
  let end: string;
  try {
    for (const chunk of chunks) decoder.feed(chunk.slice(), () => void (valueCount += 1));
    end = decoder.isPartial ? 'a part of one' : 'nothing more';
  } catch (error) {
    end = error instanceof Error ? error.name : String(error);
  }
  return `${valueCount} values and ${end}`;
}

function cutAt(bytes: Uint8Array, cut: number): Uint8Array[] {
  return [bytes.slice(0, cut), bytes.slice(cut)];
}

function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/** The whole, each split in two, and byte by byte. */
function* splits(bytes: Uint8Array): Generator<Uint8Array[], void, undefined> {
  yield [bytes.slice()];
  for (let cut = 1; cut < bytes.length; cut++) yield cutAt(bytes, cut);
  if (bytes.length > 2) yield byteByByte(bytes);
}

function inputOf(bytes: Uint8Array): ReadBuffer {
  const input = new ReadBuffer();
  input.feed(bytes);
  return input;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof Map || a instanceof Set) return isSame([...a], [...(b as typeof a)]);
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) =>
        Object.hasOwn(b, key) && isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}
