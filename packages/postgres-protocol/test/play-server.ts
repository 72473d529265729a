import { md5, pbkdf2Sha256, ScramServer, ScramVerifier } from '../src/crypto.js';
import type { BackendMachine } from '../src/index.js';
import { ERROR, newBackend, type BackendRecorder } from './backend-session.js';
import { concat, field, int32, utf8 } from './wire.js';

const SALT = utf8('0123456789abcdef');
const MD5_SALT = int32(0x01020304);
const NONCE = '3rfcNHYJY1ZVvWVs7j3rfcNHYJY1ZVvWVs7j';

export type Method = 'trust' | 'cleartext' | 'md5' | 'scram' | 'refuse';

const COLUMN = [field({ name: 't', typeOid: 25 })];

interface Task {
  readonly event: string;
  readonly run: () => void;
}

/**
 * A server of a few statements, which are words: what is asked decides what is answered. It answers at once, from inside
 * the event, or only when `answer()` is called: then much was pipelined, and it must skip for itself what comes behind
 * an error.
 */
export class PlayServer {
  readonly machine: BackendMachine;
  readonly recorder: BackendRecorder;
  readonly #isPrompt: boolean;
  readonly #tasks: Task[] = [];
  readonly #statements = new Map<string, string>();
  readonly #portals = new Map<string, string>();
  #scram: ScramServer | undefined;
  #keyBytes = 4;
  /** Of the COPY FROM STDIN at hand. */
  #copy = { sql: '', isSimple: false, messages: 0 };
  /** What is left of a portal's rows. */
  #left = 3;

