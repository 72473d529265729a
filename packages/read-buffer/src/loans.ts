/** Who released which memory, in all copies of the packages. Detached memory has no bytes, but keeps its identity. */
const released: WeakMap<object, Error> = ((globalThis as Record<symbol, unknown>)[
  Symbol.for('millrace.released-views')
] ??= new WeakMap()) as WeakMap<object, Error>;

const host = globalThis as unknown as {
  structuredClone(value: unknown, options: { transfer: readonly unknown[] }): unknown;
};

/** Views that were handed out for a time. */
export class Loans {
  private _views: Uint8Array[] = [];

  /** Returns a copy of `view` in memory of its own, until `release`. */
  lend(view: Uint8Array): Uint8Array {
    const copy = view.slice();
    this._views.push(copy);
    return copy;
  }

  /** Returns `view` as the caller's own, whether it was on loan or not. */
  keep(view: Uint8Array): Uint8Array {
    this._views = this._views.filter((lent) => lent !== view);
    return view;
  }

  /** Detaches all that was lent: it has no bytes any more, and `assertLive` throws for it. */
  release(by: string): void {
    if (this._views.length === 0) return;
    const error = new Error(`released by ${by}`);
    for (const { buffer } of this._views) {
      released.set(buffer, error);
      host.structuredClone(buffer, { transfer: [buffer] });
    }
    this._views = [];
  }
}

/**
 * Throws if `bytes` are a view that was released.
 *
 * @throws {TypeError} That says who released it; its cause shows from where.
 */
export function assertLive(bytes: number | Uint8Array): void {
  const error = typeof bytes === 'number' ? undefined : released.get(bytes.buffer);
  if (error !== undefined) throw new TypeError(`the view was ${error.message}`, { cause: error });
}
