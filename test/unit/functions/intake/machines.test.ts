import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMachines } from '#functions/intake/machines/machines.ts';
import { positionOf } from '#functions/intake/machines/position.ts';
import type { DescribedInstance } from '#shared/aws/ec2.ts';
import type { Subject } from '#shared/domain/blueprint/subject.ts';
import { RelayError } from '#shared/errors.ts';
import { MAX_RECEIVES } from '#shared/messages/messages.ts';
import { provisionRun, subjectAt } from '#shared/records/subjects.ts';
import { aConfig, parseShapeOf } from '#test/support/configs.ts';
import { memorySharedRecords, memorySignals } from '#test/support/fakes.ts';
import { memoryExecutions } from '#test/support/messages.ts';

const OWN = '111122223333';
const OTHER = '444455556666';
const ONE = 'i-00000000000000001';
const TWO = 'i-00000000000000002';
const CANARY = 'canary value';
const T0 = '2026-03-01T08:00:00Z';
const T1 = '2026-03-01T08:00:01Z';

const blueprint = (ec2: object | undefined, inputs: object = {}) => ({
  connection: 'vault',
  inputs,
  resources: {
    machine: { type: 'asset', workgroup: 'Default Workgroup', name: 'machine', address: '192.0.2.1' },
  },
  ...(ec2 && { ec2: { accounts: [OWN], vpcs: ['vpc-1'], inputs: {}, ...ec2 } }),
});
const config = parseShapeOf({
  ...aConfig(),
  provisioning: {
    linux: blueprint(
      { inputs: { ip: 'private-ip', role: { tag: 'role' }, id: 'instance-id' } },
      { ip: { format: 'address' }, role: {}, id: {} },
    ),
    windows: blueprint({ tag: 'windows-blueprint' }),
    elsewhere: blueprint({ accounts: [OTHER] }),
    public: blueprint({ inputs: { ip: 'public-ip' } }, { ip: { format: 'address' } }),
    messages: blueprint(undefined),
  },
});

const machine = (more: Partial<DescribedInstance> = {}, tags: Record<string, string> = {}): DescribedInstance => ({
  state: 'running',
  vpc: 'vpc-1',
  privateIp: '10.0.0.1',
  privateDns: 'ip-10-0-0-1.internal',
  publicIp: undefined,
  ...more,
  tags: new Map(Object.entries({ 'pam-relay:blueprint': 'linux', role: 'web', ...tags })),
});

const eventOf = (state: string, instance = ONE, time = T0, more: object = {}) => ({
  source: 'aws.ec2',
  'detail-type': 'EC2 Instance State-change Notification',
  account: OWN,
  region: 'eu-central-1',
  time,
  detail: { 'instance-id': instance, state },
  ...more,
});

const createScene = (machines: Record<string, DescribedInstance> = { [ONE]: machine(), [TWO]: machine() }) => {
  const scene = {
    fleet: new Map(Object.entries(machines)),
    described: [] as (readonly string[])[],
    records: memorySharedRecords(),
    signals: memorySignals(),
    executions: memoryExecutions(),
    refused: [] as string[],
    failures: [] as string[],
    measured: [] as { handled: number; refused: number }[],
    ec2Error: undefined as RelayError | undefined,
  };
  const step = createMachines({
    config,
    here: { account: OWN, region: 'eu-central-1' },
    describeInstances: async (ids) => {
      scene.described.push(ids);
      if (scene.ec2Error !== undefined) throw scene.ec2Error;
      return new Map([...scene.fleet].filter(([id]) => ids.includes(id)));
    },
    sharedRecords: scene.records,
    signals: scene.signals,
    executionsOf: () => scene.executions,
    refuse: async (_message, { name, message }) => void scene.refused.push(`${name}: ${message}`),
    onFailure: (_message, { message }) => void scene.failures.push(message),
    measure: async (count) => void scene.measured.push(count),
    now: () => Date.parse(T1),
  });
  return Object.assign(scene, {
    /** Handles one batch. Returns the indexes of the events that come again. */
    receive: async (events: readonly unknown[], receiveCount = 1): Promise<number[]> => {
      const { batchItemFailures } = await step({
        Records: events.map((event, index) => ({
          messageId: String(index),
          body: typeof event === 'string' ? event : JSON.stringify(event),
          attributes: { ApproximateReceiveCount: receiveCount, SenderId: '', SentTimestamp: 0 },
        })),
      });
      return batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier));
    },
    subject: async (rule = 'linux', subject = ONE): Promise<Subject | undefined> =>
      (await scene.records.read(subjectAt.record({ rule, subject })))?.record,
    write: async (record: Subject) => void (await scene.records.replace(subjectAt.record(record), record, 'absent')),
  });
};

