/** What a case waits for, in words, for the report of one that does not end. */
export class Waits {
  readonly #open = new Set<{ readonly what: string | (() => unknown) }>();

  /** The open ones, in the order in which they began. */
  get list(): string[] {
    return [...this.#open].map(({ what }) => String(what));
  }

  /**
   * Waits for `work`.
   *
   * @param what - In words, or the condition, which is shown as it is written.
   */
  async for<T>(what: string | (() => unknown), work: () => Promise<T>): Promise<T> {
    const entry = { what };
    this.#open.add(entry);
    try {
      return await work();
    } finally {
      this.#open.delete(entry);
    }
  }
}
