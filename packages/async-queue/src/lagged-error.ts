/** A subscription was so slow that items were overwritten before it had taken them. It goes on with the oldest that is left. */
export class LaggedError extends Error {
  /** Always `'ERR_ASYNC_QUEUE_LAGGED'`. */
  readonly code = 'ERR_ASYNC_QUEUE_LAGGED';
  /** The name shown in stack traces. */
  override readonly name = 'LaggedError';
  /** How many items it has missed since it took the last one. */
  readonly missed: number;

  /** Makes the error; the message is composed from the figure. */
  constructor(missed: number) {
    super(`expected the next item, missed ${missed} that were overwritten`);
    this.missed = missed;
  }
}
