import { backendMessage, ScriptedServer, step } from '@millrace/postgres-protocol/testing';
import type { Script } from '@millrace/postgres-protocol/testing';
import type { ConnectOptions } from '../../src/index.js';
import { ServerProtocol } from './server-protocol.js';
import { VirtualLoop } from './virtual-loop.js';

/** A server that plays its scripts, on a loop of its own with a clock of its own. */
export interface ServedScripts {
  readonly server: ScriptedServer;
  readonly loop: VirtualLoop;
  /** What to connect to. */
  readonly target: ConnectOptions;
  /** Resumes the scripts that stall at `name`, `ms` from now. */
  resumeAfter(ms: number, name: string): void;
}

/** Serves scripts: the n-th connection plays the n-th. */
export function serve(...scripts: readonly Script[]): ServedScripts {
  const server = new ScriptedServer(scripts);
  const loop = new VirtualLoop({ accept: () => new ServerProtocol(server) });
  return {
    server,
    loop,
    target: { host: 'script', user: 'me', loop },
    resumeAfter: (ms, name) => {
      loop.callLater(ms, () => {
        server.resume(name);
      });
    },
  };
}

export const READY: Uint8Array = backendMessage('ReadyForQuery', 'I');

/** Lets the client in, with a key for cancel requests. */
export const GREETING: Script = [
  step.expect('StartupMessage'),
  step.send(backendMessage('AuthenticationOk'), backendMessage('BackendKeyData', 7, Uint8Array.of(0, 0, 0, 9)), READY),
];

/** The client ends the connection as it should. */
export const FAREWELL: Script = [step.expect('Terminate'), step.expectEnd()];

/** The result of a script of one statement. */
export const SELECT_NOTHING: Uint8Array = Uint8Array.of(...backendMessage('CommandComplete', 'SELECT 0'), ...READY);

/** A cancel request for the session of {@link GREETING}. */
export const cancelRequest = (...then: Script): Script => [
  step.expect('CancelRequest', { processId: 7, secretKey: Uint8Array.of(0, 0, 0, 9) }),
  ...then,
  step.close(),
];

export function serverError(sqlState: string, severity: 'ERROR' | 'FATAL' = 'ERROR'): Uint8Array {
  return backendMessage('ErrorResponse', { severity, severityCode: severity, sqlState, message: 'scripted' });
}
