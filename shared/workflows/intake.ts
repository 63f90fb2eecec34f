import * as z from 'zod';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Grant } from '#shared/workflows/grants.ts';
import type { Step, WorkflowSteps } from '#shared/workflows/step.ts';

/** A message in the event that SQS sends to Lambda (Lambda developer guide, "Using Lambda with Amazon SQS"). */
const recordSchema = z.object({
  messageId: z.string(),
  body: z.string(),
  attributes: z.object({
    ApproximateReceiveCount: z.coerce.number().int(),
    /** Empty if SQS does not state it, so that the other messages of the batch are still handled. */
    SenderId: z.string().default(''),
    /** Epoch milliseconds. */
    SentTimestamp: z.coerce.number().int(),
  }),
});
export type QueueRecord = z.infer<typeof recordSchema>;

/** True if the relay has a queue of messages. */
export const takesMessages = ({
  intake,
  checkouts,
  provisioning,
  rotations,
  directories,
}: Pick<RelayConfig, 'intake' | 'checkouts' | 'provisioning' | 'rotations' | 'directories'>): boolean =>
  intake !== undefined ||
  [checkouts, provisioning, rotations].some((rules) => Object.keys(rules).length > 0) ||
  hearsOfMembers({ directories });

/** True if a rule takes messages about people. */
const hearsOfMembers = ({ directories }: Pick<RelayConfig, 'directories'>): boolean =>
  Object.values(directories).some(({ messages }) => messages !== undefined);

const members = [
  { to: 'runs', may: 'start', of: 'directory' },
  { to: 'records', may: 'read', folder: 'member-events' },
  { to: 'records', may: 'write', folder: 'member-events' },
] as const satisfies readonly Grant[];

const subjects = [
  { to: 'runs', may: 'start', of: 'provision' },
  { to: 'records', may: 'read', folder: 'subjects' },
  { to: 'records', may: 'write', folder: 'subjects' },
  { to: 'records', may: 'write', folder: 'pending' },
] as const satisfies readonly Grant[];

const rotations = [
  { to: 'runs', may: 'start', of: 'rotate' },
  // Holds that a message ends.
  { to: 'records', may: 'read', folder: 'holds' },
  { to: 'records', may: 'write', folder: 'holds' },
  // Messages that stop a rotation.
  { to: 'records', may: 'read', folder: 'stops' },
  { to: 'records', may: 'write', folder: 'stops' },
] as const satisfies readonly Grant[];

export const checkoutGrants = [
  { to: 'runs', may: 'start', of: 'checkout' },
  // Distinguishes a repeated message from two messages with the same id.
  { to: 'runs', may: 'describe', of: 'checkout' },
  { to: 'runs', may: 'start', of: 'release' },
  { to: 'records', may: 'write', folder: 'checkouts' },
  // The first message with an id determines its owner.
  { to: 'records', may: 'read', folder: 'ids' },
  { to: 'records', may: 'write', folder: 'ids' },
] as const satisfies readonly Grant[];

const queue = {
  folder: 'intake/queue',
  input: z.object({ Records: z.array(recordSchema) }),
  /** Messages that the queue delivers again; all others are removed. */
  output: z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })) }),
  seconds: 60,
  memoryMb: 512,
  grants: (config) => [
    { to: 'messages', may: 'handle' },
    { to: 'runs', may: 'start', of: 'sync' },
    { to: 'records', may: 'write', folder: 'named' },
    ...(Object.keys(config.checkouts).length > 0 ? checkoutGrants : []),
    ...(Object.keys(config.provisioning).length > 0 ? subjects : []),
    ...(Object.keys(config.rotations).length > 0 ? rotations : []),
    ...(hearsOfMembers(config) ? members : []),
  ],
} as const satisfies Step;

export const intakeSteps = { queue };

export const intakeWorkflow: WorkflowSteps = { steps: Object.values(intakeSteps), isUsed: takesMessages };

/** True if machines can be subjects of a blueprint. */
export const takesMachines = ({ provisioning }: Pick<RelayConfig, 'provisioning'>): boolean =>
  Object.values(provisioning).some(({ ec2 }) => ec2 !== undefined);

const machines = {
  folder: 'intake/machines',
  input: queue.input,
  output: queue.output,
  seconds: 60,
  memoryMb: 512,
  grants: () => [
    { to: 'machine-events', may: 'handle' },
    { to: 'machines', may: 'describe' },
    { to: 'runs', may: 'start', of: 'provision' },
    { to: 'records', may: 'read', folder: 'subjects' },
    { to: 'records', may: 'write', folder: 'subjects' },
    { to: 'records', may: 'write', folder: 'pending' },
  ],
} as const satisfies Step;

export const machinesSteps = { machines };

export const machinesWorkflow: WorkflowSteps = { steps: Object.values(machinesSteps), isUsed: takesMachines };

export type QueueBatch = z.infer<typeof queue.input>;
export type QueueAnswer = z.infer<typeof queue.output>;
