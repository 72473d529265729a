import type { ServerMessageFields } from '@millrace/postgres-protocol';
import { PostgresError } from './errors.js';
import { Operation } from './operation.js';
import type { Composed, Wire } from './operation.js';

/** Makes the server forget a prepared statement, whether it knows it or not. */
export class CloseStatementOperation extends Operation<void> {
  private readonly _name: string;

  constructor(name: string) {
    super();
    this._name = name;
  }

  override compose({ machine }: Wire): Composed {
    machine.sendClose('statement', this._name);
    machine.sendSync();
    return 'pipelined';
  }

  override errorResponse(fields: ServerMessageFields): void {
    this.fail(new PostgresError(fields));
  }

  override ready(): 'settled' {
    this.resolve();
    return 'settled';
  }
}
