/** Connections that are open, and a way to wait for the last one's end. */
export class ConnectionSet<T> {
  readonly #members = new Set<T>();
  #waiters: (() => void)[] = [];

  get size(): number {
    return this.#members.size;
  }

  add(member: T): void {
    this.#members.add(member);
  }

  delete(member: T): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Those that are members now; more may come and go meanwhile. */
  [Symbol.iterator](): IterableIterator<T> {
    return [...this.#members][Symbol.iterator]();
  }

  /** Resolves when there is none. */
  emptied(): Promise<void> {
    if (this.#members.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}
