import { Duration } from 'aws-cdk-lib';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';

const SOON = Duration.minutes(5);

/** Adds the alarm for refused sign-ins. Authenticate is a step of other workflows, not a workflow. */
export const addAuthenticate: AddWorkflow = (_stack, { config, metrics }) => ({
  alarms: Object.keys(config.connections).map((connection) => ({
    kind: 'sign-in-refused',
    says: "The vault refused the relay's sign-in.",
    about: connection,
    metric: metrics.ofConnection(connection, 'SignInRefused', SOON),
  })),
});
