import type { ServerMessageFields, StartupOptions } from '@millrace/postgres-protocol';
import { PostgresError } from './errors.js';
import { Operation } from './operation.js';
import type { Composed, Wire } from './operation.js';

/** The first round of a session: from the StartupMessage to the first ReadyForQuery. */
export class StartupOperation extends Operation<void> {
  private readonly _options: StartupOptions;

  constructor(options: StartupOptions) {
    super();
    this._options = options;
  }

  override compose({ machine }: Wire): Composed {
    machine.sendStartup(this._options);
    return 'holding';
  }

  override errorResponse(fields: ServerMessageFields): void {
    this.fail(new PostgresError(fields));
  }

  override ready(): 'settled' {
    this.resolve();
    return 'settled';
  }
}
