import type { Codec, Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { LimitError, checkInteger } from './errors.js';
import { type CopyOf, Layout, layoutOf } from './layout.js';

const DEFAULT_MAX_DEPTH = 128;

/** Options of {@link lazy}. */
export interface LazyOptions {
  /** How deep lazy codecs may be in each other, this one included. Default 128. */
  readonly maxDepth?: number | undefined;
}

/** How deep the encoders that are running are in lazy codecs. */
const encoding = { depth: 0 };

/** A layout that is known later. */
export class Lazy<T> extends Layout<T> {
  declare readonly maxDepth: number;
  readonly #get: () => Layout<T>;
  #target: Layout<T> | undefined = undefined;
  #isMeasuring = false;

  constructor(get: () => Layout<T>, maxDepth: number) {
    super();
    this.#get = get;
    this.maxDepth = maxDepth;
  }

  get target(): Layout<T> {
    this.#target ??= this.#get();
    return this.#target;
  }

  /** What is inside of itself adds nothing: some value must be without it. */
  least(): number {
    if (this.#isMeasuring) return 0;
    this.#isMeasuring = true;
    try {
      return this.target.least();
    } finally {
      this.#isMeasuring = false;
    }
  }

  size(value: T): number {
    return this.#deeper(() => this.target.size(value));
  }

  decodeAt = (c: Cursor): T | typeof Incomplete => {
    if (c.depth >= this.maxDepth) throw new LimitError('a depth', c.depth + 1, this.maxDepth);
    c.depth += 1;
    // While it is incomplete the depth stays, as for every frame around the one that will be resumed.
    return c.then(this.target, (value) => {
      c.depth -= 1;
      return value;
    });
  };

  encodeTo: Layout<T>['encodeTo'] = (out, value) => {
    this.#deeper(() => {
      this.target.encodeTo(out, value);
    });
  };

  override copy(copyOf: CopyOf): Layout<T> {
    return new Lazy(() => copyOf(this.target), this.maxDepth);
  }

  #deeper<R>(run: () => R): R {
    const { depth } = encoding;
    if (depth >= this.maxDepth) throw new RangeError(`expected a depth from 0 to ${this.maxDepth}, saw ${depth + 1}`);
    encoding.depth = depth + 1;
    try {
      return run();
    } finally {
      encoding.depth = depth;
    }
  }
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
  return new Lazy(() => layoutOf(get()), checkInteger('maxDepth', maxDepth, 1));
}
