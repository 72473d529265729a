// In COPY FROM STDIN the server swallows the Syncs that were sent behind the command, so they are sent again when the
// copy ends. But it may have failed before it read them: COPY to a view fails after CopyInResponse and before the first
// message is read, and so does a BEFORE STATEMENT trigger. Then both lots are answered. Nothing tells the cases apart but
// what comes: the second lot of ReadyForQuery is surplus, and belongs to no request. It comes before anything else that
// answers a later request.
import type { WriteBuffer } from '@millrace/write-buffer';
import { encodeSync } from './messages/extended-query.js';

/** The Syncs behind the COPY FROM STDIN at hand, and the answers that may be surplus after it. */
export class SwallowedSyncs {
  private _count = 0;
  private _surplus = 0;

  /** Whether a ReadyForQuery may come that nobody waits for. */
  get mayBeSurplus(): boolean {
    return this._surplus > 0;
  }

  /** The copy begins with so many Syncs behind it. */
  begin(count: number): void {
    this._count = count;
  }

  /** Appends them again. */
  encode(out: WriteBuffer): void {
    for (let i = 0; i < this._count; i++) encodeSync(out);
  }

  /** The copy has failed, and they were sent again. */
  fail(): void {
    this._surplus += this._count;
    this._count = 0;
  }

  /** A surplus ReadyForQuery has come. */
  takeSurplus(): void {
    this._surplus -= 1;
  }

  /** Something has come that answers a later request: what was surplus has come before. */
  settle(): void {
    this._surplus = 0;
  }
}
