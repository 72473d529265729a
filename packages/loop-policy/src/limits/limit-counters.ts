import type { Admission } from './admission.js';

/** What limits have done so far. The object stays the same and is always current. */
export interface LimitStats {
  /** Connections that are open now. */
  readonly open: number;
  /** Peers that have open connections; 0 without `perPeer`. */
  readonly peers: number;
  /** Connections that were let in. */
  readonly admitted: number;
  /** Connections that were over `total`. */
  readonly refusedTotal: number;
  /** Connections that were over `perPeer`. */
  readonly refusedPerPeer: number;
  /** Connections that were ended for their silence. */
  readonly idled: number;
  /** How often reading was paused to keep to `bytesPerSec`. */
  readonly readPauses: number;
  /** How often written bytes had to wait to keep to `bytesPerSec`. */
  readonly writeDelays: number;
}

/** The same, for those who count. */
export class LimitCounters implements LimitStats {
  readonly #admission: Admission;
  admitted = 0;
  refusedTotal = 0;
  refusedPerPeer = 0;
  idled = 0;
  readPauses = 0;
  writeDelays = 0;

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  get open(): number {
    return this.#admission.open;
  }

  get peers(): number {
    return this.#admission.peers;
  }
}
