// `pnpm protocol-tables`: writes the states of the protocol machines into docs/architecture.md.
import { writeTables } from '../src/protocol-tables.mjs';

await writeTables();
