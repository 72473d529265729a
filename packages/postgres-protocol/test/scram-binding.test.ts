import { describe, expect, test } from 'vitest';
import { chooseChannelBinding, type ChannelBindingChoice } from '../src/scram-binding.js';

const PLAIN = 'SCRAM-SHA-256';
const PLUS = 'SCRAM-SHA-256-PLUS';
const data = Uint8Array.of(1, 2, 3);

const BOTH = [PLUS, PLAIN];

describe('chooseChannelBinding', () => {
  // RFC 5802, section 6, and channel_binding of libpq
  test.each<[string, ChannelBindingChoice, ReturnType<typeof chooseChannelBinding>]>([
    ['PLUS where it is offered', { mechanism: PLUS, offered: BOTH, policy: 'prefer', data }, { data }],
    ['PLUS where it is required', { mechanism: PLUS, offered: [PLUS], policy: 'require', data }, { data }],
    ['a hint where it is not offered', { mechanism: PLAIN, offered: [PLAIN], policy: 'prefer', data }, 'unoffered'],
    ['nothing without TLS', { mechanism: PLAIN, offered: [PLAIN], policy: 'prefer' }, 'unsupported'],
    ['nothing without TLS, whatever the offer', { mechanism: PLAIN, offered: BOTH, policy: 'prefer' }, 'unsupported'],
    ['nothing where it is disabled', { mechanism: PLAIN, offered: BOTH, policy: 'disable', data }, 'unsupported'],
  ])('makes %s', (_, choice, expected) => {
    expect(chooseChannelBinding(choice)).toEqual(expected);
  });

  test.each<[string, ChannelBindingChoice, string]>([
    [
      'a weaker mechanism than both can do',
      { mechanism: PLAIN, offered: BOTH, policy: 'prefer', data },
      `the mechanism must be ${PLUS}`,
    ],
    ['no binding where it is required', { mechanism: PLAIN, offered: [PLAIN], policy: 'require', data }, 'required'],
    ['binding where it is disabled', { mechanism: PLUS, offered: BOTH, policy: 'disable', data }, 'disabled'],
    ['binding to nothing', { mechanism: PLUS, offered: BOTH, policy: 'prefer' }, 'needs the hash'],
    [
      'binding to an empty hash',
      { mechanism: PLUS, offered: BOTH, policy: 'require', data: new Uint8Array(0) },
      'needs the hash',
    ],
    [
      'what was not offered',
      { mechanism: PLUS, offered: [PLAIN, 'OAUTHBEARER'], policy: 'prefer', data },
      `does not offer ${PLUS}, it offers ${PLAIN}, OAUTHBEARER`,
    ],
    ['another mechanism', { mechanism: 'SCRAM-SHA-1', offered: BOTH, policy: 'prefer' }, 'got SCRAM-SHA-1'],
  ])('refuses %s', (_, choice, message) => {
    expect(() => chooseChannelBinding(choice)).toThrow(RangeError);
    expect(() => chooseChannelBinding(choice)).toThrow(message);
  });

  test('keeps its own copy of what is bound', () => {
    const hash = data.slice();
    const binding = chooseChannelBinding({ mechanism: PLUS, offered: BOTH, policy: 'prefer', data: hash });
    hash.fill(0);
    expect(binding).toEqual({ data });
  });
});
