import type { AnyCodec, Codec } from './codec.js';
import { chosen } from './dependent.js';
import { DecodeError } from './errors.js';
import { type AnyLayout, layoutOf } from './layout.js';
import { checkRow } from './struct.js';

/** The tag that a key stands for: a quoted number is a number where the tag is one, and the other way round. */
type TagOf<K, Tag> = [Tag] extends [number]
  ? K extends `${infer N extends number}`
    ? N
    : K
  : [Tag] extends [string]
    ? K extends number
      ? `${K}`
      : K
    : K;

/** One of the cases of a {@link union}: narrows on `tag`. */
export type UnionValue<C, Tag = unknown> = {
  [K in keyof C]: { tag: TagOf<K, Tag>; value: C[K] extends Codec<infer T> ? T : never };
}[keyof C];

/**
 * One of several layouts, told apart by a tag before it: `union(u8, { 1: point, 2: utf8(u8) })`.
 *
 * @param tag - The codec of the tag, a number or a string.
 * @param cases - The codec of the value for each tag.
 * @returns A codec of `{ tag, value }`, which narrows on `tag`. Another tag is a {@link DecodeError}.
 */
export function union<const C extends Readonly<Record<string | number, AnyCodec>>, Tag extends number | string>(
  tag: Codec<Tag>,
  cases: C,
): Codec<UnionValue<C, Tag>> {
  const keys = Object.keys(cases);
  // A map, because a tag from the wire may be called `constructor`.
  const indices = new Map(keys.map((key, i) => [key, i + 1]));
  const whatIsWrong = (own: unknown): string => `expected a tag of ${keys.join(', ')}, saw ${String(own)}`;
  return chosen<unknown, { tag: unknown; value: unknown }>(
    [layoutOf(tag as AnyCodec), ...Object.values<AnyCodec>(cases).map((codec) => layoutOf<unknown>(codec))],
    (own, parts) => {
      const one = parts[indices.get(String(own)) ?? -1];
      if (one === undefined) throw new DecodeError(whatIsWrong(own));
      return one;
    },
    (value) => {
      const { tag: own } = checkRow(value);
      if (!indices.has(String(own))) throw new RangeError(whatIsWrong(own));
      return own;
    },
    ({ value }) => value,
    (own, value) => ({ tag: own, value }),
  ) as AnyLayout;
}
