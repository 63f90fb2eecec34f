import type { DescribedInstance, DescribeInstances } from '#shared/aws/ec2.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import type { Subject, SubjectOrder } from '#shared/domain/blueprint/subject.ts';
import { RelayError } from '#shared/errors.ts';
import { type BatchDependencies, handleBatch } from '#shared/messages/handle-batch.ts';
import type { relayPlaceOf } from '#shared/names.ts';
import { createStartSubject, type StartSubjectDependencies } from '#shared/provisioning/start-subject.ts';
import { subjectAt } from '#shared/records/subjects.ts';
import type { QueueAnswer, QueueBatch, QueueRecord } from '#shared/workflows/intake.ts';
import { actionOf, positionOf } from './position.ts';
import { type MachineEvent, readEvent } from './read-event.ts';
import { blueprintsNamedBy, blueprintsWithMachines, wantedBy } from './wanted.ts';

export interface MachinesDependencies extends StartSubjectDependencies, BatchDependencies {
  readonly config: Pick<RelayConfig, 'provisioning'>;
  /** Account and region of the stack. */
  readonly here: ReturnType<typeof relayPlaceOf>;
  readonly describeInstances: DescribeInstances;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Describes one machine; undefined if EC2 does not know it. */
type Describe = (instance: string) => Promise<DescribedInstance | undefined>;

const OWNER = { kind: 'ec2' } as const;
const ENDED: ReadonlySet<string> = new Set(['shutting-down', 'terminated']);

/**
 * Handles events about machines: a running machine is provisioned as its tags say, and a terminated one is
 * deprovisioned. EC2 is asked at most once for a batch. Repeatable.
 */
export const createMachines = (dependencies: MachinesDependencies) => {
  const { config, here, describeInstances, sharedRecords, now } = dependencies;
  const start = createStartSubject(dependencies);
  const blueprints = blueprintsWithMachines(config);

  const knownAs = async (rule: string, subject: string): Promise<Subject | undefined> =>
    (await sharedRecords.read(subjectAt.record({ rule, subject })))?.record;

  const at = (): string => new Date(now()).toISOString();

  const provision = async (event: MachineEvent, describe: Describe): Promise<void> => {
    const { instance: subject } = event;
    const machine = await describe(subject);
    if (machine === undefined) throw notShown(subject);
    if (ENDED.has(machine.state)) return;
    const position = positionOf(event);
    for (const { rule, inputs } of wantedBy(event, machine, blueprints)) {
      await startOnce({ rule, subject, owner: OWNER }, { position, action: 'provision', inputs, at: at() });
    }
  };

  /**
   * Starts an order. Tags and addresses can have changed since the first delivery of the event, whose order then
   * stands.
   */
  const startOnce = async (about: Pick<Subject, 'rule' | 'subject' | 'owner'>, order: SubjectOrder): Promise<void> => {
    const standing = async () => {
      const known = await knownAs(about.rule, about.subject);
      return known?.owner.kind === 'ec2' && known.wanted.position === order.position ? known.wanted : undefined;
    };
    try {
      await start(about, (await standing()) ?? order);
    } catch (thrown) {
      // Another invocation can have recorded the same event in between.
      const isConflict = thrown instanceof RelayError && thrown.name === 'MessageInvalid';
      const first = isConflict ? await standing() : undefined;
      if (first === undefined) throw thrown;
      await start(about, first);
    }
  };

  const deprovision = async (event: MachineEvent, isFirstTime: boolean, describe: Describe): Promise<void> => {
    const { instance: subject } = event;
    const rules = await rulesOf(subject);
    for (const rule of rules) {
      const order = { position: positionOf(event), action: 'deprovision' as const, inputs: {}, at: at() };
      await start({ rule, subject, owner: OWNER }, order);
    }
    // Another invocation can be about to record the subject. It ends before the next delivery of this event.
    const machine = isFirstTime ? await describe(subject) : undefined;
    if (machine === undefined) return;
    if (blueprintsNamedBy(machine, blueprints).some((rule) => !rules.includes(rule))) throw notRecorded(subject);
  };

  /** Its tags can have changed, and a terminated machine can have none, so that only the records tell. */
  const rulesOf = async (subject: string): Promise<string[]> => {
    const rules: string[] = [];
    // A blueprint that has lost its ec2 section can still have machines.
    for (const rule of Object.keys(config.provisioning)) {
      if ((await knownAs(rule, subject))?.owner.kind === 'ec2') rules.push(rule);
    }
    return rules;
  };

  return ({ Records: records }: QueueBatch): Promise<QueueAnswer> => {
    const describe = describeTogether(describeInstances, instancesIn(records, here));
    const handle = async ({ body, attributes }: QueueRecord): Promise<void> => {
      const event = readEvent(body, here);
      const action = actionOf(event);
      if (action === 'provision') await provision(event, describe);
      if (action === 'deprovision') await deprovision(event, attributes.ApproximateReceiveCount === 1, describe);
    };
    return handleBatch(records, handle, dependencies);
  };
};

/** Machines of a batch. Events that cannot be read are refused one by one. */
const instancesIn = (records: readonly QueueRecord[], here: MachinesDependencies['here']): readonly string[] => {
  const instances = records.flatMap(({ body }) => {
    try {
      const event = readEvent(body, here);
      return actionOf(event) === undefined ? [] : [event.instance];
    } catch {
      return [];
    }
  });
  return [...new Set(instances)];
};

/** Describes all machines with one call, when the first of them is needed. */
const describeTogether = (describeInstances: DescribeInstances, instances: readonly string[]): Describe => {
  let described: ReturnType<DescribeInstances> | undefined;
  return async (instance) => {
    described ??= describeInstances(instances);
    return (await described).get(instance);
  };
};

const notShown = (instance: string): RelayError =>
  new RelayError('StoreUnavailable', `EC2 does not describe the instance ${instance} yet.`);

const notRecorded = (instance: string): RelayError =>
  new RelayError('StoreUnavailable', `The terminated instance ${instance} is not recorded as a subject yet.`);
