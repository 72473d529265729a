import type { Loop } from '@millrace/loop-policy';
import type { Op, TimerSource } from '@millrace/timeouts';
import type { Connection, ConnectOptions } from '../src/index.js';

/** A link to the server that can go bad. */
export interface Link {
  /** What to connect to. */
  readonly target: ConnectOptions;
  /** Says nothing more in either direction, and keeps the connections open. */
  stall(): void;
  /** Takes no more connections in: they are accepted and ignored. */
  ignoreNew(): void;
  /** Resets every connection. */
  cut(): void;
}

/** A server that asks for passwords. */
export interface GuardedTarget extends ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** The directory of its unix socket. */
  readonly socketDir: string | undefined;
}

/** What a case runs against: a server, or what one has said before. Time is that of the setting. */
export interface Setting {
  /** Names the server. */
  readonly url: string;
  readonly loop: Loop;
  /** The clock of deadlines and scopes that are made outside a call. */
  readonly timers: TimerSource;
  /** Connects to the server. */
  connect(options?: ConnectOptions, op?: Op): Promise<Connection>;
  pause(ms: number): Promise<void>;
  /** Calls `fn` later. Returns what calls it off. */
  after(ms: number, fn: () => void): () => void;
  /** How much of something that only takes its size: all of it against a server, a little in a recording. */
  volume(real: number, recorded: number): number;
  openLink(): Promise<Link>;
  /** Names a server that asks `user` for a password: by SCRAM-SHA-256, `clear` for the text, `digest` for MD5. */
  guarded(user: string, password?: ConnectOptions['password']): Promise<GuardedTarget>;
}

/** Why a case runs against a real server alone. */
export type RealOnlyReason =
  /** It races the server's clock against the client's, in as many ways as it can. */
  | 'races the server'
  /** It is about how much fits into memory and sockets. */
  | 'needs a lot of data'
  /** It is about sockets, name lookup or the operating system. */
  | 'needs sockets'
  /** The client's bytes differ each time it runs. */
  | 'says something else each time';

/** Where a suite puts its cases. */
export interface Cases {
  (name: string, run: (setting: Setting) => Promise<void>): void;
  /** A case that cannot be replayed. */
  realOnly(reason: RealOnlyReason, name: string, run: (setting: Setting) => Promise<void>, timeoutMs?: number): void;
}

/** Cases about one thing, defined wherever they run. */
export type Suite = (it: Cases) => void;
