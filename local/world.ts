import type { Document } from 'yaml';
import { ADMIN_BOOTSTRAP, addBlueprint } from './provisioning.ts';
import {
  CA_FILE,
  NAMES,
  type OperatorSecret,
  type RelayWorld,
  type RelayWorldOptions,
  startRelayWorld,
} from './relay-world.ts';
import { addExampleRotation, addRotation, markRotating, ROTATION_BOOTSTRAP } from './rotations/fleet.ts';
import { createFleet, type FleetAccount } from './simulators/password-safe/fleet.ts';
import {
  type PasswordSafeOptions,
  type PasswordSafeSimulator,
  startPasswordSafe,
} from './simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER, PROVISIONER, ROTATOR } from './simulators/password-safe/users.ts';
import { addWebhook, WEBHOOK_KEY, WEBHOOK_SECRET } from './tickets/service-desk.ts';

export { NAMES };

export const EXAMPLE = 'local.yaml';

export interface WorldOptions
  extends RelayWorldOptions,
    Pick<PasswordSafeOptions, 'latencyMs' | 'switches' | 'users' | 'aliases' | 'secrets' | 'ticketSystems'> {
  readonly accounts: number;
  /** The same seed generates the same accounts and credentials. */
  readonly seed: number;
  /** Adds or changes accounts. */
  readonly populate?: (fleet: readonly FleetAccount[]) => readonly FleetAccount[];
  /** Adds the blueprint of `examples/provisioning.yaml`. */
  readonly provisions?: boolean;
  /** Adds the route and the rule of `examples/webhooks.yaml`. */
  readonly takesTickets?: boolean;
  /** Adds the rule of `examples/rotation.yaml`: as it is, or for so many accounts. Default: none. */
  readonly rotates?: number | 'example';
}

/** The whole product on one machine, around a Password Safe. */
export interface World extends RelayWorld<PasswordSafeSimulator> {}

/** Starts a world. The caller must close it. */
export const startWorld = (options: WorldOptions): Promise<World> => {
  const { accounts, seed, populate = (made) => made, rotates = 0, onProgress: say = () => {} } = options;
  const fleet = markRotating(populate(createFleet({ accounts, seed })), rotates === 'example' ? 0 : rotates);
  const users = [
    ...(options.users ?? [DEFAULT_APPLICATION, DEFAULT_APPROVER]),
    ...(options.provisions ? [PROVISIONER] : []),
    ...(rotates !== 0 ? [ROTATOR] : []),
  ];
  return startRelayWorld(
    {
      example: EXAMPLE,
      async start(now) {
        const vault = await startPasswordSafe({ ...options, users, fleet, now });
        say(`Password Safe simulator: ${fleet.length} accounts at ${vault.url}`);
        return vault;
      },
      configure(config, { url }) {
        if (options.provisions) addBlueprint(config, { url, ca: CA_FILE });
        if (options.takesTickets) addWebhook(config);
        if (rotates === 'example') addExampleRotation(config);
        else if (rotates > 0) addRotation(config, fleet);
      },
      // The simulator answers faster than any vault, which the limits of the relay would hide.
      removeLimits: (config) => config.setIn(['connections', NAMES.connection, 'limits', 'perSecond'], 10_000),
      operatorSecrets: (config) => [
        bootstrapIn(config),
        ...(options.provisions ? [ADMIN_BOOTSTRAP] : []),
        ...(options.takesTickets ? [WEBHOOK_SECRET] : []),
        ...(rotates !== 0 ? [ROTATION_BOOTSTRAP] : []),
      ],
      signInSecrets: SIGN_IN_SECRETS,
    },
    options,
  );
};

/** The bootstrap secret of a configuration. */
export const bootstrapIn = (config: Document): OperatorSecret => {
  const authentication = ['connections', NAMES.connection, 'authentication'];
  const { oauth, apiKey, userName } = DEFAULT_APPLICATION;
  const type = config.getIn([...authentication, 'type']);
  return {
    name: String(config.getIn([...authentication, 'bootstrapSecret'])),
    value: JSON.stringify(type === 'oauth' ? oauth : { apiKey: apiKey.key, runAs: userName }),
  };
};

/** Tokens and cookies are canaries themselves. */
const SIGN_IN_SECRETS = [
  ...[DEFAULT_APPLICATION, PROVISIONER, ROTATOR].flatMap(({ oauth, apiKey }) => [oauth.clientSecret, apiKey.key]),
  WEBHOOK_KEY,
];
