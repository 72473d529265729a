import { type Codec, Incomplete } from './codec.js';
import { type AnyLayout, type Layout, layout, layoutOf } from './layout.js';

function map<W, T>(part: AnyLayout, to: (wire: W) => T, from: (value: T) => W): Layout<T> {
  const self: Layout<T> = layout<T>({
    parts: [part],
    withParts: ([other]) => map(other, to, from),
    least: () => part.least(),
    size: (value) => part.size(from(value)),
    decodeAt(c) {
      const wire: unknown = part.decodeAt(c);
      return wire === Incomplete ? c.save(self, 0, undefined) : to(wire as W);
    },
    encodeTo(out, value) {
      part.encodeTo(out, from(value));
    },
    resume: (c, _step, _data, value) => (value === Incomplete ? self.decodeAt(c) : to(value as W)),
  });
  return self;
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
