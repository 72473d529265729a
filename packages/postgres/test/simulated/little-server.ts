import type { Loop, Protocol, Transport } from '@millrace/loop-policy';
import { BackendMachine, type BackendHandler, type Bind, type FieldDescription } from '@millrace/postgres-protocol';
import type { Timer } from '@millrace/timeouts';

const INT4 = 23;

/**
 * How long after a cancel request its signal arrives. Over a latency of 1 ms a client knows after 3 ms that the connection of
 * the request is closed: what it sends then is there after 4 and would be hit, what it sends a round trip later is not.
 */
const SIGNAL_MS = 5;

/** A statement that the server knows. */
interface Plan {
  readonly parameterOids: readonly number[];
  readonly fields: readonly FieldDescription[];
  /** Sends rows, and returns the command tag; or how many milliseconds it takes to send nothing. */
  run(session: Session, parameters: readonly number[]): string | number;
}

const int4 = (name: string): FieldDescription => ({
  ...{ name, tableOid: 0, columnNumber: 0, typeOid: INT4, typeSize: 4, typeModifier: -1, format: 1 },
});

/**
 * A server that keeps a ledger: it knows a handful of statements, transactions and cancel requests, and does what is asked
 * exactly once, in order. What it was made to do is there to compare with what its clients were told.
 */
export class LittleServer {
  /** Entries whose transaction was committed. */
  readonly ledger: number[] = [];
  readonly sessions: Map<number, Session> = new Map<number, Session>();
  private readonly _loop: Loop;
  private _lastId = 0;

  constructor(loop: Loop) {
    this._loop = loop;
  }

  /** Makes the server's end of a connection. */
  accept(): Protocol {
    return new Session(this, this._loop, ++this._lastId);
  }

  cancel(processId: number): void {
    this._loop.callLater(SIGNAL_MS, () => {
      this.sessions.get(processId)?.cancel();
    });
  }
}

/** The server's end of one connection. */
class Session implements Protocol {
  private readonly _server: LittleServer;
  private readonly _loop: Loop;
  private readonly _id: number;
  private readonly _machine: BackendMachine;
  private readonly _statements = new Map<string, Plan | undefined>();
  private readonly _portals = new Map<string, { readonly plan: Plan; readonly parameters: readonly number[] }>();
  /** What was asked for and is not done, `isSync` where an error is over. */
  private _requests: { readonly isSync: boolean; readonly run: () => void }[] = [];
  private _isSkipping = false;
  private _sleep: { readonly timer: Timer; readonly cancel: () => void } | undefined;
  private _transport: Transport | undefined;
  private _status: 'I' | 'T' | 'E' = 'I';
  private _uncommitted: number[] = [];

  constructor(server: LittleServer, loop: Loop, id: number) {
    this._server = server;
    this._loop = loop;
    this._id = id;
    this._machine = new BackendMachine(this._handler());
  }

  connectionMade(transport: Transport): void {
    this._transport = transport;
  }

  dataReceived(chunk: Uint8Array): void {
    this._machine.feed(chunk);
    this._send();
  }

  eofReceived(): void {
    this._end();
  }

  connectionLost(): void {
    this._end();
  }

  pauseWriting(): void {
    return; // its answers are short
  }

  resumeWriting(): void {
    return;
  }

  /** Stops the statement that runs. */
  cancel(): void {
    this._sleep?.cancel();
  }

