import type { Codec } from './codec.js';
import { type AnyLayout, type Layout, layout, layoutOf } from './layout.js';

/**
 * A head, and what `choose` makes of it: one of the other parts, or a codec that is made for the value.
 *
 * @param finish - Makes the value of the whole.
 */
export function chosen<H, T>(
  parts: readonly [Layout<H>, ...AnyLayout[]],
  choose: (head: H, parts: readonly AnyLayout[]) => AnyLayout,
  headOf: (value: T) => H,
  restOf: (value: T) => unknown,
  finish: (head: H, rest: unknown) => T,
): Layout<T> {
  const [head] = parts;
  return layout<T>({
    copy: (copyOf) => chosen(parts.map(copyOf) as unknown as typeof parts, choose, headOf, restOf, finish),
    least: () => head.least(),
    decodeAt: (c) => c.then(head, (own) => c.then(choose(own, parts), (rest) => finish(own, rest))),
    encodeTo(out, value) {
      const own = headOf(value);
      const rest = choose(own, parts);
      head.encodeTo(out, own);
      rest.encodeTo(out, restOf(value));
    },
  });
}

/**
 * A value whose layout depends on what comes before it: a length that may be -1, a command line that announces data.
 *
 * @param head - What comes first.
 * @param choose - The codec of the rest; its value is the value of the whole. It should throw a {@link DecodeError} for
 *   a head that cannot be.
 * @param headOf - The head that belongs to a value.
 */
export function dependent<H, T>(head: Codec<H>, choose: (head: H) => Codec<T>, headOf: (value: T) => H): Codec<T> {
  return chosen<H, T>(
    [layoutOf(head)],
    (own) => layoutOf(choose(own)),
    headOf,
    (value) => value,
    (_head, rest) => rest as T,
  );
}
