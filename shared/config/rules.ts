import type { CheckoutConfig, RelayConfig, SyncConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';
import type { Workflow } from '#shared/workflows/run.ts';

/** The settings of a rule, by the workflow that works by it. */
interface Rules {
  readonly sync: SyncConfig;
  readonly checkout: CheckoutConfig;
}

/** What to do instead, with the names that there are behind it. */
const INSTEAD: Readonly<Record<Workflow, string>> = { sync: 'Start one of', checkout: 'Ask under one of' };

/**
 * The rule of a run. Pure. Raises `ConfigurationInvalid`, with the names that there are, for one that was not deployed.
 */
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
    `There is no ${workflow} ${JSON.stringify(name)} in the deployed relay.yaml. ${INSTEAD[workflow]}: ${Object.keys(rules).join(', ')}.`,
  );
};
