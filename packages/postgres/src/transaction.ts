import { CommitOutcomeUnknownError, PostgresError, StreamActiveError, TransactionAbortedError } from './errors.js';
import type { CancelScope, Op } from '@millrace/timeouts';
import { atCaller } from './caller-stack.js';
import { isLimited, openCallScope, perform } from './handle.js';
import type { Handle } from './handle.js';
import type { Operation } from './operation.js';
import type { CommandResult } from './query-result.js';
import { ScriptOperation } from './script-operation.js';
import { BeginOperation, RollbackOperation, transactionScripts } from './transaction-operations.js';
import type { TransactionMode, TransactionScripts } from './transaction-operations.js';

/** How a transaction behaves, and the limits for all of it: from BEGIN to the answer to COMMIT. */
export interface TransactionOptions extends TransactionMode, Op {}

const IN_FAILED_TRANSACTION = '25P02';

/** Runs `run` between BEGIN and COMMIT, or between SAVEPOINT and RELEASE inside a transaction. */
export async function runTransaction<T>(
  parent: Handle,
  run: (handle: Handle) => T | Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  let own: CancelScope | undefined;
  let leaveParent: (() => void) | undefined;
  try {
    parent.check();
    const scripts = transactionScripts(parent.depth, options);
    if (isLimited(options)) {
      const scope = (own = openCallScope(parent.session, options, 'transaction'));
      leaveParent = parent.scope?.onCancel((reason) => {
        scope.cancel(reason);
      });
      scope.throwIfCancelled();
    }
    const handle = parent.openChild(own ?? parent.scope);
    return await runInside(parent, handle, run, scripts);
  } catch (error) {
    throw atCaller(error, options);
  } finally {
    leaveParent?.();
    own?.close();
  }
}

async function runInside<T>(
  parent: Handle,
  handle: Handle,
  run: (handle: Handle) => T | Promise<T>,
  scripts: TransactionScripts,
): Promise<T> {
  const begin = new BeginOperation(scripts.begin, parent.depth === 0);
  let value: T;
  try {
    await perform(handle, begin, undefined, 'begin');
    value = await within(handle.scope, async () => run(handle));
    if (handle.session.activeStream !== undefined)
      throw new StreamActiveError('the function of the transaction returned while a stream was open; rolled back');
  } catch (error) {
    await rollBack(parent, handle, begin, scripts, error);
    throw error;
  }
  await commit(parent, handle, begin, scripts);
  return value;
}

/** Waits for the user's function, but not beyond the limits. */
async function within<T>(scope: CancelScope | undefined, run: () => Promise<T>): Promise<T> {
  if (scope === undefined) return run();
  return scope.race(run());
}

async function commit(
  parent: Handle,
  handle: Handle,
  begin: BeginOperation,
  scripts: TransactionScripts,
): Promise<void> {
  const operation = new ScriptOperation(scripts.commit);
  handle.end();
  const answer = perform(handle, operation, undefined, 'commit');
  let results: CommandResult[];
  try {
    results = await answer;
  } catch (error) {
    await afterFailedCommit(parent, operation, begin, scripts, error);
    throw error;
  } finally {
    // Not before: what was issued behind a COMMIT that is taken back would run inside the transaction.
    parent.closeChild();
  }
  if (results.some(({ command }) => command === 'ROLLBACK')) throw new TransactionAbortedError();
}

async function afterFailedCommit(
  parent: Handle,
  operation: Operation,
  begin: BeginOperation,
  scripts: TransactionScripts,
  error: unknown,
): Promise<void> {
  const isSavepoint = parent.depth > 0;
  if (error instanceof PostgresError && !isSavepoint) return;
  // A savepoint that is not released is still there, and so may be a transaction whose COMMIT was called off.
  const rollback = settleRollback(issueRollback(parent, begin, scripts));
  if (error instanceof PostgresError) {
    await rollback;
    if (error.sqlState === IN_FAILED_TRANSACTION) throw new TransactionAbortedError(undefined, { cause: error });
  } else if (!isSavepoint && operation.hasLeft) {
    throw new CommitOutcomeUnknownError(error);
  }
}

async function rollBack(
  parent: Handle,
  handle: Handle,
  begin: BeginOperation,
  scripts: TransactionScripts,
  error: unknown,
): Promise<void> {
  handle.end();
  handle.session.cutStream(error instanceof Error ? error : new Error('the transaction was rolled back'));
  const rollback = settleRollback(issueRollback(parent, begin, scripts));
  parent.closeChild();
  // Whoever ran out of time does not wait for it: what comes next on this connection does.
  if (handle.scope === undefined) await rollback;
  else await handle.scope.race(rollback).catch(() => undefined);
}

function issueRollback(parent: Handle, begin: BeginOperation, scripts: TransactionScripts): RollbackOperation {
  const rollback = new RollbackOperation(scripts.rollback, begin);
  parent.session.issue(rollback);
  return rollback;
}

/** Nothing can be done about a rollback that fails: the connection is gone then, which rolls back too. */
async function settleRollback(rollback: RollbackOperation): Promise<void> {
  await rollback.promise.catch(() => undefined);
}