  row(value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, value);
    this._machine.sendDataRow([bytes]);
  }

  enter(value: number): void {
    if (this._status === 'I') this._server.ledger.push(value);
    else this._uncommitted.push(value);
  }

  begin(): void {
    this._status = 'T';
    this._uncommitted = [];
  }

  /** @returns The tag: a transaction that failed is rolled back, whatever was asked for. */
  finish(isCommit: boolean): string {
    const isCommitted = isCommit && this._status === 'T';
    if (isCommitted) this._server.ledger.push(...this._uncommitted);
    this._uncommitted = [];
    this._status = 'I';
    return isCommitted ? 'COMMIT' : 'ROLLBACK';
  }

  private _handler(): BackendHandler {
    const machine = (): BackendMachine => this._machine;
    const later = (run: () => void): void => {
      this._requests.push({ isSync: false, run });
      this._next();
    };
    const refuse = (): never => {
      throw new Error('expected none of these messages from the driver');
    };
    return {
      startup: () => {
        this._server.sessions.set(this._id, this);
        machine().sendAuthenticationOk();
        machine().sendBackendKeyData(this._id, Uint8Array.of(1, 2, 3, 4));
        machine().sendReadyForQuery('I');
      },
      cancelRequest: ({ processId }) => {
        this._server.cancel(processId);
        this._transport?.close();
      },
      query: (sql) => {
        this._requests.push({
          isSync: true,
          run: () => {
            const tag = planOf(sql)?.run(this, []);
            if (typeof tag === 'string') machine().sendCommandComplete(tag);
            else machine().sendErrorResponse(errorOf('42601', 'syntax error'));
            machine().sendReadyForQuery(this._status);
          },
        });
        this._next();
      },
      parse: ({ name, sql }) => {
        later(() => {
          const plan = planOf(sql);
          if (plan === undefined) {
            this._fail('42601', 'syntax error');
            return;
          }
          this._statements.set(name, plan);
          machine().sendParseComplete();
        });
      },
      bind: (bind) => {
        later(() => {
          this._bind(bind);
        });
      },
      describe: (what, name) => {
        later(() => {
          const plan = what === 'statement' ? this._statements.get(name) : this._portals.get(name)?.plan;
          if (what === 'statement') machine().sendParameterDescription(plan?.parameterOids ?? []);
          if (plan === undefined || plan.fields.length === 0) machine().sendNoData();
          else machine().sendRowDescription(plan.fields);
        });
      },
      execute: (portal) => {
        later(() => {
          this._execute(portal);
        });
      },
      close: () => {
        later(() => {
          machine().sendCloseComplete();
        });
      },
      sync: () => {
        this._requests.push({
          isSync: true,
          run: () => {
            machine().sendReadyForQuery(this._status);
          },
        });
        this._next();
      },
      flush: () => undefined,
      terminate: () => {
        this._requests.push({
          isSync: true,
          run: () => {
            this._end();
          },
        });
        this._next();
      },
      ...{ sslRequest: refuse, gssEncRequest: refuse, password: refuse, saslInitialResponse: refuse },
      ...{ saslResponse: refuse, gssResponse: refuse, copyData: refuse, copyDone: refuse, copyFail: refuse },
      functionCall: refuse,
    };
  }

  private _bind({ portal, statement, values }: Bind): void {
    const plan = this._statements.get(statement);
    if (plan === undefined) {
      this._fail('26000', 'no such statement');
      return;
    }
    const parameters = values.map((value) => {
      const bytes = value as Uint8Array;
      return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0);
    });
    this._portals.set(portal, { plan, parameters });
    this._machine.sendBindComplete();
  }

  private _execute(portal: string): void {
    const { plan, parameters } = this._portals.get(portal) ?? expectPortal();
    if (this._status === 'E' && plan !== ROLLBACK && plan !== COMMIT) {
      this._fail('25P02', 'current transaction is aborted');
      return;
    }
    const result = plan.run(this, parameters);
    if (typeof result === 'string') this._machine.sendCommandComplete(result);
    else this._sleepFor(result);
  }

  private _sleepFor(ms: number): void {
    const done = (): void => {
      this._sleep?.timer.cancel();
      this._sleep = undefined;
    };
    const timer = this._loop.callLater(ms, () => {
      done();
      this._machine.sendCommandComplete('SELECT 0');
      this._next();
      this._send();
    });
    const cancel = (): void => {
      done();
      this._fail('57014', 'canceling statement due to user request');
      this._next();
      this._send();
    };
    this._sleep = { timer, cancel };
  }

  private _fail(sqlState: string, message: string): void {
    if (this._status === 'T') this._status = 'E';
    this._machine.sendErrorResponse(errorOf(sqlState, message));
    this._isSkipping = true;
  }

  /** Does what was asked for, in order, until something takes time. */
  private _next(): void {
    while (this._sleep === undefined) {
      const request = this._requests.shift();
      if (request === undefined) return;
      if (request.isSync) this._isSkipping = false;
      if (!this._isSkipping) request.run();
    }
  }

  private _send(): void {
    if (this._machine.output.length === 0 || this._transport === undefined || this._transport.isClosing) return;
    this._transport.write(this._machine.output.take());
  }

  private _end(): void {
    this._sleep?.timer.cancel();
    this._requests = [];
    this._server.sessions.delete(this._id);
    this._transport?.close();
  }
}

function expectPortal(): never {
  throw new Error('expected a portal of that name');
}

const errorOf = (sqlState: string, message: string) => ({
  ...{ severity: 'ERROR', severityCode: 'ERROR', sqlState, message },
});

const COMMIT: Plan = { parameterOids: [], fields: [], run: (session) => session.finish(true) };
const ROLLBACK: Plan = { parameterOids: [], fields: [], run: (session) => session.finish(false) };

function planOf(sql: string): Plan | undefined {
  const text = sql.toLowerCase();
  if (text.startsWith('commit')) return COMMIT;
  if (text.startsWith('rollback')) return ROLLBACK;
  if (text.startsWith('begin')) {
    return {
      ...{ parameterOids: [], fields: [] },
      run: (session) => {
        session.begin();
        return 'BEGIN';
      },
    };
  }
  if (text.startsWith('nap')) return { parameterOids: [], fields: [], run: () => 20 };
  if (text.startsWith('sleep')) return { parameterOids: [], fields: [], run: () => 20_000 };
  if (text.startsWith('enter')) {
    return {
      ...{ parameterOids: [INT4], fields: [] },
      run: (session, [value = 0]) => {
        session.enter(value);
        return 'INSERT 0 1';
      },
    };
  }
  if (!text.startsWith('count')) return undefined;
  return {
    ...{ parameterOids: [INT4], fields: [int4('n')] },
    run: (session, [count = 0]) => {
      for (let n = 1; n <= count; n++) session.row(n);
      return `SELECT ${count}`;
    },
  };
}
