// For applications
export { hmacSha256 } from './crypto/hmac-sha256.js';
export { md5 } from './crypto/md5.js';
export { pbkdf2Sha256 } from './crypto/pbkdf2-sha256.js';
export { saslPrep } from './crypto/sasl-prep.js';
export { sha256 } from './crypto/sha256.js';
