import { resolve } from 'node:path';
import type { Registries } from '#infra/registries.ts';

/** The registries with the minimal vault and the minimal store in them. */
export const MINIMAL_REGISTRIES: Registries = {
  connections: resolve(import.meta.dirname, 'registry-of-connections.ts'),
  stores: resolve(import.meta.dirname, 'registry-of-stores.ts'),
};
