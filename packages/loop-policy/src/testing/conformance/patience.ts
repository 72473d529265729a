/** The least part of the whole time that a case is given. */
const LEAST_PART = 40;

/**
 * How long cases may take: the whole time each, but half of it after one that took too long, and so on, until one ends in
 * time again. So a loop that hangs everywhere is judged in minutes, not in hours, and each of its cases all the same.
 */
export class Patience {
  readonly #wholeMs: number;
  #limitMs: number;

  /** @param wholeMs - Milliseconds, more than 0. */
  constructor(wholeMs: number) {
    this.#wholeMs = wholeMs;
    this.#limitMs = wholeMs;
  }

  /** How long the next case may take, in milliseconds. */
  get limitMs(): number {
    return this.#limitMs;
  }

  /** In words, for messages. */
  get words(): string {
    const why = this.#limitMs < this.#wholeMs ? ' (less than usual, since the cases before it took too long)' : '';
    return `within ${this.#limitMs} ms${why}`;
  }

  /** Takes note of how a case ended. */
  learn(isLate: boolean): void {
    this.#limitMs = isLate ? Math.max(this.#wholeMs / LEAST_PART, this.#limitMs / 2) : this.#wholeMs;
  }
}
