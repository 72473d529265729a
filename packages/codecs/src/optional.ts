import { type Codec, Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { readBool } from './numbers.js';
import { type AnyLayout, Layout, type Parts, layoutOf } from './layout.js';

/** What {@link optional} returns: in a struct its key may be missing. */
export interface OptionalCodec<T> extends Codec<T | undefined> {
  readonly isOptional: true;
}

/** A byte that says whether a value follows, and the value. */
export class Optional<T> extends Layout<T | undefined> implements OptionalCodec<T> {
  readonly isOptional = true;
  override readonly parts: readonly [AnyLayout];

  constructor(part: AnyLayout) {
    super();
    this.parts = [part];
  }

  least(): number {
    return 1;
  }

  size(value: T | undefined): number {
    return value === undefined ? 1 : 1 + this.parts[0].size(value);
  }

  override withParts(parts: Parts): Layout<T | undefined> {
    return new Optional<T>(parts[0]);
  }

  decodeAt = (c: Cursor): T | undefined | typeof Incomplete => {
    const at = c.take(1);
    if (at < 0) return Incomplete;
    return readBool(c.bytes[at] ?? 0) ? this._decodePart(c) : undefined;
  };

  encodeTo: Layout<T | undefined>['encodeTo'] = (out, value) => {
    out.writeUint8(value === undefined ? 0 : 1);
    if (value !== undefined) this.parts[0].encodeTo(out, value);
  };

  override resume(c: Cursor, _step: number, _data: unknown, value: unknown): unknown {
    return value === Incomplete ? this._decodePart(c) : value;
  }

  private _decodePart(c: Cursor): T | typeof Incomplete {
    const value: unknown = this.parts[0].decodeAt(c);
    return value === Incomplete ? c.save(this, 0, undefined) : (value as T);
  }
}

/**
 * A value that may be missing: a byte, 0 or 1, then the value if there is one.
 *
 * @returns A codec of `T | undefined`. As the field of a struct it makes a key that may be missing: `key?: T`.
 */
export function optional<T>(codec: Codec<T>): OptionalCodec<T> {
  return new Optional<T>(layoutOf(codec));
}
