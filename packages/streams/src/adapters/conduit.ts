import type { ConnectionInfo } from '@millrace/loop-policy';

/**
 * What a foreign stream must be able to do to carry a connection; a `ConduitTransport` makes a transport of it.
 *
 * Each method is called one call at a time: the next `read` after the last one settled, likewise `write` and `end`.
 */
export interface Conduit {
  /** The two ends, where they are known. */
  readonly info?: Partial<ConnectionInfo> | undefined;

  /**
   * Begins. Nothing else is called before.
   *
   * @param lost - To be called when the stream fails while nobody reads or writes. May be called more than once.
   */
  open(lost: (cause: unknown) => void): void;

  /** Waits for bytes; `undefined` is the end, after which it is not called again. */
  read(): Promise<Uint8Array | undefined>;

  /** Writes `bytes`, which are the stream's from now on, and waits until it would take more. */
  write(bytes: Uint8Array): Promise<void>;

  /** Says that nothing more will be written, and waits until that was taken. */
  end(): Promise<void>;

  /**
   * Lets go of both directions at once; must neither throw nor reject.
   *
   * @param error - Why; `undefined` at a graceful end, or where nobody gave a reason.
   */
  destroy(error: Error | undefined): void;

  ref?(): void;
  unref?(): void;
}
