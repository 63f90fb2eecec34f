import { type DeclaredPerson, type Organization, startOrganization } from '#local/directory/organization.ts';
import { startWorld } from '#local/world.ts';
import { type Measured, round } from '../figure.ts';
import { SMALL_HEAP } from '../invoke-cold.ts';
import { createRuns, declaredIn, largeFleet, type MeasuredRun, ORGANIZATION } from '../organization.ts';
import { SEED } from '../worlds.ts';

/** Lists of members, groups and collections, and the seats. */
const LISTS = 4;

/** Changes of each kind: as many as may leave on one day by default. */
const EACH = 10;

type Change = (person: DeclaredPerson) => readonly DeclaredPerson[];

/** Changes of people who are there, by kind. */
const changesIn = ({ server }: Organization): readonly (readonly [kind: string, change: Change])[] => {
  const [first, second] = server.groups();
  const [collection = ''] = Object.keys(first?.access ?? {});
  return [
    ['change of type', (person) => [{ ...person, type: 'admin' }]],
    ['change of groups', (person) => [{ ...person, groups: [first?.name ?? '', second?.name ?? ''] }]],
    ['change of access', (person) => [{ ...person, collections: [{ collection, manage: true }] }]],
    ['leaver', () => []],
  ];
};

/** Changes people of each kind, lets others join, and returns the calls for one change, by kind. */
const measureChanges = async (organization: Organization, run: () => Promise<MeasuredRun>) => {
  const kinds = changesIn(organization);
  // The first member is the only owner.
  const kindAt = (index: number) => (index === 0 ? undefined : kinds[Math.floor((index - 1) / EACH)]);
  const declared = declaredIn(organization);
  const groups = declared[0]?.groups;
  const joiners = Array.from({ length: EACH }, (_, index) => ({ email: `joiner-${index}@example.com`, groups }));
  const kindOf = new Map(organization.server.members().map(({ id }, index) => [id, kindAt(index)?.[0]]));
  await organization.declare([
    ...declared.flatMap((person, index) => kindAt(index)?.[1](person) ?? person),
    ...joiners,
  ]);
  const { plan, apply, applied } = await run();
  const calls = Map.groupBy(
    apply.calls.filter(({ kind }) => kind !== 'specification'),
    ({ id = '' }) => kindOf.get(id) ?? 'joiner',
  );
  const changes = (kinds.length + 1) * EACH;
  const done = Object.values(applied.counts).reduce((sum, count) => sum + count, 0);
  if (applied.failures.length > 0 || done !== changes || calls.size !== kinds.length + 1) {
    throw new Error(`Not all of ${changes} changes were made: ${JSON.stringify(applied)}`);
  }
  return { plan, apply, changes, callsFor: [...calls].map(([kind, of]) => ({ kind, calls: of.length / EACH })) };
};

const describe = ({ cpuMs, durationMs, residentMb }: MeasuredRun['plan']): string =>
  `${round(cpuMs / 1000)} s of CPU time, ${round(durationMs / 1000)} s, ${round(residentMb)} MB`;

/** Measures runs over a large organization: the first one, one without changes, and one with some of each kind. */
export const measureDirectory = async (): Promise<Measured> => {
  const organization = await startOrganization(SEED, largeFleet());
  // The server shows its seats, and does not publish what it can do.
  Object.assign(organization.server.switches, { seats: 2 * ORGANIZATION.members, specification: 'absent' });
  const world = await startWorld({ accounts: 1, seed: SEED, configure: (config) => organization.addRules(config) });
  try {
    await organization.join(world);
    const run = createRuns(world, organization);
    await organization.declare(declaredIn(organization));
    const first = await run('first');
    const second = await run('second');
    const { plan, apply, changes, callsFor } = await measureChanges(organization, () => run('changes'));
    const idle = [first, second].flatMap((one) => [...one.plan.calls, ...one.apply.calls]);
    const calls = { unit: 'calls', kind: 'count' } as const;
    const memory = { unit: 'MB', kind: 'measure' } as const;
    const planCalls = { ...calls, target: { atMost: ORGANIZATION.groups + LISTS } };
    const size = '10,000 members and 500 declared groups';
    return {
      figures: [
        {
          ...planCalls,
          name: `calls to SecretSafe of a first plan, ${size}`,
          value: first.plan.calls.length,
        },
        { ...planCalls, name: `calls to SecretSafe of a later plan, ${size}`, value: second.plan.calls.length },
        {
          ...calls,
          name: 'calls that change something in a first run over marked members and groups, and in one without changes',
          value: idle.filter((call) => call.changes > 0).length,
          target: { atMost: 0 },
        },
        {
          ...calls,
          name: 'calls to SecretSafe for one change, the kind with the most',
          value: Math.max(...callsFor.map((one) => one.calls)),
          target: { atMost: 4 },
        },
        {
          ...memory,
          name: `plan of a directory, ${size}, resident memory`,
          value: plan.residentMb,
          target: { atMost: 240 },
        },
        {
          ...memory,
          name: `apply of ${changes} changes to a directory, resident memory`,
          value: apply.residentMb,
          target: { atMost: 240 },
        },
        {
          name: `plan of a directory, ${size}, CPU time`,
          value: plan.cpuMs / 1000,
          unit: 's',
          target: { atMost: 5 },
          kind: 'measure',
        },
      ],
      notes: [
        `Calls for one change: ${callsFor.map((one) => `${one.kind} ${one.calls}`).join(', ')}.`,
        `Plan: ${describe(plan)}. Apply of ${changes} changes: ${describe(apply)}.`,
        `The bundles in separate processes (${SMALL_HEAP.join(' ')}), without throttling and latency.`,
      ],
    };
  } finally {
    await world.close();
    await organization.close();
  }
};
