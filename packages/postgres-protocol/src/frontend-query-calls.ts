import { LocalProtocolError } from './errors.js';
import { GROUPED, REQUESTS, type RequestSend } from './frontend-sends.js';
import { StartupCalls } from './frontend-startup-calls.js';
import type { Expectation } from './frontend-state.js';
import * as extended from './messages/extended-query.js';
import type { NamedObject } from './messages/extended-query.js';
import { encodeFunctionCall, type FunctionCall } from './messages/function-call.js';
import { encodeQuery } from './messages/simple-query.js';
import { encodeTerminate } from './messages/startup.js';
import { encodeStatementBind } from './statement-bind.js';
import type { Statement } from './statement.js';

/** The calls that may be pipelined: each notes what it expects for an answer. */
export abstract class QueryCalls extends StartupCalls {
  /**
   * Sends a simple query: any number of statements in one text. Answered per statement by `rowDescription` and `rows`,
   * `commandComplete` or `emptyQueryResponse`; at the end by one `readyForQuery`.
   *
   * @throws {RangeError} For U+0000 in the text.
   * @throws {LocalProtocolError} Outside the session, or while a group of extended messages waits for its `sendSync()`.
   * In each case nothing is written.
   */
  sendQuery(sql: string): void {
    this._sendAlone('sendQuery', 'querying', () => {
      encodeQuery(this.output, sql);
    });
  }

  /**
   * Prepares a statement. Answered by `parseComplete`.
   *
   * @param name - Empty for the unnamed statement, which the next Parse of it replaces.
   * @param parameterOids - Types of the first parameters; 0 and what is left out is inferred by the server.
   * @throws {RangeError} For U+0000 in a text, more than 65535 parameters, or an oid that is no uint32.
   * @throws {LocalProtocolError} Outside the session. In each case nothing is written.
   */
  sendParse(name: string, sql: string, parameterOids: readonly number[] = []): void {
    this._send('sendParse', 'parsing', () => {
      extended.encodeParse(this.output, name, sql, parameterOids);
    });
  }

  /**
   * Asks for a description. Answered by `parameterDescription` (of a statement only), then `rowDescription` or `noData`.
   *
   * @throws {RangeError} For U+0000 in the name.
   * @throws {LocalProtocolError} Outside the session. In each case nothing is written.
   */
  sendDescribe(what: NamedObject, name: string): void {
    this._send('sendDescribe', what === 'statement' ? 'describingStatement' : 'describingColumns', () => {
      extended.encodeDescribe(this.output, what, name);
    });
  }

  /**
   * Binds values to a statement: makes a portal. Answered by `bindComplete`.
   *
   * @param portal - Empty for the unnamed portal.
   * @throws {TypeError | RangeError} For a value that its parameter cannot take, or U+0000 in the name.
   * @throws {LocalProtocolError} Outside the session. In each case nothing is written.
   */
  sendBind(portal: string, statement: Statement, values: readonly unknown[]): void {
    this._send('sendBind', 'binding', () => {
      encodeStatementBind(this.output, portal, statement, values);
    });
  }

  /**
   * Runs a portal. Answered by `rows`, then `commandComplete`, `emptyQueryResponse` or `portalSuspended`.
   *
   * @param statement - The one that the portal was bound with; decodes the rows.
   * @param maxRows - Rows to send before `portalSuspended`, up to 2^31 - 1; 0 means all.
   * @throws {RangeError} For U+0000 in the name, or `maxRows` out of range.
   * @throws {LocalProtocolError} Outside the session. In each case nothing is written.
   */
  sendExecute(portal: string, statement: Statement, maxRows: number): void {
    this._send(
      'sendExecute',
      'executing',
      () => {
        extended.encodeExecute(this.output, portal, maxRows);
      },
      statement,
    );
  }

  /**
   * Closes a statement or a portal; it need not exist. Answered by `closeComplete`.
   *
   * @throws {RangeError} For U+0000 in the name.
   * @throws {LocalProtocolError} Outside the session. In each case nothing is written.
   */
  sendClose(what: NamedObject, name: string): void {
    this._send('sendClose', 'closing', () => {
      extended.encodeClose(this.output, what, name);
    });
  }

  /**
   * Ends a group of extended messages. Answered by `readyForQuery`, also after an error within the group.
   *
   * @throws {LocalProtocolError} Outside the session; nothing is written.
   */
  sendSync(): void {
    this._send('sendSync', 'syncing', () => {
      extended.encodeSync(this.output);
    });
  }

  /**
   * Asks the server to send what it has buffered, without ending the group. Not answered.
   *
   * @throws {LocalProtocolError} Outside the session; nothing is written.
   */
  sendFlush(): void {
    this._send('sendFlush', undefined, () => {
      extended.encodeFlush(this.output);
    });
  }

  /**
   * Calls a function by its oid: an old way, which `select f($1)` replaces. Answered by `functionCallResponse`, then
   * `readyForQuery`.
   *
   * @param call - Arguments and result in the formats that it says; `null` is SQL NULL.
   * @throws {RangeError} For more than 65535 arguments, as many formats as fit nothing, or an oid that is no uint32.
   * @throws {LocalProtocolError} Outside the session, or while a group of extended messages waits for its `sendSync()`.
   * In each case nothing is written.
   * @see {@link https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-FUNCTION-CALL | Function Call}
   */
  sendFunctionCall(call: FunctionCall): void {
    this._sendAlone('sendFunctionCall', 'callingFunction', () => {
      const { functionOid, argumentFormats, arguments: values, resultFormat } = call;
      encodeFunctionCall(this.output, functionOid, argumentFormats, values, resultFormat);
    });
  }

  /**
   * Says good-bye. The server answers what was sent before, and closes; nothing can be sent any more.
   *
   * @throws {LocalProtocolError} Outside the session, where closing the transport is all there is to do; nothing is written.
   */
  sendTerminate(): void {
    this._send('sendTerminate', 'terminating', () => {
      encodeTerminate(this.output);
    });
  }

  /** For what an error in an open group would swallow. perf: the driver's small queries do not look at the table. */
  private _sendAlone(call: RequestSend, expected: Expectation, encode: () => void): void {
    const { state, expectations } = this._conversation;
    this._conversation.checkOpen(call);
    if (REQUESTS[call].needsClosedGroup && GROUPED.includes(expectations.newest)) {
      throw new LocalProtocolError(call, state, 'a group of extended messages is open, sendSync() ends it');
    }
    this._send(call, expected, encode);
  }

  private _send(call: RequestSend, expected: Expectation | undefined, encode: () => void, statement?: Statement): void {
    this._conversation.checkOpen(call);
    this._conversation.write(call, encode);
    if (expected !== undefined) this._conversation.expect(expected, statement);
  }
}
