// For applications
export { hmacSha256 } from './crypto/hmac-sha256.js';
export { md5 } from './crypto/md5.js';
export { pbkdf2Sha256 } from './crypto/pbkdf2-sha256.js';
export { saslPrep } from './crypto/sasl-prep.js';
export { sha256 } from './crypto/sha256.js';

// For authors of servers and proxies
export {
  decodeOauthBearerResponse,
  encodeOauthBearerFailure,
  isOauthBearerDummyResponse,
  type OauthBearerFailure,
} from './oauth-bearer.js';
export { ScramServer, type ScramServerOptions } from './scram-server.js';
export {
  ScramVerifier,
  type MockScramVerifierOptions,
  type ScramVerifierFields,
  type ScramVerifierOptions,
} from './scram-verifier.js';
