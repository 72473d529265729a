import { TransactionActiveError } from './errors.js';
import type { Composed, Wire } from './operation.js';
import { ScriptOperation } from './script-operation.js';

/** How a transaction behaves; what is left out is as the session's defaults say. Not for savepoints. */
export interface TransactionMode {
  readonly isolation?: 'serializable' | 'repeatable read' | 'read committed' | 'read uncommitted' | undefined;
  readonly readOnly?: boolean | undefined;
  /** Waits for a snapshot that cannot fail; only means something for `serializable` and `readOnly`. */
  readonly deferrable?: boolean | undefined;
}

/** The SQL around a transaction or a savepoint. */
export interface TransactionScripts {
  readonly begin: string;
  readonly commit: string;
  readonly rollback: string;
}

const ISOLATION_LEVELS: readonly unknown[] = ['serializable', 'repeatable read', 'read committed', 'read uncommitted'];

/**
 * The SQL for a transaction at a depth: 0 is BEGIN, more are savepoints.
 *
 * @throws {TypeError} For an unknown mode, or any mode on a savepoint.
 */
export function transactionScripts(depth: number, mode: TransactionMode): TransactionScripts {
  const { isolation, readOnly, deferrable } = mode;
  if (isolation !== undefined && !ISOLATION_LEVELS.includes(isolation))
    throw new TypeError(`isolation must be one of ${ISOLATION_LEVELS.join(', ')}`);
  const words = [
    ...(isolation === undefined ? [] : [`ISOLATION LEVEL ${isolation.toUpperCase()}`]),
    ...(readOnly === undefined ? [] : [readOnly ? 'READ ONLY' : 'READ WRITE']),
    ...(deferrable === undefined ? [] : [deferrable ? 'DEFERRABLE' : 'NOT DEFERRABLE']),
  ];
  if (depth === 0)
    return { begin: ['BEGIN', words.join(', ')].join(' ').trim(), commit: 'COMMIT', rollback: 'ROLLBACK' };
  if (words.length > 0)
    throw new TypeError('isolation, readOnly and deferrable are for the outermost transaction only');
  const name = `millrace_${depth}`;
  return {
    begin: `SAVEPOINT ${name}`,
    commit: `RELEASE SAVEPOINT ${name}`,
    rollback: `ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`,
  };
}

/** BEGIN or SAVEPOINT. */
export class BeginOperation extends ScriptOperation {
  /** An outermost one must see what state the session is in. */
  override readonly needsIdle: boolean;
  /** Whether it may have had an effect. */
  wasSent = false;

  constructor(script: string, isOutermost: boolean) {
    super(script);
    this.needsIdle = isOutermost;
  }

  override compose(wire: Wire): Composed {
    if (this.needsIdle && wire.transactionStatus !== 'I')
      throw new TransactionActiveError('the session is inside a transaction block that was begun by SQL: end it first');
    this.wasSent = true;
    return super.compose(wire);
  }
}

/** ROLLBACK, or back to a savepoint; says nothing where there is nothing to roll back. */
export class RollbackOperation extends ScriptOperation {
  override readonly needsIdle = true;
  private readonly _begin: BeginOperation;

  constructor(script: string, begin: BeginOperation) {
    super(script);
    this._begin = begin;
  }

  override compose(wire: Wire): Composed {
    if (this._begin.wasSent && wire.transactionStatus !== 'I') return super.compose(wire);
    this.resolve([]);
    return 'settled';
  }
}
