// What may arrive before anything is known about frames: the byte that answers a request for encryption, and the first
// bytes of all, which tell a PostgreSQL server from a stranger.
import { RemoteProtocolError } from './errors.js';
import type { EncryptionRequest } from './frontend-handler.js';
import { ENCRYPTION_ANSWERS, type EncryptionAnswer, type RequestingState, type State } from './frontend-state.js';
import { Greeting, show, type GreetingVerdict } from './greeting.js';
import { guessMessageName } from './server-message-names.js';

/** The first byte of an ErrorResponse, which may come in place of an answer. */
const ERROR_RESPONSE = 0x45;

/** The server has answered a request for encryption. */
export interface EncryptionVerdict extends EncryptionAnswer {
  readonly kind: 'encryption';
  readonly request: EncryptionRequest;
  /** What the chunk holds behind the answer. */
  readonly rest: Uint8Array;
}

/** What the bytes turned out to be. */
export type OpeningVerdict = GreetingVerdict | EncryptionVerdict;

/** Judges what a server sends until its first frame. Used up by the verdict `frames` or `plainError`. */
export class Opening {
  private readonly _greeting = new Greeting();

  /**
   * Judges what has arrived.
   *
   * @param chunk - Borrowed, not empty.
   * @throws {RemoteProtocolError} If it cannot come here. What was sent in the clear must never be taken for a part of
   * what comes encrypted (CVE-2021-23222).
   */
  judge(state: State, chunk: Uint8Array): OpeningVerdict {
    if (state === 'encrypted') {
      throw illegal('nothing may come between the agreement on encryption and the StartupMessage', chunk);
    }
    if (isRequesting(state) && this._greeting.isEmpty && chunk[0] !== ERROR_RESPONSE) return judgeAnswer(state, chunk);
    return this._greeting.feed(chunk);
  }

  /** The peer has ended: an error as text may do without its zero byte. `undefined` if there is none. */
  end(): string | undefined {
    return this._greeting.end();
  }
}

function judgeAnswer(state: RequestingState, chunk: Uint8Array): OpeningVerdict {
  const { request, answers } = ENCRYPTION_ANSWERS[state];
  const byte = String.fromCharCode(chunk[0] ?? 0);
  const answer = Object.hasOwn(answers, byte) ? answers[byte] : undefined;
  if (answer === undefined) {
    const known = Object.keys(answers).join(' or ');
    throw illegal(`the answer to ${request} is ${known}`, chunk);
  }
  if (answer.isAccepted && chunk.length > 1) {
    throw illegal(`nothing may follow the consent to ${request} before it is encrypted`, chunk);
  }
  return { kind: 'encryption', request, rest: chunk.subarray(1), ...answer };
}

function illegal(rule: string, chunk: Uint8Array): RemoteProtocolError {
  return new RemoteProtocolError(`${rule}, the peer sent ${show(chunk)}`, { received: guessMessageName(chunk) });
}

function isRequesting(state: State): state is RequestingState {
  return Object.hasOwn(ENCRYPTION_ANSWERS, state);
}
