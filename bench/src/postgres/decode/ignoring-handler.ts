import type { FrontendHandler } from '@millrace/postgres-protocol';

const ignore = (): undefined => undefined;

/** Hears everything and does nothing. */
export const ignoringHandler: FrontendHandler = {
  encryptionAnswer: ignore,
  negotiateProtocolVersion: ignore,
  needPassword: ignore,
  needSasl: ignore,
  needSaltedPassword: ignore,
  oauthRefused: ignore,
  authenticated: ignore,
  backendKeyData: ignore,
  parameterStatus: ignore,
  notice: ignore,
  notification: ignore,
  readyForQuery: ignore,
  parseComplete: ignore,
  bindComplete: ignore,
  closeComplete: ignore,
  parameterDescription: ignore,
  rowDescription: ignore,
  noData: ignore,
  rows: ignore,
  rowsRefused: ignore,
  commandComplete: ignore,
  emptyQueryResponse: ignore,
  portalSuspended: ignore,
  functionCallResponse: ignore,
  copyInResponse: ignore,
  copyOutResponse: ignore,
  copyBothResponse: ignore,
  copyData: ignore,
  copyDone: ignore,
  errorResponse: ignore,
};
