import type { Codec } from './codec.js';
import { isBytes } from './content.js';
import type { Cursor } from './cursor.js';
import { wrongType } from './errors.js';
import { type DecodeAt, type Layout, layout, layoutOf, toBytes, whole } from './layout.js';

/**
 * The value is decoded at the same cursor, which ends with the frame meanwhile: so lazy layouts in it know how deep they
 * are, and its bytes are not copied. What is saved of a value that is cut goes with the error.
 */
function withinOf<T>(framer: Layout<Uint8Array>, part: Layout<T>): Layout<T> {
  const open = (c: Cursor, start: number, stop: number): T => {
    const { at, end } = c;
    c.at = start;
    c.end = stop;
    const value = whole(part.decodeAt(c), stop - start, stop - c.at);
    c.at = at;
    c.end = end;
    return value;
  };
  return layout<T>({
    copy: (copyOf) => withinOf(copyOf(framer), copyOf(part)),
    least() {
      part.least(); // so that `compile` meets the lazy layouts in it
      return framer.least();
    },
    encodeTo(out, value) {
      framer.encodeTo(out, toBytes(part, value));
    },
    decodeAt: framer.frames?.(open) ?? opened(framer, open),
  });
}

/** Where a framer makes the bytes of a frame, they take the place of those at the cursor. */
function opened<T>(framer: Layout<Uint8Array>, open: (c: Cursor, start: number, stop: number) => T): DecodeAt<T> {
  return (c) =>
    c.then(framer, (frame) => {
      if (!isBytes(frame)) throw wrongType('a Uint8Array', frame);
      const { bytes, view, at, end } = c;
      c.set(frame, new DataView(frame.buffer, frame.byteOffset, frame.length), 0, frame.length);
      const value = open(c, 0, frame.length);
      c.set(bytes, view, at, end);
      return value;
    });
}

/**
 * A value that fills the frames of a framer: `within(framers.lengthPrefixed(), message)`.
 *
 * A value that needs more bytes than its frame has, or leaves some, is a {@link DecodeError}.
 *
 * @remarks Cost: it is decoded when its frame is complete, in place where the framer is one of {@link framers} (`lines`
 *   is not) or {@link bytes}. A `maxDepth` of {@link lazy} counts through frames.
 */
export function within<T>(framer: Codec<Uint8Array>, codec: Codec<T>): Codec<T> {
  return withinOf(layoutOf(framer), layoutOf(codec));
}
