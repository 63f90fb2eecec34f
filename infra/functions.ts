import { RelayFunction, type RelayFunctionProps } from '#infra/constructs/relay-function.ts';
import { type Grantable, resolveGrants } from '#infra/grants.ts';
import type { Step } from '#shared/workflows/step.ts';
import { stepsFor } from '#shared/workflows/steps.ts';

export type FunctionsProps = Grantable & Pick<RelayFunctionProps, 'bundles' | 'logRetentionDays' | 'placement'>;

/** Every function that a configuration has a use for, each as its step declares it. */
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
      const { permissions, variables } = resolveGrants(step.grants(config), props);
      for (const permission of permissions) fn.allow(permission);
      for (const [variable, value] of variables) fn.tell(variable, value);
      return fn;
    });
  }

  /** The function of a step. Throws when the configuration has no use for the step. */
  of({ folder }: Pick<Step, 'folder'>): RelayFunction {
    const found = this.all.find(({ step }) => step.folder === folder);
    if (found === undefined) throw new Error(`This relay has no function of ${folder}.`);
    return found;
  }
}

/** Logical ids hold letters and digits only: `SyncPlan` for `sync/plan`. */
const constructId = ({ folder }: Step): string =>
  folder.replaceAll(/(?:^|[/-])(.)/g, (_, first: string) => first.toUpperCase());
