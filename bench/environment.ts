import * as z from 'zod';
import { awsEnvironment } from '#local/aws/environment.ts';
import type { World } from '#local/world.ts';

/** Environment variables of all functions. Nothing is called, so the resources do not have to exist. */
export const ENVIRONMENT = {
  ...awsEnvironment('http://127.0.0.1:1'),
  RELAY_ID: 'bench.000000000000.us-east-1',
  RECORDS_BUCKET: 'bench',
  SYNC_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:bench-sync',
  CHECKOUT_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:bench-checkout',
  RELEASE_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:bench-release',
  PROVISION_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:bench-provision',
  ROTATE_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:bench-rotate',
  DRIFT_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:bench-drift',
  DIRECTORY_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:bench-directory',
  REFUSED_QUEUE_URL: 'http://127.0.0.1:1/000000000000/bench-intake-refused',
  REFUSED_MACHINES_URL: 'http://127.0.0.1:1/000000000000/bench-machines-refused',
  TICKETS_QUEUE_URL: 'http://127.0.0.1:1/000000000000/bench-tickets',
  REFUSED_TICKETS_URL: 'http://127.0.0.1:1/000000000000/bench-tickets-refused',
  COMMENTS_QUEUE_URL: 'http://127.0.0.1:1/000000000000/bench-comments',
  REFUSED_COMMENTS_URL: 'http://127.0.0.1:1/000000000000/bench-comments-refused',
  ALERT_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:bench',
  STORE_KEY_ARN: 'arn:aws:kms:us-east-1:000000000000:key/bench',
};

const functionSchema = z.object({
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }),
});

/** The environment of one function of a world, for a separate process. The AWS side knows it as that function. */
export const environmentOf = ({ aws }: Pick<World, 'aws'>, name: string): Record<string, string> => {
  const full = `${aws.template.stackName}-${name}`;
  const found = aws.template.ofType('AWS::Lambda::Function').find(({ identity }) => identity.name === full);
  const { Variables } = functionSchema.parse(found?.properties).Environment;
  return { ...Variables, ...awsEnvironment(aws.endpoint), AWS_ACCESS_KEY_ID: full };
};
