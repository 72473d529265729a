import type { Codec } from './codec.js';
import { LimitError, checkInteger } from './errors.js';
import { type Layout, layout, layoutOf } from './layout.js';

const DEFAULT_MAX_DEPTH = 128;

/** Options of {@link lazy}. */
export interface LazyOptions {
  /** How deep lazy codecs may be in each other, this one included. Default 128. */
  readonly maxDepth?: number | undefined;
}

/** How deep the encoders that are running are in lazy codecs. */
const encoding = { depth: 0 };

/** A layout that is known later. */
function lazyOf<T>(get: () => Layout<T>, maxDepth: number): Layout<T> {
  let known: Layout<T> | undefined;
  let isMeasuring = false;
  const target = (): Layout<T> => (known ??= get());
  const deeper = <R>(run: () => R): R => {
    const { depth } = encoding;
    checkInteger('a depth', depth + 1, 0, maxDepth);
    encoding.depth = depth + 1;
    try {
      return run();
    } finally {
      encoding.depth = depth;
    }
  };
  return layout<T>({
    copy: (copyOf) => lazyOf(() => copyOf(target()), maxDepth),
    // What is inside of itself adds nothing: some value must be without it.
    least() {
      if (isMeasuring) return 0;
      isMeasuring = true;
      try {
        return target().least();
      } finally {
        isMeasuring = false;
      }
    },
    encodeTo(out, value) {
      deeper(() => {
        target().encodeTo(out, value);
      });
    },
    decodeAt(c) {
      c.depth += 1;
      if (c.depth > maxDepth) throw new LimitError('a depth', c.depth, maxDepth);
      // While it is incomplete the depth stays, as for every frame around the one that will be resumed.
      return c.then(target(), (value) => {
        c.depth -= 1;
        return value;
      });
    },
  });
}

/**
 * A codec that is made when it is needed first, so that it can contain itself.
 *
 * ```ts
 * interface Tree { label: string; children: Tree[] }
 * const tree: Codec<Tree> = struct({ label: utf8(u8), children: array(lazy(() => tree), u8) });
 * ```
 *
 * @param get - Returns the codec; called once.
 * @throws {RangeError} If an option is out of its range.
 */
export function lazy<T>(get: () => Codec<T>, { maxDepth = DEFAULT_MAX_DEPTH }: LazyOptions = {}): Codec<T> {
  return lazyOf(() => layoutOf(get()), checkInteger('maxDepth', maxDepth, 1));
}
