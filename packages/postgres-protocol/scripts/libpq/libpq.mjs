// libpq, called from Deno. Each function blocks, as in C.
import { STATUS } from './result-status.mjs';

const { TextEncoder } = globalThis;
const { build, dlopen, UnsafePointer, UnsafePointerView } = globalThis.Deno;

const conn = 'pointer';
const text = 'buffer';
const result = 'pointer';

const SYMBOLS = {
  PQconnectStart: { parameters: [text], result: conn },
  PQconnectPoll: { parameters: [conn], result: 'i32' },
  PQsocket: { parameters: [conn], result: 'i32' },
  PQsocketPoll: { parameters: ['i32', 'i32', 'i32', 'i64'], result: 'i32' },
  PQfinish: { parameters: [conn], result: 'void' },
  PQtrace: { parameters: [conn, 'pointer'], result: 'void' },
  PQsetTraceFlags: { parameters: [conn, 'i32'], result: 'void' },
  PQexec: { parameters: [conn, text], result },
  PQexecParams: { parameters: [conn, text, 'i32', 'buffer', 'buffer', 'buffer', 'buffer', 'i32'], result },
  PQprepare: { parameters: [conn, text, text, 'i32', 'buffer'], result },
  PQexecPrepared: { parameters: [conn, text, 'i32', 'buffer', 'buffer', 'buffer', 'i32'], result },
  PQdescribePrepared: { parameters: [conn, text], result },
  PQdescribePortal: { parameters: [conn, text], result },
  PQclosePrepared: { parameters: [conn, text], result },
  PQclosePortal: { parameters: [conn, text], result },
  PQenterPipelineMode: { parameters: [conn], result: 'i32' },
  PQexitPipelineMode: { parameters: [conn], result: 'i32' },
  PQsendQueryParams: { parameters: [conn, text, 'i32', 'buffer', 'buffer', 'buffer', 'buffer', 'i32'], result: 'i32' },
  PQsendFlushRequest: { parameters: [conn], result: 'i32' },
  PQpipelineSync: { parameters: [conn], result: 'i32' },
  PQflush: { parameters: [conn], result: 'i32' },
  PQgetResult: { parameters: [conn], result },
  PQresultStatus: { parameters: [result], result: 'i32' },
  PQgetvalue: { parameters: [result, 'i32', 'i32'], result: 'pointer' },
  PQclear: { parameters: [result], result: 'void' },
  PQputCopyData: { parameters: [conn, text, 'i32'], result: 'i32' },
  PQputCopyEnd: { parameters: [conn, 'buffer'], result: 'i32' },
  PQgetCopyData: { parameters: [conn, 'buffer', 'i32'], result: 'i32' },
  PQfreemem: { parameters: ['pointer'], result: 'void' },
  PQfn: { parameters: [conn, 'i32', 'buffer', 'buffer', 'i32', 'buffer', 'i32'], result },
  PQcancelCreate: { parameters: [conn], result: conn },
  PQcancelStart: { parameters: [conn], result: 'i32' },
  PQcancelPoll: { parameters: [conn], result: 'i32' },
  PQcancelSocket: { parameters: [conn], result: 'i32' },
  PQcancelFinish: { parameters: [conn], result: 'void' },
};

const POLLING = { failed: 0, reading: 1, ok: 3 };

const cstring = (value) => new TextEncoder().encode(`${value}\0`);

/** A connection that can be traced. */
export class Libpq {
  #pq;
  #c;
  #file;
  #conn;
  #flags;

