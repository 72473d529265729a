/** A listener in a {@link CancelListeners} list: a node of it, so that leaving costs the same however many there are. */
export class CancelListener {
  readonly fn: (reason: unknown) => void;
  list: CancelListeners | undefined;
  previous: CancelListener | undefined;
  next: CancelListener | undefined;

  constructor(fn: (reason: unknown) => void) {
    this.fn = fn;
  }

  /** Leaves the list, if it is in one. */
  remove(): void {
    this.list?.remove(this);
  }
}

/** Who wants to hear of a cancellation, in the order of arrival. */
export class CancelListeners {
  private _first: CancelListener | undefined;
  private _last: CancelListener | undefined;
  private readonly _onEmpty: () => void;

  /** `onEmpty` is called when the last one leaves of its own accord. */
  constructor(onEmpty: () => void) {
    this._onEmpty = onEmpty;
  }

  get isEmpty(): boolean {
    return this._first === undefined;
  }

  add(listener: CancelListener): void {
    listener.list = this;
    listener.previous = this._last;
    if (this._last === undefined) this._first = listener;
    else this._last.next = listener;
    this._last = listener;
  }

  remove(listener: CancelListener): void {
    this._unlink(listener);
    if (this._first === undefined) this._onEmpty();
  }

  /** Calls each listener once, after taking it out. All are called; the first thing thrown is rethrown at the end. */
  dispatch(reason: unknown): void {
    let failed: { error: unknown } | undefined;
    for (let listener = this._first; listener !== undefined; listener = this._first) {
      this._unlink(listener);
      try {
        listener.fn(reason);
      } catch (error) {
        failed ??= { error };
      }
    }
    if (failed !== undefined) throw failed.error;
  }

  /** Forgets all of them without a call. */
  clear(): void {
    while (this._first !== undefined) this._unlink(this._first);
  }

  private _unlink(listener: CancelListener): void {
    const { previous, next } = listener;
    if (previous === undefined) this._first = next;
    else previous.next = next;
    if (next === undefined) this._last = previous;
    else next.previous = previous;
    listener.list = undefined;
    listener.previous = undefined;
    listener.next = undefined;
  }
}
