import type { WriteBuffer } from '@millrace/write-buffer';
import type { AuthenticationPolicy } from './authentication-policy.js';
import { Authentication } from './authentication.js';
import type { Conversation } from './conversation.js';
import type { StateSend } from './frontend-sends.js';
import { encodeGSSENCRequest, encodeSSLRequest } from './messages/startup.js';
import { ProtocolNegotiation } from './protocol-negotiation.js';
import { encodeStartup, protocolOptions, type StartupOptions } from './startup-options.js';

/** The calls that open a session. */
export abstract class StartupCalls {
  /** Bytes for the server. The owner takes them (`output.take()`) and writes nothing to it. */
  readonly output: WriteBuffer;
  protected readonly _conversation: Conversation;
  private readonly _policy: AuthenticationPolicy;

  protected constructor(conversation: Conversation, policy: AuthenticationPolicy) {
    this.output = conversation.output;
    this._conversation = conversation;
    this._policy = policy;
  }

  /**
   * Asks for TLS on this connection. Answered by `encryptionAnswer`; or by `errorResponse`, which anybody on the way may
   * have written: do not show its text as the server's (CVE-2024-10977).
   *
   * With `sslnegotiation=direct` TLS is there before the first message, and nothing asks for it.
   *
   * @throws {LocalProtocolError} Unless it is the first call, or the other kind was declined; nothing is written.
   * @see {@link https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL | SSL Session Encryption}
   */
  sendSslRequest(): void {
    this._conversation.send('sendSslRequest', () => {
      encodeSSLRequest(this.output);
    });
  }

  /**
   * Asks for GSSAPI encryption on this connection. Answered as `sendSslRequest()` is.
   *
   * @throws {LocalProtocolError} Unless it is the first call, or the other kind was declined; nothing is written.
   * @see {@link https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-GSSAPI | GSSAPI Session Encryption}
   */
  sendGssEncRequest(): void {
    this._conversation.send('sendGssEncRequest', () => {
      encodeGSSENCRequest(this.output);
    });
  }

  /**
   * Begins the session, in the clear or, where the server has agreed, encrypted. The server answers with a request for a
   * password, or with `authenticated()`; before that perhaps with `negotiateProtocolVersion`.
   *
   * @throws {TypeError} For an empty user, or `user`, `database` or `client_encoding` among the parameters.
   * @throws {RangeError} For an unknown version, U+0000 in a text, or more than 10000 bytes in all.
   * @throws {LocalProtocolError} If it was called before, or an answer about encryption is still to come. In each case
   * nothing is written and nothing changes.
   */
  sendStartup(options: StartupOptions): void {
    const conversation = this._conversation;
    conversation.send('sendStartup', () => {
      encodeStartup(this.output, options);
    });
    conversation.negotiation = new ProtocolNegotiation(options.protocolVersion ?? '3.0', protocolOptions(options));
    conversation.authentication = new Authentication(options.user, this._policy);
  }

  /**
   * Answers `needPassword`. Where the server asked for MD5, only a salted digest is sent; else the password itself.
   *
   * @throws {RangeError} For U+0000 in the password.
   * @throws {LocalProtocolError} If the server is not waiting for it. In each case nothing is written.
   */
  sendPassword(password: string): void {
    this._authenticate('sendPassword', (authentication) => {
      authentication.encodePassword(this.output, password);
    });
  }

  /**
   * Answers `needSasl` with SCRAM, and begins the exchange.
   *
   * @param mechanism - `SCRAM-SHA-256` or, to bind the proof to this TLS connection, `SCRAM-SHA-256-PLUS`; one that the
   * server offers.
   * @param nonce - Fresh and random: 16 or more characters of printable ASCII without comma; libpq takes base64 of 18 bytes.
   * @param channelBinding - The data of `tls-server-end-point` (RFC 5929): the hash of the server's certificate. Given
   * wherever there is TLS: without the PLUS it tells the server that its offer was missed. Copied.
   * @throws {RangeError} For another mechanism, one that the server does not offer, or one that is weaker than what both
   * ends can do or the options of the machine demand.
   * @throws {TypeError} For another nonce.
   * @throws {LocalProtocolError} If the server is not waiting for it. In each case nothing is written.
   */
  sendSaslInitialResponse(mechanism: string, nonce: string, channelBinding?: Uint8Array): void {
    this._authenticate('sendSaslInitialResponse', (authentication) => {
      authentication.encodeSaslInitialResponse(this.output, mechanism, nonce, channelBinding);
    });
  }

  /**
   * Answers `needSaltedPassword`. The server must then prove that it knows the password too, before `authenticated()`.
   *
   * @param saltedPassword - 32 bytes: PBKDF2 with HMAC-SHA-256 of `saslPrep(password)` with the salt and iterations of
   * the request. Not kept.
   * @throws {RangeError} For another length.
   * @throws {LocalProtocolError} If the server is not waiting for it. In each case nothing is written.
   */
  sendSaltedPassword(saltedPassword: Uint8Array): void {
    this._authenticate('sendSaltedPassword', (authentication) => {
      authentication.encodeSaltedPassword(this.output, saltedPassword);
    });
  }

  /**
   * Answers `needSasl` with an OAuth 2.0 bearer token. The server lets in, or tells by `oauthRefused` what it wants.
   *
   * @param token - What the issuer gave; `null` only asks the server what it wants. Nothing but TLS keeps it secret.
   * @throws {TypeError} For a token that no issuer can have given; the text does not show it.
   * @throws {RangeError} If the server does not offer OAUTHBEARER, or the options of the machine forbid it.
   * @throws {LocalProtocolError} If the server is not waiting for it. In each case nothing is written.
   * @see {@link https://www.postgresql.org/docs/current/sasl-authentication.html | SASL Authentication}
   */
  sendOauthBearer(token: string | null): void {
    this._authenticate('sendOauthBearer', (authentication) => {
      authentication.encodeOauthBearer(this.output, token);
    });
  }

  private _authenticate(call: StateSend, encode: (authentication: Authentication) => void): void {
    const conversation = this._conversation;
    conversation.send(call, () => {
      // The table of states has these calls only after sendStartup.
      if (conversation.authentication !== undefined) encode(conversation.authentication);
    });
  }
}