  /**
   * @param {string} library path of libpq
   * @param {string} conninfo
   * @param {string} traceFile where to print
   * @param {number} flags of PQsetTraceFlags
   */
  constructor(library, conninfo, traceFile, flags) {
    this.#pq = dlopen(library, SYMBOLS).symbols;
    this.#c = dlopen(build.os === 'darwin' ? 'libSystem.dylib' : 'libc.so.6', {
      fopen: { parameters: ['buffer', 'buffer'], result: 'pointer' },
      fclose: { parameters: ['pointer'], result: 'i32' },
    }).symbols;
    this.#file = this.#c.fopen(cstring(traceFile), cstring('w'));
    this.#flags = flags;
    this.#conn = this.#pq.PQconnectStart(cstring(conninfo));
  }

  /** Begins the trace. */
  trace() {
    this.#trace(this.#conn);
  }

  /** @returns {boolean} whether the server let us in */
  connect() {
    return this.#poll(this.#conn, this.#pq.PQconnectPoll, this.#pq.PQsocket);
  }

  /** Says good-bye, and ends the trace. */
  finish() {
    this.#pq.PQfinish(this.#conn);
    this.#c.fclose(this.#file);
  }

  /** @returns {number} the result's status */
  exec(sql) {
    return this.#done(this.#pq.PQexec(this.#conn, cstring(sql)));
  }

  /** @returns {string} the first value of a query's answer */
  ask(sql) {
    const result = this.#pq.PQexec(this.#conn, cstring(sql));
    const value = new UnsafePointerView(this.#pq.PQgetvalue(result, 0, 0)).getCString();
    this.#pq.PQclear(result);
    return value;
  }

  execParams(sql, parameters, resultFormat) {
    return this.#done(this.#pq.PQexecParams(this.#conn, cstring(sql), ...bind(parameters, true), resultFormat));
  }

  prepare(name, sql, ...oids) {
    const types = Uint32Array.from(oids);
    return this.#done(this.#pq.PQprepare(this.#conn, cstring(name), cstring(sql), types.length, types));
  }

  execPrepared(name, parameters, resultFormat) {
    return this.#done(this.#pq.PQexecPrepared(this.#conn, cstring(name), ...bind(parameters, false), resultFormat));
  }

  /** @param {'PQdescribePrepared' | 'PQdescribePortal' | 'PQclosePrepared' | 'PQclosePortal'} call */
  named(call, name) {
    return this.#done(this.#pq[call](this.#conn, cstring(name)));
  }

  sendQueryParams(sql, parameters) {
    this.#pq.PQsendQueryParams(this.#conn, cstring(sql), ...bind(parameters, true), 0);
  }

  /** @param {'PQenterPipelineMode' | 'PQexitPipelineMode' | 'PQsendFlushRequest' | 'PQpipelineSync' | 'PQflush'} name */
  call(name) {
    return this.#pq[name](this.#conn);
  }

  /** Takes results until a synchronisation point is reached, or, outside of pipelines, there is no more. */
  drain() {
    for (let nulls = 0; nulls < 2;) {
      const result = this.#pq.PQgetResult(this.#conn);
      nulls = result === null ? nulls + 1 : 0;
      if (result !== null && this.#done(result) === STATUS.pipelineSync) return;
    }
  }

  putCopyData(data) {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    this.#pq.PQputCopyData(this.#conn, bytes, bytes.length);
  }

  /** @param {string} [error] fails the copy */
  putCopyEnd(error) {
    this.#pq.PQputCopyEnd(this.#conn, error === undefined ? null : cstring(error));
  }

  /** Takes all that is copied out. */
  drainCopyData() {
    const target = new BigUint64Array(1);
    while (this.#pq.PQgetCopyData(this.#conn, target, 0) > 0) this.#pq.PQfreemem(UnsafePointer.create(target[0]));
  }

  /** Calls a function of the server that takes `text` and gives an int4. */
  fn(oid, argument) {
    const bytes = new TextEncoder().encode(argument);
    const parameter = new DataView(new ArrayBuffer(16)); // PQArgBlock: int len; int isint; union { int *ptr; int integer }
    parameter.setInt32(0, bytes.length, true);
    parameter.setBigUint64(8, UnsafePointer.value(UnsafePointer.of(bytes)), true);
    const answer = new Int32Array(1);
    const length = new Int32Array(1);
    return this.#done(this.#pq.PQfn(this.#conn, oid, answer, length, 1, new Uint8Array(parameter.buffer), 1));
  }

  /** Cancels what runs, by a connection of its own, which is printed to the same trace. */
  cancel() {
    const cancel = this.#pq.PQcancelCreate(this.#conn);
    this.#trace(cancel); // a PGcancelConn begins with a PGconn
    this.#pq.PQcancelStart(cancel);
    this.#poll(cancel, this.#pq.PQcancelPoll, this.#pq.PQcancelSocket);
    this.#pq.PQcancelFinish(cancel);
  }

  #trace(conn) {
    this.#pq.PQtrace(conn, this.#file);
    this.#pq.PQsetTraceFlags(conn, this.#flags);
  }

  #poll(conn, poll, socket) {
    for (;;) {
      const status = poll(conn);
      if (status === POLLING.failed || status === POLLING.ok) return status === POLLING.ok;
      const isReading = status === POLLING.reading;
      this.#pq.PQsocketPoll(socket(conn), Number(isReading), Number(!isReading), -1n);
    }
  }

  #done(result) {
    const status = this.#pq.PQresultStatus(result);
    this.#pq.PQclear(result);
    return status;
  }
}

/** The arguments of a call from the number of parameters on: strings as text, bytes as binary. */
function bind(parameters, hasTypes) {
  const values = parameters.map((value) => (typeof value === 'string' ? cstring(value) : value));
  const pointers = values.map((value) => (value === null ? 0n : UnsafePointer.value(UnsafePointer.of(value))));
  const lengths = values.map((value) => value?.length ?? 0);
  const formats = parameters.map((value) => Number(value instanceof Uint8Array));
  const types = hasTypes ? [null] : [];
  kept.push(values);
  return [values.length, ...types, BigUint64Array.from(pointers), Int32Array.from(lengths), Int32Array.from(formats)];
}

/** What libpq was given addresses of. */
const kept = [];
