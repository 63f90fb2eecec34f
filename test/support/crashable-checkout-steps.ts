import { randomBytes } from 'node:crypto';
import { createCheckInCheckout } from '#functions/checkout/checkin/checkin.ts';
import { createPlanCheckout } from '#functions/checkout/plan/plan.ts';
import { createReportCheckout } from '#functions/checkout/report/report.ts';
import { createRequestCheckout } from '#functions/checkout/request/request.ts';
import { createRetire } from '#functions/checkout/retire/retire.ts';
import { createRetrieveCheckout } from '#functions/checkout/retrieve/retrieve.ts';
import { createWatch } from '#functions/checkout/watch/watch.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Claims } from '#shared/records/ids.ts';
import type { Pages } from '#shared/records/pages.ts';
import type { Records } from '#shared/records/records.ts';
import type { Signals } from '#shared/records/signals.ts';
import { createIsRotating } from '#shared/rotation/is-rotating.ts';
import type { ExecutionsOf } from '#shared/runtime/machines.ts';
import type { Relay } from '#shared/runtime/relay.ts';
import { checkoutSteps, rotatesAfterwards } from '#shared/workflows/checkout.ts';
import type { FolderOf, Perform } from '#test/support/crashable-steps.ts';

/** Dependencies that the steps of one process share. */
interface Process extends Pick<Relay, 'vaultOf' | 'storeFor' | 'storeRules' | 'placeOf'> {
  readonly relayId: string;
  readonly config: RelayConfig;
  readonly records: Records;
  readonly claims: Claims;
  readonly signals: Signals;
  readonly pages: Pages;
  readonly executionsOf: ExecutionsOf;
  readonly notify: () => Promise<void>;
  readonly now: () => number;
}

/** The steps of the checkout workflow and of the release workflow. */
export const crashableCheckoutSteps = (process: Process): Record<FolderOf<typeof checkoutSteps>, Perform> => {
  const isRotating = createIsRotating(process);
  const plan = createPlanCheckout({ ...process, isRotating });
  const watch = createWatch({ ...process, tell: async () => {} });
  const request = createRequestCheckout({ ...process, isRotating });
  const retrieve = createRetrieveCheckout({ ...process, random: () => randomBytes(16).toString('hex') });
  const checkin = createCheckInCheckout({ ...process, onSessionLeft: () => {} });
  const retire = createRetire(process);
  const { config, executionsOf } = process;
  const report = createReportCheckout({
    ...process,
    tell: async () => {},
    measure: async () => {},
    rotations: rotatesAfterwards(config)
      ? { names: new Set(Object.keys(config.rotations)), start: executionsOf('rotate').start }
      : undefined,
  });
  return {
    'checkout/plan': (payload) => plan(checkoutSteps.plan.input.parse(payload)),
    'checkout/watch': (payload) => watch(checkoutSteps.watch.input.parse(payload)),
    'checkout/request': (payload) => request(checkoutSteps.request.input.parse(payload)),
    'checkout/retrieve': (payload) => retrieve(checkoutSteps.retrieve.input.parse(payload)),
    'checkout/checkin': (payload) => checkin(checkoutSteps.checkin.input.parse(payload)),
    'checkout/retire': (payload) => retire(checkoutSteps.retire.input.parse(payload)),
    'checkout/report': (payload) => report(checkoutSteps.report.input.parse(payload)),
  };
};
