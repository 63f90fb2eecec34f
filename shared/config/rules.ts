import type {
  BlueprintConfig,
  CheckoutConfig,
  ConnectionConfig,
  DirectoryConfig,
  ExportConfig,
  OldCheckoutsConfig,
  RelayConfig,
  RotationConfig,
  SyncConfig,
} from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';

/** Type of a rule's settings, by workflow or section. */
interface Rules {
  readonly sync: SyncConfig;
  readonly checkout: CheckoutConfig;
  readonly provision: BlueprintConfig;
  readonly rotate: RotationConfig;
  readonly oldCheckouts: OldCheckoutsConfig;
  readonly export: ExportConfig;
  readonly directory: DirectoryConfig;
}

/** Words for a rule of each. */
const NAMES: Readonly<Record<keyof Rules, string>> = {
  sync: 'sync',
  checkout: 'checkout',
  provision: 'blueprint',
  rotate: 'rotation',
  oldCheckouts: 'entry under oldCheckouts',
  export: 'export',
  directory: 'entry under directories',
};

/** Returns the rule of a run. Raises `ConfigurationInvalid` with the existing names if it was not deployed. Pure. */
export const ruleOf = <W extends keyof Rules>(
  {
    syncs = {},
    checkouts = {},
    provisioning = {},
    rotations = {},
    oldCheckouts = {},
    exports = {},
    directories = {},
  }: Partial<
    Pick<RelayConfig, 'syncs' | 'checkouts' | 'provisioning' | 'rotations' | 'oldCheckouts' | 'exports' | 'directories'>
  >,
  workflow: W,
  name: string,
): Rules[W] => {
  const sections: { readonly [Each in keyof Rules]: Readonly<Record<string, Rules[Each]>> } = {
    sync: syncs,
    checkout: checkouts,
    provision: provisioning,
    rotate: rotations,
    oldCheckouts,
    export: exports,
    directory: directories,
  };
  const rules = sections[workflow];
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule !== undefined) return rule;
  throw new RelayError(
    'ConfigurationInvalid',
    `There is no ${NAMES[workflow]} ${JSON.stringify(name)} in the deployed relay.yaml. Use one of: ${Object.keys(rules).join(', ')}.`,
  );
};

/** Returns the limits of a connection. Raises `ConfigurationInvalid` if it was not deployed. Pure. */
export const limitsOf = (
  { connections }: Pick<RelayConfig, 'connections'>,
  name: string,
): ConnectionConfig['limits'] => {
  const connection = Object.hasOwn(connections, name) ? connections[name] : undefined;
  if (connection !== undefined) return connection.limits;
  throw new RelayError('ConfigurationInvalid', `There is no connection ${name} in the deployed relay.yaml.`);
};
