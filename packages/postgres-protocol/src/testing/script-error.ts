/**
 * A conversation that did not go as its script says: thrown by `finish()`, never by `feed()`.
 */
export class ScriptError extends Error {
  override readonly name: string = 'ScriptError';
  readonly code = 'ERR_POSTGRES_PROTOCOL_SCRIPT';
  /** Index of the step in its script; the script's length if it was over. */
  readonly stepIndex: number;

  constructor(message: string, stepIndex: number, options?: ErrorOptions) {
    super(message, options);
    this.stepIndex = stepIndex;
  }
}
