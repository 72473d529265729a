import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { hmacSha256, md5, pbkdf2Sha256, saslPrep, sha256 } from '../src/crypto.js';

const digits = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('md5', () => {
  test('agrees with OpenSSL at every length, wherever the bytes lie', () => {
    const random = seededRandom(1);
    for (let length = 0; length <= 300; length++) {
      const bytes = random.bytes(length + 3).subarray(3);
      expect(digits(md5(bytes)), `length ${length}`).toBe(createHash('md5').update(bytes).digest('hex'));
    }
  });
});

describe('sha256', () => {
  test('agrees with OpenSSL at every length, wherever the bytes lie', () => {
    const random = seededRandom(2);
    for (let length = 0; length <= 300; length++) {
      const bytes = random.bytes(length + 3).subarray(3);
      expect(digits(sha256(bytes)), `length ${length}`).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
  });
});

describe('hmacSha256', () => {
  test('agrees with OpenSSL for keys of every length, and for data of every length', () => {
    const random = seededRandom(4);
    for (let length = 0; length <= 300; length++) {
      for (const [keyBytes, dataBytes] of [
        [length, random.int(0, 300)],
        [random.int(0, 300), length],
      ] as const) {
        const [key, data] = [random.bytes(keyBytes), random.bytes(dataBytes)];
        const expected = createHmac('sha256', key).update(data).digest('hex');
        expect(digits(hmacSha256(key, data)), `seed 4, key ${keyBytes}, data ${dataBytes}`).toBe(expected);
      }
    }
  });
});

describe('pbkdf2Sha256', () => {
  test('agrees with OpenSSL for passwords, salts, counts and lengths of many sizes', () => {
    const random = seededRandom(5);
    for (let i = 0; i <= 300; i++) {
      const password = random.bytes(i);
      const salt = random.bytes(random.int(0, 300));
      const iterations = random.int(1, 5);
      const keyBytes = random.int(1, 300);
      const expected = pbkdf2Sync(password, salt, iterations, keyBytes, 'sha256').toString('hex');
      expect(digits(pbkdf2Sha256(password, salt, iterations, keyBytes)), `seed 5, case ${i}`).toBe(expected);
    }
  });
});

describe('saslPrep', () => {
  test('agrees with an independent implementation', () => {
    // Made with Python's stringprep and unicodedata.
    const cases = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/sasl-prep.json'), 'utf8')) as [
      string,
      string,
    ][];
    expect(cases.length).toBeGreaterThan(300);
    for (const [password, expected] of cases) expect(saslPrep(password), JSON.stringify(password)).toBe(expected);
  });
});
