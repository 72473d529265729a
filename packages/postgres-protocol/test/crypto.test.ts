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
    [
      'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
      'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
    ],
  ])('of a message of FIPS 180 is as printed there', (text, expected) => {
    expect(digits(sha256(utf8(text)))).toBe(expected);
  });

  // NIST CAVP, SHA256ShortMsg.rsp
  test.each([
    ['d3', '28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1'],
    ['11af', '5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98'],
    ['b4190e', 'dff2e73091f6c05e528896c4c831b9448653dc2ff043528f6769437bc7b975c2'],
    ['74ba2521', 'b16aa56be3880d18cd41e68384cf1ec8c17680c45a02b1575dc1518923ae8b0e'],
    [
      '5a86b737eaea8ee976a0a24da63e7ed7eefad18a101c1211e2b3650c5187c2a8a650547208251f6d4237e661c7bf4c77f335390394c37fa1a9f9be836ac28509',
      '42e61e174fbb3897d6dd6cef3dd2802fe67b331953b06114a65c772859dfc1aa',
    ],
  ])('of the message %s is as NIST has it', (message, expected) => {
    expect(digits(sha256(hex(message)))).toBe(expected);
  });

  test('leaves its input as it was', () => {
    const bytes = seededRandom(3).bytes(100);
    const copy = bytes.slice();
    sha256(bytes);
    expect(bytes).toEqual(copy);
  });
});

describe('hmacSha256', () => {
  // RFC 4231, section 4; the fifth case shows 16 bytes of the result.
  test.each([
    ['0b'.repeat(20), '4869205468657265', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      '4a656665',
      '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    ['aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
    [
      '0102030405060708090a0b0c0d0e0f10111213141516171819',
      'cd'.repeat(50),
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    ],
    ['0c'.repeat(20), digits(utf8('Test With Truncation')), 'a3b6167473100ee06e0c796c2955552b'],
    [
      'aa'.repeat(131),
      digits(
        utf8(
          'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
        ),
      ),
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ],
    [
      'aa'.repeat(131),
      digits(utf8('Test Using Larger Than Block-Size Key - Hash Key First')),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])('with the key %s is as in RFC 4231', (key, data, expected) => {
    expect(digits(hmacSha256(hex(key), hex(data))).slice(0, expected.length)).toBe(expected);
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

  test.each([
    ['a control character', '\u0007'],
    ['text from right to left that ends in a digit', '\u06271'],
  ])('returns what RFC 4013 refuses as it came: %s', (_, password) => {
    expect(saslPrep(password)).toBe(password);
  });

  test('lets text from right to left end in a letter', () => {
    expect(saslPrep('\u0627\u2460\u0628')).toBe('\u06271\u0628');
  });

  // RFC 3454, appendices B.1 and C.1.2 to C.9: the first and last of each range
  const TO_NOTHING = [0xad, 0x34f, 0x1806, 0x180b, 0x180d, 0x200c, 0x200d, 0x2060, 0xfe00, 0xfe0f, 0xfeff];
  const TO_SPACE = [0xa0, 0x1680, 0x2000, 0x200a, 0x200b, 0x202f, 0x205f, 0x3000];
  const REFUSED = [
    [0x0, 0x1f, 0x7f, 0x80, 0x9f, 0x6dd, 0x70f, 0x180e, 0x2028, 0x2029, 0x2061, 0x2063, 0x206a, 0x206f],
    [0xfff9, 0xfffc, 0x1d173, 0x1d17a, 0xe000, 0xf8ff, 0xf0000, 0xffffd, 0x100000, 0x10fffd, 0xfdd0, 0xfdef, 0xfffe],
    [0xffff, 0x1fffe, 0x10ffff, 0xd800, 0xdfff, 0xfffd, 0x2ff0, 0x2ffb, 0x340, 0x341, 0x200e, 0x200f, 0x202a, 0x202e],
    [0xe0001, 0xe0020, 0xe007f],
    // A.1
    [0x221, 0x234, 0x24f, 0x2ae, 0x2af, 0x10ffff, 0x1f600, 0xe0002],
  ].flat();
  const KEPT = [0xa1, 0xac, 0x220, 0x222, 0x2027, 0x2030, 0x2070, 0x2ad, 0x2b0, 0x10400, 0x1d100, 0x20000];

  const folded = (code: number) => saslPrep(`\u2168${String.fromCodePoint(code)}`);

  test('makes nothing of what is invisible, and a plain space of every other space', () => {
    for (const code of TO_NOTHING) expect(folded(code), code.toString(16)).toBe('IX');
    for (const code of TO_SPACE) expect(folded(code), code.toString(16)).toBe('IX ');
  });

  test('refuses the ends of each range that is prohibited or not assigned, and not what lies beside', () => {
    for (const code of REFUSED) expect(folded(code), code.toString(16)).toBe(`\u2168${String.fromCodePoint(code)}`);
    for (const code of KEPT) expect(folded(code), code.toString(16)).toMatch(/^IX/);
  });
});

describe('base64', () => {
  test('agrees with the host in both directions', () => {
    const random = seededRandom(6);
    for (let length = 0; length <= 300; length++) {
      const bytes = random.bytes(length);
      const text = encodeBase64(bytes);
      expect(text).toBe(btoa(String.fromCharCode(...bytes)));
      expect(digits(decodeBase64(text) ?? new Uint8Array())).toBe(digits(bytes));
    }
  });

  // RFC 4648, section 10
  test.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('of %j is as in RFC 4648', (text, encoded) => {
    expect(encodeBase64(utf8(text))).toBe(encoded);
    expect(decodeBase64(encoded)).toEqual(utf8(text));
  });

  test.each([
    ...[
      'A',
      'AA',
      'AAA',
      'AAA=A',
      'A===',
      '====',
      'AAAAA===',
      'AA==AAAA',
      'AA A',
      'AA-_',
      'AAAA\n',
      'AAA\u0100',
      ' AAA',
    ],
    ...['AB==', 'AAB=', 'Zh==', 'Zm9=', '=AAA', 'AA=A', '=='],
  ])('refuses %j, which no encoder writes', (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });
});
