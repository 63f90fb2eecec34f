import type { CheckoutConfig, ConnectionConfig, RelayConfig, SyncConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';
import type { Workflow } from '#shared/workflows/run.ts';

/** Type of a rule's settings, by workflow. */
interface Rules {
  readonly sync: SyncConfig;
  readonly checkout: CheckoutConfig;
}

/** Returns the rule of a run. Raises `ConfigurationInvalid` with the existing names if it was not deployed. Pure. */
export const ruleOf = <W extends Workflow>(
  { syncs, checkouts }: Pick<RelayConfig, 'syncs' | 'checkouts'>,
  workflow: W,
  name: string,
): Rules[W] => {
  const sections: { readonly [Each in Workflow]: Readonly<Record<string, Rules[Each]>> } = {
    sync: syncs,
    checkout: checkouts,
  };
  const rules = sections[workflow];
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule !== undefined) return rule;
  throw new RelayError(
    'ConfigurationInvalid',
    `There is no ${workflow} ${JSON.stringify(name)} in the deployed relay.yaml. Use one of: ${Object.keys(rules).join(', ')}.`,
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
