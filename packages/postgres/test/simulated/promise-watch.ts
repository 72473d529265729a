/** What the driver's methods hang on: what such an object returns is watched, too. */
const CLASSES = new Set(['Connection', 'Transaction', 'PreparedStatement', 'RowStream', 'Pipeline']);

/** Knows of every promise that a driver has given out, whether anybody waits for it or not. */
export class PromiseWatch {
  /** Promises so far. */
  count = 0;
  private _pending = 0;
  private _waiter: (() => void) | undefined;

  /** Watches a promise, and what it resolves with. */
  promise<T>(promise: Promise<T>): Promise<T> {
    this.count += 1;
    this._pending += 1;
    const watched = promise.then((value) => this._value(value));
    watched.then(
      () => {
        this._settle();
      },
      () => {
        this._settle();
      },
    );
    return watched;
  }

  /** Resolves when every one of them has settled. */
  settled(): Promise<void> {
    if (this._pending === 0) return Promise.resolve();
    return new Promise((resolve) => (this._waiter = resolve));
  }

  private _settle(): void {
    this._pending -= 1;
    if (this._pending === 0) this._waiter?.();
  }

  private _value<T>(value: T): T {
    if (typeof value !== 'object' || value === null || !CLASSES.has(value.constructor.name)) return value;
    return new Proxy(value, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(
            member,
            target,
            args.map((argument) => this._argument(argument)),
          );
          return result instanceof Promise ? this.promise(result) : this._value(result);
        };
      },
    });
  }

  /** What a callback of ours is called with, a transaction say, is watched. */
  private _argument(argument: unknown): unknown {
    if (typeof argument !== 'function') return argument;
    return (...args: unknown[]): unknown =>
      Reflect.apply(
        argument,
        undefined,
        args.map((each) => this._value(each)),
      );
  }
}
