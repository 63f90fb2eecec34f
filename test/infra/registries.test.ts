import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadRegisteredTypes } from '#infra/registries.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';

const folder = mkdtempSync(join(tmpdir(), 'pam-relay-registries-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a synthesis uses the built-in registries by default', async () => {
  expect(await loadRegisteredTypes()).toBe(REGISTERED_TYPES);
  expect(await loadRegisteredTypes({})).toBe(REGISTERED_TYPES);
});

it('a synthesis uses a replaced registry, and the built-in one for the other', async () => {
  const stores = join(folder, 'stores.ts');
  writeFileSync(
    stores,
    `import { STORE_TYPES as REGISTERED } from ${JSON.stringify(resolve('shared/stores/registry.ts'))};
     export const STORE_TYPES = { ...REGISTERED, heap: async () => ({ rules: 'those of a heap' }) };`,
  );
  const types = await loadRegisteredTypes({ stores });
  expect(Object.keys(types.stores)).toEqual([...Object.keys(REGISTERED_TYPES.stores), 'heap']);
  expect(types.stores['heap']).toEqual({ rules: 'those of a heap' });
  expect(types.stores['aws-secrets-manager']).toBe(REGISTERED_TYPES.stores['aws-secrets-manager']);
  expect(types.connections).toEqual(REGISTERED_TYPES.connections);
});
