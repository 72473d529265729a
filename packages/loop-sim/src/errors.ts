/** A simulated program waits for something that will not happen. */
export class DeadlockError extends Error {
  override readonly name = 'DeadlockError';
  readonly code = 'ERR_LOOP_SIM_DEADLOCK';
  /** What is still open, a line each. */
  readonly waiting: readonly string[];

  constructor(message: string, waiting: readonly string[]) {
    super([message, ...waiting.map((line) => `  ${line}`)].join('\n'));
    this.waiting = waiting;
  }
}

/** A simulated program was not done in the virtual time that it was given. */
export class SimulationTimeoutError extends Error {
  override readonly name = 'SimulationTimeoutError';
  readonly code = 'ERR_LOOP_SIM_TIMEOUT';
  readonly waiting: readonly string[];

  constructor(timeoutMs: number, waiting: readonly string[]) {
    super([`the program was not done after ${timeoutMs} virtual ms`, ...waiting.map((line) => `  ${line}`)].join('\n'));
    this.waiting = waiting;
  }
}

/** What an operating system would have said. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  /** `ECONNREFUSED`, say. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${message} (simulated)`);
    this.code = code;
  }
}
