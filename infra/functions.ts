import { RelayFunction, type RelayFunctionProps } from '#infra/constructs/relay-function.ts';
import { type Grantable, resolveGrants } from '#infra/grants.ts';
import type { Step } from '#shared/workflows/step.ts';
import { stepsFor } from '#shared/workflows/steps.ts';

export type FunctionsProps = Grantable & Pick<RelayFunctionProps, 'bundles' | 'logRetentionDays' | 'placement'>;

/** The functions that a configuration needs, as their steps declare them. */
export class Functions {
  readonly all: readonly RelayFunction[];

  constructor(props: FunctionsProps) {
    const { stack, config, relayId, key, bundles, logRetentionDays, placement } = props;
    this.all = stepsFor(config).map((step) => {
      const fn = new RelayFunction(stack, constructId(step), {
        step,
        bundles,
        relay: config.relay,
        relayId,
        key,
        logRetentionDays,
        placement,
      });
      const { policies, variables } = resolveGrants(step.grants(config), props);
      for (const permission of policies.inline) fn.allow(permission);
      for (const permissions of policies.managed) fn.attach(permissions);
      for (const [variable, value] of variables) fn.tell(variable, value);
      return fn;
    });
  }

  /** Returns the function of a step. Throws if the configuration does not need the step. */
  of({ folder }: Pick<Step, 'folder'>): RelayFunction {
    const found = this.all.find(({ step }) => step.folder === folder);
    if (found === undefined) throw new Error(`This configuration does not need the function ${folder}.`);
    return found;
  }
}

/** Logical ids consist of letters and digits: `SyncPlan` for `sync/plan`. */
const constructId = ({ folder }: Step): string =>
  folder.replaceAll(/(?:^|[/-])(.)/g, (_, first: string) => first.toUpperCase());
