import { type Codec, Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { type AnyLayout, Layout, type Parts, layoutOf } from './layout.js';

class Mapped<W, T> extends Layout<T> {
  override readonly parts: readonly [AnyLayout];
  private readonly _to: (wire: W) => T;
  private readonly _from: (value: T) => W;

  constructor(part: AnyLayout, to: (wire: W) => T, from: (value: T) => W) {
    super();
    this.parts = [part];
    this._to = to;
    this._from = from;
  }

  least(): number {
    return this.parts[0].least();
  }

  size(value: T): number {
    return this.parts[0].size(this._from(value));
  }

  override withParts(parts: Parts): Layout<T> {
    return new Mapped(parts[0], this._to, this._from);
  }

  decodeAt = (c: Cursor): T | typeof Incomplete => {
    const wire: unknown = this.parts[0].decodeAt(c);
    return wire === Incomplete ? c.save(this, 0, undefined) : this._to(wire as W);
  };

  encodeTo: Layout<T>['encodeTo'] = (out, value) => {
    this.parts[0].encodeTo(out, this._from(value));
  };

  override resume(c: Cursor, _step: number, _data: unknown, value: unknown): unknown {
    return value === Incomplete ? this.decodeAt(c) : this._to(value as W);
  }
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
  return new Mapped(layoutOf(codec), to, from);
}
