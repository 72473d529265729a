import { type AnyCodec, type Codec, Incomplete, isIncomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { wrongType } from './errors.js';
import { type AnyLayout, type CopyOf, type DecodeAt, type EncodeTo, Layout, layoutOf } from './layout.js';
import type { OptionalCodec } from './optional.js';
import { Fixed } from './numbers.js';
import { type ReadField, rowOf } from './assembler.js';

type Fields = Readonly<Record<string, AnyCodec>>;
type OptionalKeys<F> = { [K in keyof F]: F[K] extends { readonly isOptional: true } ? K : never }[keyof F];
type ValueOf<C> = C extends OptionalCodec<infer T> ? T : C extends Codec<infer T> ? T : never;

/** One object type instead of an intersection, as it is shown in an editor. */
type Merged<T> = { [K in keyof T]: T[K] };

/** The objects of a struct: one key per field, `key?` where the field is {@link optional}. */
export type StructValue<F> = Merged<
  { -readonly [K in Exclude<keyof F, OptionalKeys<F>>]: ValueOf<F[K]> } & {
    -readonly [K in OptionalKeys<F>]?: ValueOf<F[K]>;
  }
>;

type Row = Record<string, unknown>;

/** Named fields, one after the other. */
export class Struct<T> extends Layout<T> {
  declare readonly names: readonly string[];
  declare readonly parts: readonly AnyLayout[];
  declare readonly hasOptional: boolean;
  declare decodeAt: DecodeAt<T>;
  declare encodeTo: EncodeTo<T>;

  constructor(names: readonly string[], parts: readonly AnyLayout[]) {
    super();
    this.names = names;
    this.parts = parts;
    this.hasOptional = parts.some(isOptional);
    // A constructor would set the prototype where a field is called `__proto__`.
    const isPlain = !this.hasOptional && !names.includes('__proto__');
    const Row = isPlain ? rowOf(names, parts.map(readerOf)) : undefined;
    this.decodeAt = (c) => {
      if (Row === undefined) return this.decodeFrom(c, {}, 0);
      const row = new Row(c);
      if (!c.isWhole) {
        const i = Object.keys(row).length;
        return parts[i] instanceof Fixed ? this.decodeFrom(c, row as Row, i) : this.stop(c, row as Row, i);
      }
      c.isWhole = false;
      return row as T;
    };
    this.encodeTo = (out, value) => {
      const row = checkRow(value);
      for (let i = 0; i < names.length; i++) (parts[i] as AnyLayout).encodeTo(out, readField(row, names[i] as string));
    };
  }

  least(): number {
    return this.parts.reduce((sum, part) => sum + part.least(), 0);
  }

  override copy(copyOf: CopyOf): Layout<T> {
    return new Struct(this.names, this.parts.map(copyOf));
  }

  /** Saves the first `i` fields, where the next one is incomplete. */
  stop(c: Cursor, row: Row, i: number): typeof Incomplete {
    return c.save(this.parts[i] as AnyLayout, (value) => {
      this.#put(row, i, value);
      return this.decodeFrom(c, row, i + 1);
    });
  }

  /** Decodes the fields behind the first `i`. Generated code comes here when bytes are short. */
  decodeFrom(c: Cursor, row: Row, i: number): T | typeof Incomplete {
    const { parts } = this;
    for (; i < parts.length; i++) {
      const value: unknown = (parts[i] as AnyLayout).decodeAt(c);
      if (isIncomplete(value)) return this.stop(c, row, i);
      this.#put(row, i, value);
    }
    return row as T;
  }

  /** Makes an object of the first fields. */
  make(values: readonly unknown[]): Row {
    const row: Row = {};
    for (let i = 0; i < values.length; i++) this.#put(row, i, values[i]);
    return row;
  }

  #put(row: Row, i: number, value: unknown): void {
    const name = this.names[i] as string;
    if (value === undefined && isOptional(this.parts[i] as AnyLayout)) return;
    // Assigning to `__proto__` would set the prototype instead.
    if (name !== '__proto__') row[name] = value;
    else Object.defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true });
  }
}

/** Makes a reader of one of the parts. The first of some numbers looks whether all of them are there. */
function readerOf(part: AnyLayout, i: number, parts: readonly AnyLayout[]): ReadField {
  if (!(part instanceof Fixed)) return part.decodeAt;
  const { read } = part;
  if (parts[i - 1] instanceof Fixed) return read;
  const byteLength = bytesFrom(parts, i);
  return (c) => (c.end - c.at < byteLength ? Incomplete : read(c));
}

/** How many bytes the numbers of fixed size from `start` on take: one check of the end is enough for them. */
export function bytesFrom(parts: readonly AnyLayout[], start: number): number {
  let byteLength = 0;
  for (let part = parts[start]; part instanceof Fixed; part = parts[++start]) byteLength += part.byteLength;
  return byteLength;
}

function isOptional(part: AnyLayout): boolean {
  return 'isOptional' in part;
}

/** Throws unless a value is an object. */
export function checkRow(value: unknown): Row {
  if (typeof value !== 'object' || value === null) throw wrongType('an object', value);
  return value as Row;
}

/** Reads a field, but not what every object inherits: `toString` may be the name of an optional field. */
export function readField(row: Row, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(row, name) ? undefined : row[name];
}

/**
 * Named fields, one after the other, without anything between them: `struct({ id: i32, name: utf8(u16) })`.
 *
 * @param fields - The codecs by name, in the order of the bytes. Names like `2` come first, as in every object.
 * @returns A codec of objects with these keys; an {@link optional} field is a key that may be missing.
 */
export function struct<const F extends Fields>(fields: F): Codec<StructValue<F>> {
  return new Struct<StructValue<F>>(
    Object.keys(fields),
    Object.values<AnyCodec>(fields).map((codec) => layoutOf<unknown>(codec)),
  );
}