const position = (time: string, state: string) => positionOf({ at: Date.parse(time), state });

describe('an event about a machine', () => {
  it('that runs records its subject, with inputs from EC2, and starts one execution', async () => {
    const scene = createScene();
    expect(await scene.receive([eventOf('running')])).toEqual([]);
    expect(await scene.subject()).toMatchObject({
      owner: { kind: 'ec2' },
      wanted: { action: 'provision', inputs: { ip: '10.0.0.1', role: 'web', id: ONE } },
    });
    const about = { rule: 'linux', subject: ONE };
    expect([...scene.executions.started]).toEqual([
      [provisionRun(about, position(T0, 'running')), JSON.stringify(about)],
    ]);
    expect([...scene.signals.keys]).toEqual([subjectAt.pending(about)]);
    expect(scene.measured).toEqual([{ handled: 1, refused: 0 }]);
  });

  it('that comes again changes nothing, even if tags and addresses have changed since', async () => {
    const scene = createScene();
    await scene.receive([eventOf('running')]);
    scene.fleet.set(ONE, machine({ privateIp: '10.0.0.9' }, { role: 'db' }));
    expect(await scene.receive([eventOf('running')])).toEqual([]);
    expect(await scene.subject()).toMatchObject({ wanted: { inputs: { ip: '10.0.0.1', role: 'web' } } });
    expect([scene.executions.started.size, scene.refused]).toEqual([1, []]);
  });

  it('that comes twice at the same time is one order, whichever description is recorded first', async () => {
    const scene = createScene();
    const { read } = scene.records;
    let reads = 0;
    // Another invocation records the event after this one has looked.
    scene.records.read = async (place) => {
      if (++reads === 2) {
        await scene.write({
          rule: 'linux',
          subject: ONE,
          owner: { kind: 'ec2' },
          wanted: { position: position(T0, 'running'), action: 'provision', inputs: { role: 'db' }, at: T0 },
          state: 'absent',
          holdings: {},
        });
      }
      return read(place);
    };
    expect(await scene.receive([eventOf('running')])).toEqual([]);
    expect(await scene.subject()).toMatchObject({ wanted: { inputs: { role: 'db' } } });
    expect([scene.executions.started.size, scene.refused]).toEqual([1, []]);
  });

  it('that has ended withdraws its subjects of every blueprint, whatever its tags are by now', async () => {
    const scene = createScene({
      [ONE]: machine({}, { 'windows-blueprint': 'windows' }),
    });
    await scene.receive([eventOf('running')]);
    scene.fleet.clear();
    expect(await scene.receive([eventOf('terminated', ONE, T1)])).toEqual([]);
    for (const rule of ['linux', 'windows']) {
      expect(await scene.subject(rule)).toMatchObject({ wanted: { action: 'deprovision', inputs: {} } });
    }
    expect(scene.executions.started.size).toBe(4);
  });

  it('that has ended comes again until every blueprint that its tags name has recorded it', async () => {
    const scene = createScene({ [ONE]: machine({}, { 'windows-blueprint': 'windows' }) });
    await scene.receive([eventOf('running')]);
    // The other invocation has recorded the first blueprint only.
    scene.records.states.delete(subjectAt.record({ rule: 'windows', subject: ONE }).key);
    expect(await scene.receive([eventOf('terminated', ONE, T1)])).toEqual([0]);
    expect(await scene.subject('linux')).toMatchObject({ wanted: { action: 'deprovision' } });
    await scene.receive([eventOf('running')]);
    expect(await scene.receive([eventOf('terminated', ONE, T1)], 2)).toEqual([]);
    expect(await scene.subject('windows')).toMatchObject({ wanted: { action: 'deprovision' } });
  });

  it.each(['pending', 'stopping', 'stopped', 'shutting-down'])('is ignored in the state %s', async (state) => {
    const scene = createScene();
    expect(await scene.receive([eventOf(state)])).toEqual([]);
    expect([scene.described, scene.records.states.size, scene.refused]).toEqual([[], 0, []]);
  });

  it.each<[string, string, DescribedInstance | undefined]>([
    ['that runs without the tag', 'running', { ...machine(), tags: new Map() }],
    ['that ran, and is ending', 'running', machine({ state: 'shutting-down' })],
    ['that ran, and has ended', 'running', machine({ state: 'terminated' })],
    ['that has ended, and never had the tag', 'terminated', { ...machine({ state: 'terminated' }), tags: new Map() }],
    ['that has ended, and that EC2 has forgotten', 'terminated', undefined],
  ])('is ignored for a machine %s', async (_what, state, described) => {
    const scene = createScene(described && { [ONE]: described });
    if (described === undefined) scene.fleet.clear();
    expect(await scene.receive([eventOf(state)])).toEqual([]);
    expect([scene.records.states.size, scene.refused]).toEqual([0, []]);
  });

  it('that has ended comes again once if its tag names a blueprint, because its subject can be recorded late', async () => {
    const scene = createScene({ [ONE]: machine({ state: 'terminated' }) });
    expect(await scene.receive([eventOf('terminated')])).toEqual([0]);
    expect(await scene.receive([eventOf('terminated')], 2)).toEqual([]);
  });

  it('that has ended leaves a subject of a sender of messages alone, and a later start is refused', async () => {
    const scene = createScene();
    const wanted = { position: 1, action: 'provision', inputs: {}, at: T0 } as const;
    const owner = { kind: 'aws', id: 'AROA1234567890ALICE' } as const;
    await scene.write({ rule: 'linux', subject: ONE, owner, wanted, state: 'provisioned', holdings: {} });
    await scene.receive([eventOf('terminated')], 2);
    expect(await scene.subject()).toMatchObject({ wanted });
    await scene.receive([eventOf('running')]);
    expect(scene.refused).toEqual([expect.stringContaining('subject: belongs to another sender')]);
  });

  it.each<[string, unknown, DescribedInstance | undefined, string]>([
    ['not in JSON', `{${CANARY}`, undefined, 'the whole event: not of an EC2 Instance State-change Notification'],
    ['of another type', eventOf('running', ONE, T0, { source: 'aws.s3' }), undefined, 'source: not of an EC2'],
    ['with a made-up id', eventOf('running', CANARY), undefined, 'detail.instance-id: not of an EC2'],
    [
      'of another account',
      eventOf('running', ONE, T0, { account: OTHER }),
      undefined,
      `account: only machines of the account of the stack, ${OWN}, can be subjects`,
    ],
    [
      'of another region',
      eventOf('running', ONE, T0, { region: 'us-east-1' }),
      undefined,
      'region: only machines of the region of the stack, eu-central-1, can be subjects',
    ],
    [
      'whose tag names nothing',
      eventOf('running'),
      machine({}, { 'pam-relay:blueprint': CANARY }),
      'tag pam-relay:blueprint: names no entry under provisioning in relay.yaml with an ec2 section for this tag; correct the tag of the machine, or remove it',
    ],
    [
      'whose tag names a property of every object',
      eventOf('running'),
      machine({}, { 'pam-relay:blueprint': 'constructor' }),
      'tag pam-relay:blueprint: names no entry',
    ],
    [
      'whose tag names a blueprint without machines',
      eventOf('running'),
      machine({}, { 'pam-relay:blueprint': 'messages' }),
      'tag pam-relay:blueprint: names no entry',
    ],
    [
      'whose tag names a blueprint with another tag',
      eventOf('running'),
      machine({}, { 'pam-relay:blueprint': 'windows' }),
      'tag pam-relay:blueprint: names no entry',
    ],
    [
      'in an account that is not allowed',
      eventOf('running'),
      machine({}, { 'pam-relay:blueprint': 'elsewhere' }),
      `provisioning.elsewhere.ec2.accounts: does not allow the account ${OWN}; add '${OWN}' to it`,
    ],
    [
      'in a VPC that is not allowed',
      eventOf('running'),
      machine({ vpc: 'vpc-2' }),
      `provisioning.linux.ec2.vpcs: does not allow the VPC of the machine ${ONE}; add vpc-2 to it`,
    ],
    [
      'without a VPC',
      eventOf('running'),
      machine({ vpc: undefined }),
      `provisioning.linux.ec2.vpcs: does not allow the VPC of the machine ${ONE}; use a machine in a VPC`,
    ],
    [
      'without an address',
      eventOf('running'),
      machine({}, { 'pam-relay:blueprint': 'public' }),
      `provisioning.public.ec2.inputs.ip: is missing; add it; correct the machine ${ONE}`,
    ],
    [
      'with a tag of a wrong format',
      eventOf('running'),
      machine({}, { role: CANARY }),
      'provisioning.linux.ec2.inputs.role: use 1 to 64 letters',
    ],
  ])('is refused with its reason: %s', async (_what, event, described, reason) => {
    const scene = createScene(described && { [ONE]: described });
    expect(await scene.receive([event])).toEqual([]);
    expect(scene.refused).toEqual([expect.stringContaining(`MessageInvalid: ${reason}`)]);
    expect(JSON.stringify([scene.refused, scene.failures])).not.toContain(CANARY);
    expect(scene.records.states.size).toBe(0);
    expect(scene.measured).toEqual([{ handled: 0, refused: 1 }]);
  });

  it('comes again while EC2 does not show its machine, and is refused in the end', async () => {
    const scene = createScene({});
    expect(await scene.receive([eventOf('running')])).toEqual([0]);
    expect(await scene.receive([eventOf('running')], MAX_RECEIVES)).toEqual([]);
    expect(scene.refused).toEqual([`StoreUnavailable: EC2 does not describe the instance ${ONE} yet.`]);
  });

  it('about an end is carried out while EC2 does not answer, if the subject is known, and comes again', async () => {
    const scene = createScene();
    await scene.receive([eventOf('running')]);
    scene.ec2Error = new RelayError('StoreUnavailable', 'EC2 did not describe instances (Throttling).');
    expect(await scene.receive([eventOf('terminated', ONE, T1), eventOf('running', TWO)])).toEqual([0, 1]);
    expect(await scene.subject()).toMatchObject({ wanted: { action: 'deprovision' } });
    expect(await scene.receive([eventOf('terminated', ONE, T1)], 2)).toEqual([]);
  });
});

