import { Operation } from './operation.js';
import type { Composed, Wire } from './operation.js';

/**
 * A round trip that absorbs a late cancel: the server reads its Sync with the signal pending, and drops the signal, in a
 * transaction block too. Were it to answer 57014 nevertheless, that is absorbed as well.
 */
export class FenceOperation extends Operation<void> {
  override compose({ machine }: Wire): Composed {
    machine.sendSync();
    return 'pipelined';
  }

  override errorResponse(): void {
    // This is what it is for.
  }

  override ready(): 'settled' {
    this.resolve();
    return 'settled';
  }
}
