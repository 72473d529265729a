import { type AnyCodec, type Codec, Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { DecodeError } from './errors.js';
import { type AnyLayout, Layout, type Parts, layoutOf } from './layout.js';
import { checkRow } from './struct.js';

/** One of the cases of a {@link union}: narrows on `tag`. */
export type UnionValue<C> = {
  [K in keyof C]: { tag: K; value: C[K] extends Codec<infer T> ? T : never };
}[keyof C];

interface Tagged {
  readonly tag: string | number;
  readonly value: unknown;
}

class Union extends Layout<Tagged> {
  override readonly parts: Parts;
  private readonly _tags: readonly string[];
  private readonly _cases: ReadonlyMap<string, AnyLayout>;

  constructor(tag: AnyLayout, tags: readonly string[], cases: readonly AnyLayout[]) {
    super();
    this.parts = [tag, ...cases];
    this._tags = tags;
    // A map, because a tag from the wire may be called `constructor`.
    this._cases = new Map(cases.map((one, i) => [tags[i] ?? '', one]));
  }

  least(): number {
    const [tag, ...cases] = this.parts.map((part) => part.least());
    return (tag ?? 0) + (cases.length === 0 ? 0 : Math.min(...cases));
  }

  size(value: Tagged): number {
    return this._tag().size(value.tag) + this._caseOf(value).size(value.value);
  }

  override withParts([tag, ...cases]: Parts): Layout<Tagged> {
    return new Union(tag, this._tags, cases);
  }

  decodeAt = (c: Cursor): Tagged | typeof Incomplete => {
    const tag: unknown = this._tag().decodeAt(c);
    return tag === Incomplete ? c.save(this, 0, undefined) : this._decodeCase(c, tag);
  };

  encodeTo: Layout<Tagged>['encodeTo'] = (out, value) => {
    const one = this._caseOf(value);
    this._tag().encodeTo(out, value.tag);
    one.encodeTo(out, value.value);
  };

  /** Step 0 is the tag, step 1 the value, with its tag. */
  override resume(c: Cursor, step: number, data: unknown, value: unknown): unknown {
    if (step === 0) return value === Incomplete ? this.decodeAt(c) : this._decodeCase(c, value);
    return value === Incomplete ? this._decodeCase(c, data) : { tag: data, value };
  }

  private _decodeCase(c: Cursor, tag: unknown): Tagged | typeof Incomplete {
    const one = this._cases.get(String(tag));
    if (one === undefined) throw new DecodeError(`expected a tag of ${this._tags.join(', ')}, saw ${String(tag)}`);
    const value: unknown = one.decodeAt(c);
    return value === Incomplete ? c.save(this, 1, tag) : { tag: tag as string | number, value };
  }

  private _caseOf(value: Tagged): AnyLayout {
    const { tag } = checkRow(value);
    const one = this._cases.get(String(tag));
    if (one === undefined) throw new RangeError(`expected a tag of ${this._tags.join(', ')}, saw ${String(tag)}`);
    return one;
  }

  private _tag(): AnyLayout {
    return this.parts[0];
  }
}

/**
 * One of several layouts, told apart by a tag before it: `union(u8, { 1: point, 2: utf8(u8) })`.
 *
 * @param tag - The codec of the tag, a number or a string.
 * @param cases - The codec of the value for each tag.
 * @returns A codec of `{ tag, value }`, which narrows on `tag`. Another tag is a {@link DecodeError}.
 */
export function union<const C extends Readonly<Record<string | number, AnyCodec>>>(
  tag: Codec<number> | Codec<string>,
  cases: C,
): Codec<UnionValue<C>> {
  const entries: [string, AnyCodec][] = Object.entries(cases);
  const tags = entries.map(([key]) => key);
  const layouts = entries.map(([, codec]) => layoutOf<unknown>(codec));
  return new Union(layoutOf(tag as AnyCodec), tags, layouts) as AnyLayout;
}
