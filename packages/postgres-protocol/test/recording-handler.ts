import type { FieldDescription, FrontendHandler, FrontendMachine, Row } from '../src/index.js';

export type Event = readonly [name: keyof FrontendHandler, ...details: unknown[]];

/**
 * Notes what a machine says. `rows` and `copyData` of consecutive chunks are joined, because where chunks are cut must not matter;
 * statements are left out. A reaction runs inside its event.
 */
export class RecordingHandler implements FrontendHandler {
  readonly events: Event[] = [];
  readonly reactions: { [name in keyof FrontendHandler]?: ((...details: never[]) => void) | undefined } = {};
  machine: FrontendMachine | undefined;
  /** How many batches of rows or copied data came. */
  batchCount = 0;

  /** The names alone. */
  get names(): string[] {
    return this.events.map(([name]) => name);
  }

  clear(): void {
    this.events.length = 0;
    this.batchCount = 0;
  }

  encryptionAnswer(request: string, isAccepted: boolean): void {
    this.#note('encryptionAnswer', request, isAccepted);
  }
  negotiateProtocolVersion(negotiated: unknown): void {
    this.#note('negotiateProtocolVersion', negotiated);
  }
  needPassword(request: unknown): void {
    this.#note('needPassword', request);
  }
  needSasl(mechanisms: readonly string[]): void {
    this.#note('needSasl', mechanisms);
  }
  needSaltedPassword(request: unknown): void {
    this.#note('needSaltedPassword', request);
  }
  oauthRefused(failure: unknown): void {
    this.#note('oauthRefused', failure);
  }
  authenticated(): void {
    this.#note('authenticated');
  }
  backendKeyData(processId: number, secretKey: Uint8Array): void {
    this.#note('backendKeyData', processId, secretKey);
  }
  parameterStatus(name: string, value: string): void {
    this.#note('parameterStatus', name, value);
  }
  notice(fields: { readonly message: string }): void {
    this.#note('notice', fields.message);
  }
  notification(notification: unknown): void {
    this.#note('notification', notification);
  }
  readyForQuery(status: string): void {
    this.#note('readyForQuery', status);
  }
  parseComplete(): void {
    this.#note('parseComplete');
  }
  bindComplete(): void {
    this.#note('bindComplete');
  }
  closeComplete(): void {
    this.#note('closeComplete');
  }
  parameterDescription(typeOids: readonly number[]): void {
    this.#note('parameterDescription', typeOids);
  }
  rowDescription(fields: readonly FieldDescription[]): void {
    this.events.push(['rowDescription', fields.map((field) => field.name).join()]);
    this.#react('rowDescription', [fields]);
  }
  noData(): void {
    this.#note('noData');
  }
  rows(_: unknown, batch: readonly Row[]): void {
    this.batchCount += 1;
    const last = this.events.at(-1);
    if (last?.[0] === 'rows') (last[1] as Row[]).push(...batch);
    else this.events.push(['rows', [...batch]]);
    this.#react('rows', [batch]);
  }
  rowsRefused(_: unknown, error: Error): void {
    this.#note('rowsRefused', error.name);
  }
  commandComplete(tag: string): void {
    this.#note('commandComplete', tag);
  }
  emptyQueryResponse(): void {
    this.#note('emptyQueryResponse');
  }
  portalSuspended(): void {
    this.#note('portalSuspended');
  }
  functionCallResponse(value: Uint8Array | null): void {
    this.#note('functionCallResponse', value);
  }
  copyInResponse(response: unknown): void {
    this.#note('copyInResponse', response);
  }
  copyOutResponse(response: unknown): void {
    this.#note('copyOutResponse', response);
  }
  copyBothResponse(response: unknown): void {
    this.#note('copyBothResponse', response);
  }
  copyData(batch: readonly Uint8Array[]): void {
    this.batchCount += 1;
    const last = this.events.at(-1);
    if (last?.[0] === 'copyData') (last[1] as Uint8Array[]).push(...batch);
    else this.events.push(['copyData', [...batch]]);
    this.#react('copyData', [batch]);
  }
  copyDone(): void {
    this.#note('copyDone');
  }
  errorResponse(fields: { readonly sqlState: string }): void {
    this.#note('errorResponse', fields.sqlState);
  }

  #note(name: keyof FrontendHandler, ...details: unknown[]): void {
    this.events.push([name, ...details]);
    this.#react(name, details);
  }

  #react(name: keyof FrontendHandler, details: readonly unknown[]): void {
    this.reactions[name]?.(...(details as never[]));
  }
}