  constructor(isPrompt: boolean, method: Method = 'trust') {
    const { machine, recorder } = newBackend();
    this.machine = machine;
    this.recorder = recorder;
    this.#isPrompt = isPrompt;
    this.#onStartup(method);
    const { reactions } = recorder;
    reactions.query = (sql) => {
      this.#do('query', () => {
        this.#query(sql);
      });
    };
    reactions.parse = ({ name, sql }) => {
      this.#do('parse', () => {
        this.#statements.set(name, sql);
        if (sql === 'wrong') this.#fail();
        else machine.sendParseComplete();
      });
    };
    reactions.bind = ({ portal, statement }) => {
      this.#do('bind', () => {
        this.#portals.set(portal, this.#statements.get(statement) ?? '');
        this.#left = 3;
        machine.sendBindComplete();
      });
    };
    reactions.describe = (what) => {
      this.#do('describe', () => {
        if (what === 'statement') machine.sendParameterDescription([25]);
        if (what === 'statement') machine.sendRowDescription(COLUMN);
        else machine.sendNoData();
      });
    };
    reactions.execute = (portal, maxRows) => {
      this.#do('execute', () => this.#run(this.#portals.get(portal) ?? '', maxRows, false));
    };
    reactions.close = () => {
      this.#do('close', () => {
        machine.sendCloseComplete();
      });
    };
    reactions.sync = () => {
      this.#do('sync', () => {
        machine.sendReadyForQuery('I');
      });
    };
    reactions.functionCall = ({ functionOid, arguments: values }) => {
      this.#do('functionCall', () => {
        if (functionOid === 0) machine.sendErrorResponse(ERROR);
        else machine.sendFunctionCallResponse(values[0] ?? null);
        machine.sendReadyForQuery('I');
      });
    };
    reactions.copyData = (batch) => {
      this.#do('copyData', () => {
        this.#receive(batch.length);
      });
    };
    reactions.copyDone = () => {
      this.#do('copyDone', () => {
        this.#endCopy();
      });
    };
    reactions.copyFail = () => {
      this.#do('copyFail', () => {
        this.#failCopy();
      });
    };
  }

  /** Answers what has been asked and is not answered yet. */
  answer(): void {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task.run();
  }

  #do(event: string, run: () => void): void {
    if (this.#isPrompt) run();
    else this.#tasks.push({ event, run });
  }

  #onStartup(method: Method): void {
    const { machine, recorder } = this;
    const { reactions } = recorder;
    const admit = (): void => {
      machine.sendAuthenticationOk();
      machine.sendParameterStatus('server_version', '18');
      machine.sendBackendKeyData(7, new Uint8Array(this.#keyBytes).fill(9));
      machine.sendReadyForQuery('I');
    };
    reactions.sslRequest = () => {
      this.#do('sslRequest', () => {
        machine.sendEncryptionAnswer(true);
      });
    };
    reactions.gssEncRequest = () => {
      this.#do('gssEncRequest', () => {
        machine.sendEncryptionAnswer(false);
      });
    };
    reactions.startup = ({ protocolVersion }) => {
      this.#keyBytes = protocolVersion.minor >= 2 ? 32 : 4;
      this.#do('startup', () => {
        if (machine.state === 'negotiating') machine.sendNegotiateProtocolVersion('3.2');
        if (method === 'trust') admit();
        else if (method === 'cleartext') machine.sendAuthenticationCleartextPassword();
        else if (method === 'md5') machine.sendAuthenticationMD5Password(MD5_SALT);
        else if (method === 'scram') machine.sendAuthenticationSASL(['SCRAM-SHA-256']);
        else machine.sendErrorResponse({ severity: 'FATAL', sqlState: '28000', message: 'no' });
      });
    };
    reactions.password = (password) => {
      this.#do('password', () => {
        const inner = utf8(hex(md5(utf8('secretu'))));
        const expected = method === 'md5' ? `md5${hex(md5(concat(inner, MD5_SALT)))}` : 'secret';
        if (password === expected) admit();
        else machine.sendErrorResponse({ severity: 'FATAL', sqlState: '28P01', message: 'no' });
      });
    };
    reactions.saslInitialResponse = ({ mechanism, data }) => {
      this.#do('saslInitialResponse', () => {
        const saltedPassword = pbkdf2Sha256(utf8('secret'), SALT, 4);
        const verifier = ScramVerifier.fromSaltedPassword({ saltedPassword, salt: SALT, iterations: 4 });
        this.#scram = new ScramServer({ mechanism, verifier, nonce: NONCE });
        machine.sendAuthenticationSASLContinue(this.#scram.receiveClientFirst(data));
      });
    };
    reactions.saslResponse = (data) => {
      this.#do('saslResponse', () => {
        const final = this.#scram?.receiveClientFinal(data);
        if (final === undefined) {
          machine.sendErrorResponse({ severity: 'FATAL', sqlState: '28P01', message: 'no' });
          return;
        }
        machine.sendAuthenticationSASLFinal(final);
        admit();
      });
    };
  }

  #query(sql: string): void {
    for (const statement of sql.split(';')) {
      if (!this.#run(statement, 0, true)) return;
    }
    this.machine.sendReadyForQuery('I');
  }

  /** Returns whether the next statement may follow. */
  #run(sql: string, maxRows: number, isSimple: boolean): boolean {
    const { machine } = this;
    this.#copy = { sql, isSimple, messages: 0 };
    if (sql === '') machine.sendEmptyQueryResponse();
    else if (sql === 'rows' || sql === 'broken') this.#rows(sql, maxRows, isSimple);
    else if (sql === 'fail') this.#fail(isSimple);
    else if (sql === 'out') {
      machine.sendCopyOutResponse(0, [0]);
      for (const text of ['a', '', 'bc']) machine.sendCopyData(utf8(text));
      machine.sendCopyDone();
      machine.sendCommandComplete('COPY 3');
    } else if (sql === 'both') {
      machine.sendCopyBothResponse(0, []);
      machine.sendCopyData(utf8('w1'));
    } else if (sql === 'in' || sql === 'late' || sql === 'view') {
      machine.sendCopyInResponse(0, [0]);
      if (sql === 'view') this.#failCopy();
      else while (this.#tasks[0]?.event === 'sync') this.#tasks.shift();
    } else machine.sendCommandComplete(sql.toUpperCase());
    return !['broken', 'fail', 'both', 'in', 'late', 'view'].includes(sql);
  }

  #rows(sql: string, maxRows: number, isSimple: boolean): void {
    const { machine } = this;
    if (isSimple) machine.sendRowDescription(COLUMN);
    const count = isSimple ? 3 : maxRows === 0 ? this.#left : Math.min(maxRows, this.#left);
    for (let i = 0; i < count; i++) machine.sendDataRow([i === 1 ? null : utf8(`row ${i}`)]);
    this.#left -= count;
    machine.sendNoticeResponse({ severity: 'NOTICE', sqlState: '00000', message: 'half way' });
    if (sql === 'broken') this.#fail(isSimple);
    else if (maxRows > 0 && this.#left > 0) machine.sendPortalSuspended();
    else machine.sendCommandComplete(`SELECT ${count}`);
  }

  #receive(messages: number): void {
    if (!this.machine.state.startsWith('copying') && this.machine.state !== 'endingCopyIn') return; // it has failed
    this.#copy.messages += messages;
    if (this.#copy.sql === 'late') this.#failCopy();
  }

  #endCopy(): void {
    const { machine } = this;
    const { sql, isSimple, messages } = this.#copy;
    if (sql === 'both') {
      machine.sendCopyData(utf8('w2'));
      machine.sendCopyDone();
    }
    machine.sendCommandComplete(sql === 'both' ? 'START_REPLICATION' : `COPY ${messages}`);
    if (isSimple) machine.sendReadyForQuery('I');
  }

  #failCopy(): void {
    this.#fail(this.#copy.isSimple);
  }

  #fail(isSimple = false): void {
    const { machine } = this;
    machine.sendErrorResponse(ERROR);
    const isBehind = isSimple ? (task: Task) => task.event.startsWith('copy') : (task: Task) => task.event !== 'sync';
    while (this.#tasks[0] !== undefined && isBehind(this.#tasks[0])) this.#tasks.shift();
    if (isSimple) machine.sendReadyForQuery('I');
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
