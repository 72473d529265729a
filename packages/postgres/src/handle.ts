import { openCancelScope } from '@millrace/timeouts';
import type { CancelScope, Op } from '@millrace/timeouts';
import { atCaller } from './caller-stack.js';
import { HandleClosedError, StreamActiveError, TransactionActiveError } from './errors.js';
import type { Operation } from './operation.js';
import type { Session } from './session.js';

/**
 * The right to use a session: the connection has one, each transaction has one while it is open, and only the innermost
 * may be used.
 */
export class Handle {
  readonly session: Session;
  /** Limits what is done through this handle, besides each call's own limits. */
  readonly scope: CancelScope | undefined;
  /** 0 for the connection, 1 for a transaction, more for savepoints. */
  readonly depth: number;
  private _child: Handle | undefined;
  private _hasEnded = false;
  private readonly _endListeners = new Set<() => void>();

  constructor(session: Session, depth: number, scope: CancelScope | undefined) {
    this.session = session;
    this.depth = depth;
    this.scope = scope;
  }

  /**
   * Makes sure that this handle may be used now.
   *
   * @throws {HandleClosedError} {@link TransactionActiveError} {@link StreamActiveError}
   */
  check(): void {
    if (this._hasEnded) throw new HandleClosedError('transaction');
    if (this._child !== undefined) throw new TransactionActiveError();
    this.session.checkOpen();
    if (this.session.activeStream !== undefined) throw new StreamActiveError();
  }

  /** Puts a handle in front of this one. */
  openChild(scope: CancelScope | undefined): Handle {
    return (this._child = new Handle(this.session, this.depth + 1, scope));
  }

  /** Lets this handle be used again. */
  closeChild(): void {
    const child = this._child;
    this._child = undefined;
    if (child === undefined) return;
    child.end();
    for (const listener of child._endListeners) listener();
    child._endListeners.clear();
  }

  /** Makes the handle useless while it is still in front. */
  end(): void {
    this._hasEnded = true;
  }

  /** Calls `listener` when this handle is of the past. Returns what takes the listener off: the connection's never is. */
  onEnd(listener: () => void): () => void {
    this._endListeners.add(listener);
    return () => {
      this._endListeners.delete(listener);
    };
  }

  /** Issues an operation and waits for it, or for what cuts it short. */
  async run<T>(operation: Operation<T>, op: Op | undefined, what: string): Promise<T> {
    try {
      this.check();
      return await perform(this, operation, op, what);
    } catch (error) {
      throw atCaller(error, op, this.scope);
    }
  }
}

/** Whether there is anything in `op` that could end an operation. */
export function isLimited(op: Op | undefined): op is Op {
  return (
    op !== undefined &&
    (op.signal !== undefined || op.timeoutMs !== undefined || op.deadline !== undefined || op.scope !== undefined)
  );
}

/** Opens a scope for the limits of one call, on the loop's clock unless the caller names another. */
export function openCallScope(session: Session, op: Op, what: string): CancelScope {
  const timers = op.timers ?? op.scope?.timers ?? op.deadline?.timers ?? session.loop;
  return openCancelScope({ ...op, timers }, what);
}

/** Issues an operation without asking whether the handle may be used; the promise is that of the operation. */
export function perform<T>(
  { session, scope }: Pick<Handle, 'session' | 'scope'>,
  operation: Operation<T>,
  op: Op | undefined,
  what: string,
): Promise<T> {
  if (!isLimited(op) && scope === undefined) {
    session.issue(operation);
    return operation.promise;
  }
  return performWithin(session, operation, scope, isLimited(op) ? openCallScope(session, op, what) : undefined);
}

async function performWithin<T>(
  session: Session,
  operation: Operation<T>,
  outer: CancelScope | undefined,
  own: CancelScope | undefined,
): Promise<T> {
  const cancel = (reason: unknown): void => {
    operation.fail(reason as Error);
    session.abandon(operation);
  };
  let leaveOuter: (() => void) | undefined;
  try {
    outer?.throwIfCancelled();
    own?.throwIfCancelled();
    session.issue(operation);
    leaveOuter = outer?.onCancel(cancel);
    own?.onCancel(cancel);
    return await operation.promise;
  } finally {
    leaveOuter?.();
    own?.close();
  }
}
