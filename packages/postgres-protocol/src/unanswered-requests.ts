import type { BackendRequest } from './backend-state.js';

/** So many answered requests may stand before the oldest unanswered one before they are cut off. */
const SLACK = 64;

/** The requests that arrived and are not answered yet, oldest first. The oldest stays while it is being answered. */
export class UnansweredRequests {
  private _kinds: BackendRequest[] = [];
  private _first = 0;
  private _readyCount = 0;
  private _newest: BackendRequest | undefined;
  private _heldSyncs = 0;
  private _surplusSyncs = 0;

  get count(): number {
    return this._kinds.length - this._first;
  }

  /** How many ReadyForQuery are owed. */
  get readyCount(): number {
    return this._readyCount;
  }

  /** What is being answered; `undefined` if nothing is. */
  get oldest(): BackendRequest | undefined {
    return this._kinds[this._first];
  }

  /** The last request that ever arrived, answered or not. */
  get newest(): BackendRequest | undefined {
    return this._newest;
  }

  push(kind: BackendRequest): void {
    this._kinds.push(kind);
    this._newest = kind;
    if (owesReady(kind)) this._readyCount += 1;
  }

  /** Removes the oldest. */
  shift(): void {
    const kind = this.oldest;
    if (kind === undefined) return;
    if (owesReady(kind)) this._readyCount -= 1;
    this._first += 1;
    // Cut off in bulk: to move all the others for each that is answered would cost the square of a long pipeline.
    if (this._first === this._kinds.length || (this._first > SLACK && this._first * 2 > this._kinds.length)) {
      this._kinds.splice(0, this._first);
      this._first = 0;
    }
  }

  clear(): void {
    this._kinds = [];
    this._first = 0;
    this._readyCount = 0;
    this._heldSyncs = 0;
    this._surplusSyncs = 0;
  }

  /** Removes what an error leaves unanswered: all before the first Sync or Terminate. Returns which is the oldest then. */
  dropToSync(): BackendRequest | undefined {
    while (this.oldest !== undefined && this.oldest !== 'syncing' && this.oldest !== 'terminating') this.shift();
    return this.oldest;
  }

  /** The first request behind the oldest that is no Sync. */
  get otherThanSyncBehindOldest(): BackendRequest | undefined {
    return this._kinds.slice(this._first + 1).find((kind) => kind !== 'syncing');
  }

  /** How many Syncs may be answered, or not: a COPY FROM STDIN that has failed may have done so before it read them. */
  get surplusSyncs(): number {
    return this._surplusSyncs;
  }

  /** COPY FROM STDIN begins: puts aside all but the oldest, which are Syncs. */
  holdSyncs(): void {
    this._heldSyncs = this.count - 1;
    this._readyCount -= this._heldSyncs;
    this._kinds.length = this._first + 1;
  }

  /** It ends. If it failed, the Syncs that were put aside become surplus; if not, it has swallowed them. */
  releaseSyncs(hasFailed: boolean): void {
    if (hasFailed) this._surplusSyncs += this._heldSyncs;
    this._heldSyncs = 0;
  }

  /** One of the surplus was answered after all. */
  takeSurplus(): void {
    this._surplusSyncs -= 1;
  }

  /** A later request is being answered: what was surplus was swallowed. */
  settle(): void {
    this._surplusSyncs = 0;
  }
}

function owesReady(kind: BackendRequest): boolean {
  return kind === 'syncing' || kind === 'querying' || kind === 'callingFunction';
}
