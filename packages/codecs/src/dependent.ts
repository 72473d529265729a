import { type Codec, Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { type AnyLayout, type Layout, type Parts, layout, layoutOf } from './layout.js';

/**
 * A head, and what `choose` makes of it: one of the other parts, or a codec that is made for the value.
 *
 * @param finish - Makes the value of the whole.
 */
export function chosen<H, T>(
  parts: Parts,
  choose: (head: H, parts: Parts) => AnyLayout,
  headOf: (value: T) => H,
  restOf: (value: T) => unknown,
  finish: (head: H, rest: unknown) => T,
): Layout<T> {
  const [head] = parts;
  const decodeRest = (c: Cursor, chosenHead: H, rest: AnyLayout): T | typeof Incomplete => {
    const value: unknown = rest.decodeAt(c);
    return value === Incomplete ? c.save(self, 1, { chosenHead, rest }) : finish(chosenHead, value);
  };
  const self: Layout<T> = layout<T>({
    parts,
    withParts: (others) => chosen(others, choose, headOf, restOf, finish),
    least: () => head.least(),
    size(value) {
      const own = headOf(value);
      return head.size(own) + choose(own, parts).size(restOf(value));
    },
    decodeAt(c) {
      const own: unknown = head.decodeAt(c);
      return own === Incomplete ? c.save(self, 0, undefined) : decodeRest(c, own as H, choose(own as H, parts));
    },
    encodeTo(out, value) {
      const own = headOf(value);
      const rest = choose(own, parts);
      head.encodeTo(out, own);
      rest.encodeTo(out, restOf(value));
    },
    /** Step 0 is the head, step 1 the rest, with the layout that was chosen for it. */
    resume(c, step, data, value) {
      if (step === 0)
        return value === Incomplete ? self.decodeAt(c) : decodeRest(c, value as H, choose(value as H, parts));
      const { chosenHead, rest } = data as { chosenHead: H; rest: AnyLayout };
      return value === Incomplete ? decodeRest(c, chosenHead, rest) : finish(chosenHead, value);
    },
  });
  return self;
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
