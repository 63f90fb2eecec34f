import { Duration } from 'aws-cdk-lib';
import type { AddWorkflow } from '#infra/workflows/workflow.ts';

const SOON = Duration.minutes(5);

/** A step of other workflows, and none by itself: adds what shows that signing in was refused. */
export const addAuthenticate: AddWorkflow = (_stack, { config, metrics }) => ({
  alarms: Object.keys(config.connections).map((connection) => ({
    kind: 'sign-in-refused',
    says: 'The vault refused to sign the relay in.',
    about: connection,
    metric: metrics.ofConnection(connection, 'SignInRefused', SOON),
  })),
});
