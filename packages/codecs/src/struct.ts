import { type AnyCodec, type Codec, Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { wrongType } from './errors.js';
import { type AnyLayout, type CopyOf, type DecodeAt, type EncodeTo, Layout, layoutOf } from './layout.js';
import type { OptionalCodec } from './optional.js';
import { assemblerOf } from './assembler.js';

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
  /** Makes the object of values that are all there. */
  declare readonly make: (values: unknown[]) => object;

  constructor(names: readonly string[], parts: readonly AnyLayout[]) {
    super();
    this.names = names;
    this.parts = parts;
    this.hasOptional = parts.some(isOptional);
    const fields = parts.map((part) => part.decodeAt);
    // A constructor would set the prototype where a field is called `__proto__`.
    const isPlain = !this.hasOptional && !names.includes('__proto__');
    const assembler = isPlain ? assemblerOf(fields, names, this) : undefined;
    this.decodeAt = (assembler?.decode as DecodeAt<T> | undefined) ?? ((c) => this.decodeFrom(c, []));
    this.make = (values) => (assembler === undefined ? assemble(names, parts, values) : new assembler.Row(...values));
    this.encodeTo = (out, value) => {
      const row = checkRow(value);
      for (let i = 0; i < names.length; i++) (parts[i] as AnyLayout).encodeTo(out, readField(row, names[i] as string));
    };
  }

  least(): number {
    return this.parts.reduce((sum, part) => sum + part.least(), 0);
  }

  size(value: T): number {
    const row = checkRow(value);
    return this.names.reduce((sum, name, i) => sum + (this.parts[i] as AnyLayout).size(readField(row, name)), 0);
  }

  override copy(copyOf: CopyOf): Layout<T> {
    return new Struct(this.names, this.parts.map(copyOf));
  }

  /** Saves the values of the first fields, up to the first that is Incomplete, where the next one is incomplete. */
  stop(c: Cursor, values: unknown[]): typeof Incomplete {
    if (values.includes(Incomplete)) values.length = values.indexOf(Incomplete);
    return c.save(this.parts[values.length] as AnyLayout, (value) => {
      values.push(value);
      return this.decodeFrom(c, values);
    });
  }

  /** Decodes the fields from the first on that has no value yet. Generated code comes here when bytes are short. */
  decodeFrom(c: Cursor, values: unknown[]): T | typeof Incomplete {
    const { parts } = this;
    for (let i = values.length; i < parts.length; i++) {
      const value: unknown = (parts[i] as AnyLayout).decodeAt(c);
      if (value === Incomplete) return this.stop(c, values);
      values.push(value);
    }
    return this.make(values) as T;
  }
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

function assemble(names: readonly string[], parts: readonly AnyLayout[], values: readonly unknown[]): object {
  const row: Row = {};
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const value = values[i];
    if (value === undefined && isOptional(parts[i] as AnyLayout)) continue;
    // Assigning to `__proto__` would set the prototype instead.
    if (name !== '__proto__') row[name] = value;
    else Object.defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true });
  }
  return row;
}

/**
 * Named fields, one after the other, without anything between them: `struct({ id: i32, name: utf8(u16) })`.
 *
 * @param fields - The codecs by name, in the order of the bytes. Names like `2` come first, as in every object.
 * @returns A codec of objects with these keys; an {@link optional} field is a key that may be missing.
 */
export function struct<const F extends Fields>(fields: F): Codec<StructValue<F>> {
  const entries: [string, AnyCodec][] = Object.entries(fields);
  return new Struct<StructValue<F>>(
    entries.map(([name]) => name),
    entries.map(([, codec]) => layoutOf<unknown>(codec)),
  );
}
