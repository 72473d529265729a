import { WriteBuffer } from '@millrace/write-buffer';
import type { BackendConversation } from './backend-conversation.js';
import { NEWEST_MINOR_VERSION } from './backend-startup-messages.js';
import type { AsyncSendName, SentName } from './backend-state.js';
import * as authentication from './messages/authentication.js';
import * as notices from './messages/notices.js';
import type { ServerMessage } from './messages/notices.js';
import * as startup from './messages/startup.js';
import type { TransactionStatus } from './messages/startup.js';

/** Bytes that answer an encryption request: yes to TLS, yes to GSSAPI, no. */
const ANSWERS = { ssl: 0x53, gssEnc: 0x47, no: 0x4e } as const;

/** int32 in protocol 3.0. */
const OLD_SECRET_KEY_BYTES = 4;

/** What a server sends until its session is open, and what it may send at any time. */
export abstract class BackendStartup {
  /**
   * Bytes for the client. The owner takes them (`output.take()`) and writes nothing to it.
   */
  readonly output: WriteBuffer = new WriteBuffer();
  protected abstract readonly _conversation: BackendConversation;

  /**
   * Answers `sslRequest` or `gssEncRequest` with a byte. If it is accepted, the transport is encrypted next, and what the
   * client says within comes to `feed`.
   *
   * @throws {RemoteProtocolError} If the client did not wait for the answer: what it sent was not encrypted, and may be
   * somebody else's. Nothing is written; the machine is dead.
   */
  sendEncryptionAnswer(isAccepted: boolean): void {
    const yes = this._conversation.state.startsWith('ssl') ? ANSWERS.ssl : ANSWERS.gssEnc;
    this._send('sendEncryptionAnswer', isAccepted ? 'EncryptionAccepted' : 'EncryptionDeclined', () => {
      this.output.writeUint8(isAccepted ? yes : ANSWERS.no);
    });
  }

  /**
   * Tells the client what it asked for in vain, before anything else: a newer protocol, or options of the protocol.
   *
   * @param version - The newest that the owner speaks.
   * @param unsupportedOptions - Those of the client's `_pq_.` parameters that mean nothing to the owner.
   * @throws {RangeError} For a version above the one that the client asked for, or an option that it did not; and where
   * it asked for nothing in vain.
   */
  sendNegotiateProtocolVersion(version: '3.0' | '3.2', unsupportedOptions: readonly string[] = []): void {
    const conversation = this._conversation;
    const minor = version === '3.2' ? 2 : 0;
    this._send('sendNegotiateProtocolVersion', 'NegotiateProtocolVersion', () => {
      if (minor > conversation.minorVersion) {
        throw new RangeError(`the client asked for protocol 3.${conversation.minorVersion}, ${version} is newer`);
      }
      const stranger = unsupportedOptions.find((option) => !conversation.protocolOptions.includes(option));
      if (stranger !== undefined) throw new RangeError(`the client did not ask for ${JSON.stringify(stranger)}`);
      if (minor === conversation.minorVersion && unsupportedOptions.length === 0) {
        throw new RangeError(`the client asked for protocol ${version} and gets it, there is nothing to tell`);
      }
      startup.encodeNegotiateProtocolVersion(this.output, { major: 3, minor }, unsupportedOptions);
    });
    conversation.minorVersion = minor;
  }

  /** Lets the client in. */
  sendAuthenticationOk(): void {
    this._send('sendAuthenticationOk', 'AuthenticationOk', () => {
      authentication.encodeAuthenticationOk(this.output);
    });
  }

  /** Names a method that no server supports any more, and whose dialogue is no part of the protocol. */
  sendAuthenticationKerberosV5(): void {
    this._send('sendAuthenticationKerberosV5', 'AuthenticationKerberosV5', () => {
      authentication.encodeAuthenticationKerberosV5(this.output);
    });
  }

  /** Answered by `password`. */
  sendAuthenticationCleartextPassword(): void {
    this._send('sendAuthenticationCleartextPassword', 'AuthenticationCleartextPassword', () => {
      authentication.encodeAuthenticationCleartextPassword(this.output);
    });
  }

  /**
   * Answered by `password`, with `md5` and the digest.
   *
   * @param salt - 4 random bytes.
   * @throws {RangeError} For another length.
   */
  sendAuthenticationMD5Password(salt: Uint8Array): void {
    this._send('sendAuthenticationMD5Password', 'AuthenticationMD5Password', () => {
      authentication.encodeAuthenticationMD5Password(this.output, salt);
    });
  }

  /** Answered by `gssResponse`. */
  sendAuthenticationGSS(): void {
    this._send('sendAuthenticationGSS', 'AuthenticationGSS', () => {
      authentication.encodeAuthenticationGSS(this.output);
    });
  }

