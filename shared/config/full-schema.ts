import * as z from 'zod';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { EntryShape } from '#shared/config/schema/fields.ts';
import { blueprintAround, resourceSchema } from '#shared/config/schema/provisioning.ts';
import {
  checkoutSchema,
  configSchemaAround,
  connectionSchema,
  oldCheckoutsSchema,
  rotationSchema,
  type SyncConfig,
  storeSchema,
  syncSchema,
} from '#shared/config/schema.ts';
import { minStaleHours } from '#shared/config/staleness.ts';

/**
 * The complete shape of relay.yaml, built from all connection and store types. It checks each field on its own. The
 * loader checks relations between fields, such as a sync that names an unknown connection.
 */

/** Union of shapes, discriminated by one field. Throws if there are none: a registry without types is a defect. */
const oneOf = (discriminator: string, shapes: readonly (EntryShape | undefined)[]) => {
  const [first, ...rest] = shapes.filter((shape) => shape !== undefined);
  if (first === undefined) throw new TypeError(`No registered type has a shape with the field ${discriminator}.`);
  return z.discriminatedUnion(discriminator, [first, ...rest]);
};

/** Fills in the default that depends on the schedule. */
const withStaleness = (sync: SyncConfig): SyncConfig => {
  const staleAfterHours = sync.staleAfterHours ?? minStaleHours(sync.schedule);
  return staleAfterHours === undefined ? sync : { ...sync, staleAfterHours };
};

const build = ({ connections, stores, resources }: RegisteredTypes) => {
  const connectionTypes = Object.values(connections);
  const sources = connectionTypes.flatMap((type) => Object.values(type.sources));
  const shapes = {
    connections: connectionTypes.map(({ settings }) => settings),
    stores: Object.values(stores).map(({ settings }) => settings),
    syncs: sources.map(({ sync }) => sync),
    checkouts: sources.map(({ checkout }) => checkout),
    rotations: sources.flatMap(({ rotation }) => rotation ?? []),
    oldCheckouts: sources.flatMap(({ oldCheckouts }) => oldCheckouts ?? []),
    resources: Object.values(resources).flatMap((kinds) => Object.values(kinds).map(({ settings }) => settings)),
  };
  return configSchemaAround({
    connections: oneOf('type', shapes.connections).pipe(connectionSchema),
    stores: oneOf('type', shapes.stores).pipe(storeSchema),
    syncs: oneOf('source', shapes.syncs).pipe(syncSchema).transform(withStaleness),
    checkouts: oneOf('source', shapes.checkouts).pipe(checkoutSchema),
    rotations: shapes.rotations.length === 0 ? rotationSchema : oneOf('source', shapes.rotations).pipe(rotationSchema),
    oldCheckouts:
      shapes.oldCheckouts.length === 0
        ? oldCheckoutsSchema
        : oneOf('source', shapes.oldCheckouts).pipe(oldCheckoutsSchema),
    provisioning: blueprintAround(
      shapes.resources.length === 0 ? resourceSchema : oneOf('type', shapes.resources).pipe(resourceSchema),
    ),
  });
};

type RelaySchema = ReturnType<typeof build>;

const built = new WeakMap<RegisteredTypes, RelaySchema>();

/** Returns the schema for these types. Built once. */
export const buildRelaySchema = (types: RegisteredTypes): RelaySchema => {
  const schema = built.get(types) ?? build(types);
  built.set(types, schema);
  return schema;
};
