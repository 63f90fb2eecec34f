import { resolve } from 'node:path';
import type { Registries } from '#infra/registries.ts';

/** The registries, including the minimal vault and the minimal store. */
export const MINIMAL_REGISTRIES: Registries = {
  connections: resolve(import.meta.dirname, 'registry-of-connections.ts'),
  stores: resolve(import.meta.dirname, 'registry-of-stores.ts'),
};
