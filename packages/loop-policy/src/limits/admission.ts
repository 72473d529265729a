import type { ConnectionInfo } from '../transport.js';
import { peerKey } from './peer-key.js';

/** A connection that was over a limit, and was aborted. */
export interface Refusal {
  /** Which limit it was over. */
  readonly reason: 'total' | 'perPeer';
  /** That limit, in connections. */
  readonly limit: number;
  /** Whose connection it was. */
  readonly info: ConnectionInfo;
}

/** A connection that was let in; to be given back when it ends. */
export interface Admitted {
  readonly peer: string | undefined;
}

/** Counts open connections, of all and of each peer. */
export class Admission {
  private readonly _total: number;
  private readonly _perPeer: number;
  private readonly _peers = new Map<string, number>();
  private _open = 0;

  constructor(total: number, perPeer: number) {
    this._total = total;
    this._perPeer = perPeer;
  }

  get open(): number {
    return this._open;
  }

  /** Peers that have open connections; 0 where peers are not counted. */
  get peers(): number {
    return this._peers.size;
  }

  admit(info: ConnectionInfo): Admitted | Refusal {
    if (this._open >= this._total) return { reason: 'total', limit: this._total, info };
    const peer =
      this._perPeer === Infinity || info.remoteAddress === undefined ? undefined : peerKey(info.remoteAddress);
    if (peer !== undefined) {
      const count = this._peers.get(peer) ?? 0;
      if (count >= this._perPeer) return { reason: 'perPeer', limit: this._perPeer, info };
      this._peers.set(peer, count + 1);
    }
    this._open++;
    return { peer };
  }

  release({ peer }: Admitted): void {
    this._open--;
    if (peer === undefined) return;
    const count = (this._peers.get(peer) ?? 1) - 1;
    if (count === 0) this._peers.delete(peer);
    else this._peers.set(peer, count);
  }
}
