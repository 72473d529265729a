// What the server says to one operation, which is the one at the head of those in flight.
import type { FieldDescription, FrontendHandler, FrontendMachine, Row, Statement } from '@millrace/postgres-protocol';
import { CopyUnsupportedError } from './errors.js';
import type { Operation } from './operation.js';

/** Events of the machine that answer an operation. */
type AnswerEvent =
  | 'parseComplete'
  | 'closeComplete'
  | 'bindComplete'
  | 'noData'
  | 'emptyQueryResponse'
  | 'portalSuspended'
  | 'parameterDescription'
  | 'rowDescription'
  | 'rows'
  | 'rowsRefused'
  | 'commandComplete'
  | 'functionCallResponse'
  | 'copyInResponse'
  | 'copyOutResponse'
  | 'copyBothResponse'
  | 'copyData'
  | 'copyDone';

/** Hands events on to the operation that they answer; declines what no operation can want. */
export abstract class OperationEvents implements Pick<FrontendHandler, AnswerEvent> {
  abstract readonly machine: FrontendMachine;
  /** The operation that is being answered. */
  abstract readonly head: Operation | undefined;

  parseComplete(): void {
    // What follows in the same round says as much.
  }

  closeComplete(): void {
    // As above.
  }

  bindComplete(): void {
    this.head?.bindComplete?.();
  }

  noData(): void {
    // No columns is where an operation begins.
  }

  emptyQueryResponse(): void {
    this.head?.commandComplete?.('');
  }

  portalSuspended(): void {
    // Every Execute asks for all rows.
  }

  parameterDescription(typeOids: readonly number[]): void {
    this.head?.parameterDescription?.(typeOids);
  }

  rowDescription(fields: readonly FieldDescription[]): void {
    this.head?.rowDescription?.(fields);
  }

  rows(statement: Statement, batch: readonly Row[]): void {
    this.head?.rows?.(statement, batch);
  }

  rowsRefused(_statement: Statement, error: Error): void {
    this.head?.rowsRefused?.(error);
  }

  commandComplete(tag: string): void {
    this.head?.commandComplete?.(tag);
  }

  functionCallResponse(): void {
    // No operation calls functions this way.
  }

  copyInResponse(): void {
    this.machine.sendCopyFail('COPY FROM STDIN is not supported by this client');
  }

  copyOutResponse(): void {
    this.head?.rowsRefused?.(new CopyUnsupportedError('COPY TO STDOUT is not supported, its data is skipped'));
  }

  copyBothResponse(): void {
    this.machine.sendCopyDone();
    this.head?.rowsRefused?.(new CopyUnsupportedError('replication is not supported, its data is skipped'));
  }

  copyData(): void {
    // Refused, so skipped.
  }

  copyDone(): void {
    // As above.
  }
}
