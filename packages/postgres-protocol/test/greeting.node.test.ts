import { describe, expect, test } from 'vitest';
import { newSession } from './open-session.js';

describe('the first bytes of a server', () => {
  test('are kept by copy where a Buffer is lent, whose slice() is a view', () => {
    const { handler, machine } = newSession();
    machine.sendStartup({ user: 'u' });
    const lent = Buffer.from('520000000800000000', 'hex');
    for (const byte of lent) {
      const chunk = Buffer.from([byte]);
      machine.feed(chunk);
      chunk.fill(0xee);
    }
    expect(handler.events).toEqual([['authenticated']]);
  });
});