  /** Answered by `gssResponse`. */
  sendAuthenticationSSPI(): void {
    this._send('sendAuthenticationSSPI', 'AuthenticationSSPI', () => {
      authentication.encodeAuthenticationSSPI(this.output);
    });
  }

  /** A step of GSSAPI or SSPI. Answered by `gssResponse`. */
  sendAuthenticationGSSContinue(data: Uint8Array): void {
    this._send('sendAuthenticationGSSContinue', 'AuthenticationGSSContinue', () => {
      authentication.encodeAuthenticationGSSContinue(this.output, data);
    });
  }

  /**
   * Answered by `saslInitialResponse`.
   *
   * @param mechanisms - At least one, in the order of preference.
   * @throws {RangeError} For an empty name, or none at all.
   */
  sendAuthenticationSASL(mechanisms: readonly string[]): void {
    this._send('sendAuthenticationSASL', 'AuthenticationSASL', () => {
      if (mechanisms.length === 0) throw new RangeError('no mechanism leaves the client without an answer');
      authentication.encodeAuthenticationSASL(this.output, mechanisms);
    });
  }

  /** A step of the mechanism. Answered by `saslResponse`. */
  sendAuthenticationSASLContinue(data: Uint8Array): void {
    this._send('sendAuthenticationSASLContinue', 'AuthenticationSASLContinue', () => {
      authentication.encodeAuthenticationSASLContinue(this.output, data);
    });
  }

  /** What the mechanism has to say last. `sendAuthenticationOk()` follows. */
  sendAuthenticationSASLFinal(data: Uint8Array): void {
    this._send('sendAuthenticationSASLFinal', 'AuthenticationSASLFinal', () => {
      authentication.encodeAuthenticationSASLFinal(this.output, data);
    });
  }

  /**
   * Tells the client how to cancel.
   *
   * @param processId - int32.
   * @param secretKey - 4 bytes in protocol 3.0; 4 to 256 in 3.2.
   * @throws {RangeError} For anything else.
   */
  sendBackendKeyData(processId: number, secretKey: Uint8Array): void {
    const { minorVersion } = this._conversation;
    this._send('sendBackendKeyData', 'BackendKeyData', () => {
      if (minorVersion < NEWEST_MINOR_VERSION && secretKey.length !== OLD_SECRET_KEY_BYTES) {
        throw new RangeError(`in protocol 3.${minorVersion} a secret key has 4 bytes, got ${secretKey.length}`);
      }
      startup.encodeBackendKeyData(this.output, processId, secretKey);
    });
  }

  /** Opens the session, or ends the answer to a Query, FunctionCall or Sync. */
  sendReadyForQuery(status: TransactionStatus): void {
    this._send('sendReadyForQuery', 'ReadyForQuery', () => {
      startup.encodeReadyForQuery(this.output, status);
    });
  }

  /** Says what a setting is, once the client is in, and whenever it changes. */
  sendParameterStatus(name: string, value: string): void {
    this._sendAsync('sendParameterStatus', 'ParameterStatus', () => {
      startup.encodeParameterStatus(this.output, name, value);
    });
  }

  /** From the startup on, at any time. */
  sendNoticeResponse(fields: ServerMessage): void {
    this._sendAsync('sendNoticeResponse', 'NoticeResponse', () => {
      notices.encodeNoticeResponse(this.output, fields);
    });
  }

  /** A NOTIFY, once the client is in. */
  sendNotificationResponse(processId: number, channel: string, payload: string): void {
    this._sendAsync('sendNotificationResponse', 'NotificationResponse', () => {
      notices.encodeNotificationResponse(this.output, processId, channel, payload);
    });
  }

  /**
   * Fails the request that is being answered. In the extended protocol, the requests behind it up to the next Sync are
   * dropped, and what arrives until then is skipped; a Query or FunctionCall is then owed its ReadyForQuery only.
   *
   * Before the session, in `idle` and in `terminating`, and where its severity is FATAL or PANIC, it ends the
   * conversation. It may be sent once after a RemoteProtocolError, too, to tell the client of it.
   */
  sendErrorResponse(fields: ServerMessage): void {
    const severity = fields.severityCode ?? fields.severity;
    const encode = (): void => {
      notices.encodeErrorResponse(this.output, fields);
    };
    this._send('sendErrorResponse', 'ErrorResponse', encode, severity === 'FATAL' || severity === 'PANIC');
  }

  protected _send(call: string, name: SentName, encode: () => void, isFatal?: boolean): void {
    this._conversation.send(call, name, encode, isFatal);
  }

  private _sendAsync(call: string, name: AsyncSendName, encode: () => void): void {
    this._conversation.sendAsync(call, name, encode);
  }
}
