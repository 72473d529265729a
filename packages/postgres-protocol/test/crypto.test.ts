import { hex, seededRandom } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { hmacSha256, md5, pbkdf2Sha256, saslPrep, sha256 } from '../src/crypto.js';
import { decodeBase64, encodeBase64 } from '../src/crypto/base64.js';

const utf8 = (text: string) => new TextEncoder().encode(text);
const digits = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

describe('md5', () => {
  // RFC 1321, A.5
  test.each([
    ['', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['a', '0cc175b9c0f1b6a831c399e269772661'],
    ['abc', '900150983cd24fb0d6963f7d28e17f72'],
    ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
    ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
    ['1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
  ])('of %j is as in RFC 1321', (text, expected) => {
    expect(digits(md5(utf8(text)))).toBe(expected);
  });
});

describe('sha256', () => {
  // FIPS 180-2, appendix B
  test.each([
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ])('of a message of FIPS 180 is as printed there', (text, expected) => {
    expect(digits(sha256(utf8(text)))).toBe(expected);
  });

  test('leaves its input as it was', () => {
    const bytes = seededRandom(3).bytes(100);
    const copy = bytes.slice();
    sha256(bytes);
    expect(bytes).toEqual(copy);
  });
});

describe('hmacSha256', () => {
  // RFC 4231, section 4
  test.each([
    ['0b'.repeat(20), '4869205468657265', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      '4a656665',
      '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    ['aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
    [
      'aa'.repeat(131),
      digits(utf8('Test Using Larger Than Block-Size Key - Hash Key First')),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])('with the key %s is as in RFC 4231', (key, data, expected) => {
    expect(digits(hmacSha256(hex(key), hex(data)))).toBe(expected);
  });
});

describe('pbkdf2Sha256', () => {
  // RFC 7914, section 11
  test.each([
    [
      'passwd',
      'salt',
      1,
      '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783',
    ],
    [
      'Password',
      'NaCl',
      80000,
      '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d',
    ],
  ])('of %s with %s and %d iterations is as in RFC 7914', (password, salt, iterations, expected) => {
    const derived = pbkdf2Sha256(utf8(password), utf8(salt), iterations, expected.length / 2);
    expect(digits(derived)).toBe(expected);
  });

  test('derives 32 bytes where no length is given', () => {
    expect(pbkdf2Sha256(utf8('p'), utf8('s'), 1)).toHaveLength(32);
  });

  test.each([0, -1, 1.5, NaN, Infinity])('rejects %d iterations', (iterations) => {
    expect(() => pbkdf2Sha256(utf8('p'), utf8('s'), iterations)).toThrow(RangeError);
  });

  test.each([0, -1, 1.5, NaN])('rejects a length of %d', (keyBytes) => {
    expect(() => pbkdf2Sha256(utf8('p'), utf8('s'), 1, keyBytes)).toThrow(RangeError);
  });
});

describe('saslPrep', () => {
  test.each([
    // RFC 4013, section 3
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
  ])('prepares %j as RFC 4013 does', (password, expected) => {
    expect(saslPrep(password)).toBe(expected);
  });

  test.each([
    ['ASCII control', 'a\u0007'],
    ['ASCII control beside other letters', '\u00e9\u0007\u2168'],
    ['private use', '\ue000\u2168'],
    ['not assigned in Unicode 3.2', '\u{1f600}\u2168'],
    ['mixed directions', '\u0627\u2168b'],
    ['right-to-left that ends otherwise', '\u0627\u00bc1'],
    ['nothing left', '\u00ad\u200d'],
    ['a lone surrogate', 'a\ud800\u2168'],
  ])('returns a refused password as it came: %s', (_, password) => {
    expect(saslPrep(password)).toBe(password);
  });

  test('makes a plain space of every other space', () => {
    expect(saslPrep('a\u00a0b\u3000c\u200bd')).toBe('a b c d');
  });
});

describe('base64', () => {
  test('agrees with the host in both directions', () => {
    const random = seededRandom(6);
    for (let length = 0; length < 70; length++) {
      const bytes = random.bytes(length);
      const text = encodeBase64(bytes);
      expect(text).toBe(btoa(String.fromCharCode(...bytes)));
      expect(decodeBase64(text)).toEqual(bytes);
    }
  });

  test.each(['A', 'AA', 'AAA', 'AAA=A', 'A===', '====', 'AA A', 'AA-_', 'AAAA\n', 'AB==', 'AAB='])(
    'refuses %j, which no encoder writes',
    (text) => {
      expect(decodeBase64(text)).toBeUndefined();
    },
  );
});
