import { type Codec, Incomplete } from './codec.js';
import { same } from './cursor.js';
import { type Layout, layout, layoutOf } from './layout.js';
import { readBool } from './numbers.js';

/** What {@link optional} returns: in a struct its key may be missing. */
export interface OptionalCodec<T> extends Codec<T | undefined> {
  readonly isOptional: true;
}

function optionalOf<T>(part: Layout<T>): Layout<T | undefined> & OptionalCodec<T> {
  return layout<T | undefined, OptionalCodec<T>>({
    isOptional: true,
    copy: (copyOf) => optionalOf(copyOf(part)),
    least: () => 1,
    decodeAt(c) {
      const at = c.take(1);
      if (at < 0) return Incomplete;
      return readBool(c.view.getUint8(at)) ? c.then(part, same) : undefined;
    },
    encodeTo(out, value) {
      out.writeUint8(value === undefined ? 0 : 1);
      if (value !== undefined) part.encodeTo(out, value);
    },
  });
}

/**
 * A value that may be missing: a byte, 0 or 1, then the value if there is one.
 *
 * @returns A codec of `T | undefined`. As the field of a struct it makes a key that may be missing: `key?: T`.
 */
export function optional<T>(codec: Codec<T>): OptionalCodec<T> {
  return optionalOf(layoutOf(codec));
}
