import { randomUUID } from 'node:crypto';
import { createAuthenticateCheckout } from '#functions/authenticate/authenticate.ts';
import { createCheckInCheckout } from '#functions/checkin/checkin-checkout.ts';
import { createPlanCheckout } from '#functions/plan/plan-checkout.ts';
import { createReportCheckout } from '#functions/report/report-checkout.ts';
import { createRequestCheckout } from '#functions/request/request-checkout.ts';
import { createRetire } from '#functions/retire/retire.ts';
import { createRetrieveCheckout } from '#functions/retrieve/retrieve-checkout.ts';
import { createWatch } from '#functions/watch/watch.ts';
import type { CheckoutStep } from '#infra/constructs/checkout-workflow.ts';
import { checkoutSteps } from '#shared/checkout-workflow.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { CheckoutRecord } from '#shared/records/checkout-record.ts';
import type { Notes } from '#shared/records/notes.ts';
import type { Records } from '#shared/records/records.ts';
import type { Vaults } from '#shared/runtime/vaults.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { Perform } from '#test/support/mortal-steps.ts';

/** What the steps of a process share. */
interface Process {
  readonly relayId: string;
  readonly config: RelayConfig;
  readonly vaults: Vaults;
  readonly storeFor: (owner: string) => SecretStore;
  readonly records: Records;
  readonly notes: Notes;
  readonly notify: () => Promise<void>;
  readonly now: () => number;
}

/** The steps of the checkout workflow and of the release workflow. */
export const mortalCheckoutSteps = (process: Process): Record<CheckoutStep, Perform> => {
  const { config, vaults } = process;
  const shared = {
    ...process,
    checkouts: config.checkouts,
    vaultOf: vaults.ofConnection,
    storeFor: ({ order }: CheckoutRecord) => process.storeFor(order.checkout),
  };
  const authenticate = createAuthenticateCheckout({ ...shared, ensureSignIn: vaults.ensureSignIn });
  const plan = createPlanCheckout(shared);
  const watch = createWatch(shared);
  const request = createRequestCheckout(shared);
  const retrieve = createRetrieveCheckout({ ...shared, newVersionId: randomUUID });
  const checkin = createCheckInCheckout({ ...shared, onSessionLeft: () => {} });
  const retire = createRetire(shared);
  const report = createReportCheckout({ ...shared, measure: async () => {} });
  return {
    authenticate: (payload) => authenticate(checkoutSteps.authenticate.input.parse(payload)),
    plan: (payload) => plan(checkoutSteps.plan.input.parse(payload)),
    watch: (payload) => watch(checkoutSteps.watch.input.parse(payload)),
    request: (payload) => request(checkoutSteps.request.input.parse(payload)),
    retrieve: (payload) => retrieve(checkoutSteps.retrieve.input.parse(payload)),
    checkin: (payload) => checkin(checkoutSteps.checkin.input.parse(payload)),
    retire: (payload) => retire(checkoutSteps.retire.input.parse(payload)),
    report: (payload) => report(checkoutSteps.report.input.parse(payload)),
  };
};
