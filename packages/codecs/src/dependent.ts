import { type Codec, Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { type AnyLayout, Layout, type Parts, layoutOf } from './layout.js';

class Dependent<H, T> extends Layout<T> {
  override readonly parts: readonly [AnyLayout];
  private readonly _choose: (head: H) => Codec<T>;
  private readonly _headOf: (value: T) => H;

  constructor(head: AnyLayout, choose: (head: H) => Codec<T>, headOf: (value: T) => H) {
    super();
    this.parts = [head];
    this._choose = choose;
    this._headOf = headOf;
  }

  least(): number {
    return this.parts[0].least();
  }

  size(value: T): number {
    const head = this._headOf(value);
    return this.parts[0].size(head) + layoutOf(this._choose(head)).size(value);
  }

  override withParts(parts: Parts): Layout<T> {
    return new Dependent(parts[0], this._choose, this._headOf);
  }

  decodeAt = (c: Cursor): T | typeof Incomplete => {
    const head: unknown = this.parts[0].decodeAt(c);
    return head === Incomplete ? c.save(this, 0, undefined) : this._decodeRest(c, layoutOf(this._choose(head as H)));
  };

  encodeTo: Layout<T>['encodeTo'] = (out, value) => {
    const head = this._headOf(value);
    this.parts[0].encodeTo(out, head);
    layoutOf(this._choose(head)).encodeTo(out, value);
  };

  /** Step 0 is the head, step 1 the rest, with the layout that was chosen for it. */
  override resume(c: Cursor, step: number, data: unknown, value: unknown): unknown {
    if (step === 1) return value === Incomplete ? this._decodeRest(c, data as Layout<T>) : value;
    return value === Incomplete ? this.decodeAt(c) : this._decodeRest(c, layoutOf(this._choose(value as H)));
  }

  private _decodeRest(c: Cursor, rest: Layout<T>): T | typeof Incomplete {
    const value = rest.decodeAt(c);
    return value === Incomplete ? c.save(this, 1, rest) : value;
  }
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
  return new Dependent(layoutOf(head), choose, headOf);
}
