import type {
  FieldDescription,
  FrontendMachine,
  Row,
  ServerMessageFields,
  Statement,
  TransactionStatus,
  TypeRegistry,
  ValueOptions,
} from '@millrace/postgres-protocol';
import type { QueueLinks } from './operation-queue.js';
import type { StatementCache } from './statement-cache.js';

/** What an operation may use of the session while it composes its messages. */
export interface Wire {
  readonly machine: FrontendMachine;
  readonly statements: StatementCache;
  readonly values: ValueOptions;
  readonly types: TypeRegistry;
  /** Exact for an operation that waits for an idle connection; else that of the last ReadyForQuery. */
  readonly transactionStatus: TransactionStatus;
}

/**
 * What came of composing. `pipelined`: sent, others may follow at once. `holding`: sent, but its answer decides what
 * comes next, so nothing may follow yet. `settled`: there was nothing to send.
 */
export type Composed = 'pipelined' | 'holding' | 'settled';

/** How a round trip of an operation ended, for the decision whether it is sent again. */
export interface RoundEnd {
  readonly statusBefore: TransactionStatus;
  readonly statusAfter: TransactionStatus;
  /** A cancel request was under way, so a 57014 may have been meant for another operation. */
  readonly cancelMayHaveHit: boolean;
}

/** A method, so that an operation of any result is an `Operation`. */
interface Resolve<T> {
  call(value: T): void;
}

/**
 * One thing that a caller waits for: it composes its messages when its turn comes, hears the answers, and settles its
 * promise. It goes over the wire in rounds, each ended by one ReadyForQuery.
 *
 * Settling twice is harmless, so a cancelled operation, whose caller has its answer already, goes on as any other.
 */
export abstract class Operation<T = unknown> {
  readonly promise: Promise<T>;
  readonly links: QueueLinks = { queue: undefined, before: undefined, after: undefined };
  /** Order of issue on this connection. */
  turn = 0;
  /** Size of this round's messages. */
  byteCount = 0;
  /** Whether a byte of it was handed to the transport, in any round. */
  hasLeft = false;
  /** Its caller was told to go: what the server still says to it is dropped, and it may be cancelled on the server. */
  isAbandoned = false;
  /** Whether everything before it must be answered before it is composed. */
  readonly needsIdle: boolean = false;
  protected resolve!: Resolve<T>['call'];
  protected reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Writes the messages of the next round. What it throws is this operation's failure; nothing was written then. */
  abstract compose(wire: Wire): Composed;

  /** The round is over. `again`: there is another round, or this one must be repeated. */
  abstract ready(end: RoundEnd): 'settled' | 'again';

  abstract errorResponse(fields: ServerMessageFields): void;

  /** Ends the operation without the server. */
  fail(error: Error): void {
    this.reject(error);
  }

  // What the server says within a round, for those who want to hear it.
  bindComplete?(): void;
  parameterDescription?(typeOids: readonly number[]): void;
  rowDescription?(fields: readonly FieldDescription[]): void;
  rows?(statement: Statement, batch: readonly Row[]): void;
  rowsRefused?(error: Error): void;
  commandComplete?(tag: string): void;
}

/** @throws {TypeError} If a caller without types gave something else than text. */
export function checkSql(sql: unknown): void {
  if (typeof sql !== 'string') throw new TypeError('sql must be a string');
}
