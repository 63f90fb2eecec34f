import type { SyncConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';

/** The settings of a sync. Raises `ConfigurationInvalid`, with the names that there are, for one that was not deployed. */
export const syncNamed = (syncs: Readonly<Record<string, SyncConfig>>, name: string): SyncConfig => {
  const sync = Object.hasOwn(syncs, name) ? syncs[name] : undefined;
  if (sync !== undefined) return sync;
  throw new RelayError(
    'ConfigurationInvalid',
    `There is no sync ${JSON.stringify(name)} in the deployed relay.yaml. Start one of: ${Object.keys(syncs).join(', ')}.`,
  );
};
