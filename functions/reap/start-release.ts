import { createHash } from 'node:crypto';
import { awsClientConfig } from '#shared/aws.ts';
import { RelayError } from '#shared/errors.ts';

/** As long as a release takes at most before it is worth starting another one. */
const PATIENCE_MS = 3_600_000;

/** Starts a release of an abandoned checkout, once an hour at most: its name says which hour it is. */
export const createStartRelease =
  (stateMachineArn: string, now: () => number) =>
  async (checkout: string, run: string): Promise<void> => {
    const { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } = await import('@aws-sdk/client-sfn');
    const id = run.slice(checkout.length + 1);
    const hash = createHash('sha256').update(run).digest('hex').slice(0, 32);
    const command = new StartExecutionCommand({
      stateMachineArn,
      name: `reap.${hash}.${Math.floor(now() / PATIENCE_MS)}`,
      input: JSON.stringify({ type: 'checkout.abandoned', checkout, id }),
    });
    const notStarted = (cause?: unknown) =>
      new RelayError('StoreUnavailable', `Step Functions did not start the release of ${run}.`, { cause });
    let executionArn: string | undefined;
    try {
      ({ executionArn } = await new SFNClient(awsClientConfig()).send(command));
    } catch (cause) {
      if (cause instanceof ExecutionAlreadyExists) return;
      throw notStarted(cause);
    }
    // Whatever says success without it was not Step Functions.
    if (executionArn === undefined) throw notStarted();
  };
