import { expect, test } from 'vitest';
import { documentedTables, protocolTables } from '../src/protocol-tables.mjs';

test('docs/architecture.md shows the states of the protocol machines as their sources have them', async () => {
  const documented = documentedTables();
  expect(documented, 'the markers are missing').toBeDefined();
  expect(documented?.split('\n').slice(1, -1).join('\n').trim(), 'run `pnpm protocol-tables`').toBe(
    await protocolTables(),
  );
});
