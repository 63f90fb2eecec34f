import * as z from 'zod';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { EntryShape } from '#shared/config/schema/fields.ts';
import {
  checkoutSchema,
  configSchemaAround,
  connectionSchema,
  storeSchema,
  syncSchema,
} from '#shared/config/schema.ts';

/**
 * The whole shape of relay.yaml, made of what all types of connection and store contribute. What one field can say about
 * itself is checked here; what needs two fields to see (a sync that names an unknown connection) is checked by the loader.
 */

/** One of several shapes, told by one field. Throws when there are none: a registry without types is a defect. */
const oneOf = (discriminator: string, shapes: readonly (EntryShape | undefined)[]) => {
  const [first, ...rest] = shapes.filter((shape) => shape !== undefined);
  if (first === undefined) throw new TypeError(`No registered type has a shape to tell by its ${discriminator}.`);
  return z.discriminatedUnion(discriminator, [first, ...rest]);
};

const build = ({ connections, stores }: RegisteredTypes) => {
  const connectionTypes = Object.values(connections);
  const sources = connectionTypes.flatMap((type) => Object.values(type.sources));
  const shapes = {
    connections: connectionTypes.map(({ settings }) => settings),
    stores: Object.values(stores).map(({ settings }) => settings),
    syncs: sources.map(({ sync }) => sync),
    checkouts: sources.map(({ checkout }) => checkout),
  };
  return configSchemaAround({
    connections: oneOf('type', shapes.connections).pipe(connectionSchema),
    stores: oneOf('type', shapes.stores).pipe(storeSchema),
    syncs: oneOf('source', shapes.syncs).pipe(syncSchema),
    checkouts: oneOf('source', shapes.checkouts).pipe(checkoutSchema),
  });
};

type RelaySchema = ReturnType<typeof build>;

const built = new WeakMap<RegisteredTypes, RelaySchema>();

/** The schema for these types, built once. */
export const buildRelaySchema = (types: RegisteredTypes): RelaySchema => {
  const schema = built.get(types) ?? build(types);
  built.set(types, schema);
  return schema;
};
