import type { Codec } from './codec.js';
import { type Layout, layout, layoutOf } from './layout.js';

function map<W, T>(part: Layout<W>, to: (wire: W) => T, from: (value: T) => W): Layout<T> {
  return layout<T>({
    copy: (copyOf) => map(copyOf(part), to, from),
    least: () => part.least(),
    decodeAt: (c) => c.then(part, to),
    encodeTo(out, value) {
      part.encodeTo(out, from(value));
    },
  });
}

/**
 * The same bytes as `codec`, other values: `mapped(u32, (s) => new Date(s * 1000), (date) => date.getTime() / 1000)`.
 *
 * @param to - Makes a value of what `codec` decoded. For bytes that are no such value it should throw a
 *   {@link DecodeError}.
 * @param from - The way back. It should throw a TypeError or RangeError where there is none.
 * @remarks Reentrancy: both may use other buffers and decoders, but not the ones that are running.
 */
export function mapped<W, T>(codec: Codec<W>, to: (wire: W) => T, from: (value: T) => W): Codec<T> {
  return map(layoutOf(codec), to, from);
}
