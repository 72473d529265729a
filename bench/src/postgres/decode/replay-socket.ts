import { EventEmitter } from 'node:events';
import { cut } from '../../micro/chunking.js';
import { framesOf } from './frames.js';
import type { Recording } from './recording.js';

/** AuthenticationOk, then ReadyForQuery: a server without passwords lets a client in. */
export const WELCOME: Buffer = Buffer.from('5200000008000000005a0000000549', 'hex');

interface Replay {
  readonly described: readonly Buffer[];
  readonly result: readonly Buffer[];
}

/**
 * As much of a socket as postgres.js needs, with a server behind it that answers from recordings, in chunks of 64 KiB. Not
 * a stream, so that no cost of streams is laid at its door.
 */
export class ReplaySocket extends EventEmitter {
  readyState = 'open';
  private readonly _recordingOf: (sql: string) => Recording;
  private readonly _replays = new Map<string, Replay>();
  private _isStarted = false;
  private _parsed: string | undefined;
  private _bound: Replay | undefined;

  constructor(recordingOf: (sql: string) => Recording) {
    super();
    this._recordingOf = recordingOf;
  }

  /** Answers in a microtask: postgres.js is not ready for an answer from within a write. */
  write(bytes: Buffer): boolean {
    const answer: Buffer[] = [];
    if (!this._isStarted) {
      this._isStarted = true;
      answer.push(WELCOME);
    } else {
      for (const { type, bytes: frame } of framesOf(bytes)) this._take(type, frame, answer);
    }
    queueMicrotask(() => {
      for (const chunk of answer) this.emit('data', chunk);
    });
    return true;
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    queueMicrotask(() => this.emit('close', false));
  }

  private _take(type: string, frame: Buffer, answer: Buffer[]): void {
    if (type === 'P') {
      const [name = '', sql = ''] = frame.toString('utf8', 5).split('\0');
      const { description, result } = this._recordingOf(sql);
      this._replays.set(name, { described: cut(Buffer.concat([description, result])), result: cut(result) });
      this._parsed = name;
    } else if (type === 'B') {
      const [, name = ''] = frame.toString('latin1', 5).split('\0', 2);
      this._bound = this._replays.get(name);
    } else if (type === 'S' && this._bound !== undefined) {
      answer.push(...(this._parsed === undefined ? this._bound.result : this._bound.described));
      this._parsed = undefined;
    }
  }
}