describe('a batch of ten events', () => {
  it('asks EC2 once for all machines, and one bad event does not hold up the others', async () => {
    const ids = Array.from({ length: 9 }, (_, index) => `i-0000000000000010${index}`);
    const scene = createScene(Object.fromEntries(ids.map((id) => [id, machine()])));
    expect(await scene.receive(['nonsense', ...ids.map((id) => eventOf('running', id))])).toEqual([]);
    expect(scene.described).toEqual([ids]);
    expect(scene.measured).toEqual([{ handled: 9, refused: 1 }]);
    expect(scene.executions.started.size).toBe(9);
  });
});

describe('events of one machine', () => {
  const seconds = fc.integer({ min: 0, max: 3 });
  const life = fc
    .record({ starts: fc.uniqueArray(seconds, { minLength: 1, maxLength: 3 }), endsAfter: fc.option(seconds) })
    .map(({ starts, endsAfter }) => {
      const end = endsAfter === null ? [] : [{ state: 'terminated', second: Math.max(...starts) + endsAfter }];
      return [...starts.map((second) => ({ state: 'running', second })), ...end];
    });
  /** Indexes of events, and the states that EC2 shows when they are handled. */
  const deliveries = fc.array(fc.record({ index: fc.nat(), isSeenEnded: fc.boolean() }), { maxLength: 6 });

  it('end with the order of the latest event, whatever the order of their arrival, and of what EC2 shows', async () => {
    await fc.assert(
      fc.asyncProperty(life, deliveries, fc.boolean(), async (events, earlier, isSeenEnded) => {
        const scene = createScene();
        const hasEnded = events.some(({ state }) => state === 'terminated');
        const arrivals = [...earlier, ...events.map((_, index) => ({ index, isSeenEnded }))];
        const again: object[] = [];
        for (const delivery of arrivals) {
          const happened = events[delivery.index % events.length];
          if (happened === undefined) continue;
          const state = hasEnded && delivery.isSeenEnded ? 'terminated' : 'running';
          scene.fleet.set(ONE, machine({ state, privateIp: `10.0.0.${scene.described.length}` }));
          const event = eventOf(happened.state, ONE, new Date(happened.second * 1000).toISOString());
          if ((await scene.receive([event])).length > 0) again.push(event);
        }
        expect(await scene.receive(again, 2)).toEqual([]);
        const action = (await scene.subject())?.wanted.action;
        expect(hasEnded ? ['deprovision', undefined] : ['provision']).toContain(action);
        expect(scene.refused).toEqual([]);
      }),
    );
  });
});
