import * as z from 'zod';
import { REGISTERED_TYPES, type RegisteredTypes } from '#shared/config/registered-types.ts';
import { commonConnection } from '#shared/config/schema/connection.ts';
import { commonSync } from '#shared/config/schema/sync.ts';
import { valueTemplate } from '#shared/config/schema/value.ts';
import type { ConnectionType } from '#shared/connections/connection-type.ts';
import type { StoreType } from '#shared/stores/store.ts';

/** Types that the relay does not have. They show that the loader depends on no type by name. */

const settings = z.strictObject({
  type: z.literal('locker').describe('A locker.'),
  ...commonConnection,
  pinSecret: z.string().describe('Name of the secret with the pin.'),
});

const notOpened = () => {
  throw new Error('Nothing is opened while a configuration is loaded.');
};

/** Has one source, `boxes`, of which there are syncs but no checkouts; items are read under leases of `holdMinutes`. */
const locker: ConnectionType<typeof settings> = {
  settings,
  sources: {
    boxes: {
      sync: z.strictObject({
        source: z.literal('boxes').describe('Boxes.'),
        ...commonSync,
        value: valueTemplate.default('{credential}').describe('What each secret holds.'),
        holdMinutes: z.int().default(15).describe('How long a lease lives.'),
      }),
      rules: ({ holdMinutes }) => ({
        accessKind: 'leases',
        opens: 'credential',
        labels: { boxNumber: {} },
        needs: [{ oneOf: ['boxNumber'], otherwise: 'gives two boxes the same name; add {boxNumber}' }],
        distinguishingPlaceholder: '{boxNumber}',
        hasPassphrase: false,
        patterns: {},
        leaseMinutes: typeof holdMinutes === 'number' ? { setting: 'holdMinutes', minutes: holdMinutes } : undefined,
        rotationWindowMinutes: 0,
      }),
    },
  },
  operatorSecrets: ({ pinSecret }) => [{ path: ['pinSecret'], what: 'pin', secret: pinSecret }],
  sharesToken: () => false,
  open: async () => notOpened(),
};

const shelfSettings = z.strictObject({
  type: z.literal('shelf').describe('A shelf.'),
  board: z.string().describe('Which board.'),
});

/** Each board is a separate place. */
const shelf: StoreType<typeof shelfSettings> = {
  settings: shelfSettings,
  rules: {
    name: {
      store: 'the shelf',
      maxLength: 100,
      allowed: { words: 'small letters and slashes', test: (character) => /[a-z/]/.test(character) },
      encodePart: (text) => text,
      badEnding: (text) => (text.endsWith('/end') ? 'ends as nothing may; end it differently' : undefined),
    },
    valueBytes: 100,
    binary: false,
    readable: false,
    fence: 'none',
    recovery: 'none',
  },
  place: ({ board }) => board,
  connect: notOpened,
  grants: () => [],
};

export const MORE_TYPES: RegisteredTypes = {
  connections: { ...REGISTERED_TYPES.connections, locker },
  stores: { ...REGISTERED_TYPES.stores, shelf },
  resources: REGISTERED_TYPES.resources,
};
