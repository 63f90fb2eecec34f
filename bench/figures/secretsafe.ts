import { startOrganization } from '#local/directory/organization.ts';
import { createRuns } from '#local/directory/play.ts';
import { startWorld } from '#local/world.ts';
import type { Measured } from '../figure.ts';
import { SEED } from '../worlds.ts';

const SIZE = { members: 10_000, groups: 500, collections: 200 };
/** Lists of members, groups, collections and policies, and a call for what the server can do. */
const LISTS = 5;
const JOINERS = 100;
const MOVERS = 100;

/** Measures the calls to SecretSafe of a run that changes nothing, and of one in which people join and move. */
export const measureSecretSafe = async (): Promise<Measured> => {
  const organization = await startOrganization(SEED, SIZE);
  const { server } = organization;
  const world = await startWorld({ accounts: 1, seed: SEED, configure: (config) => organization.addRules(config) });
  try {
    await organization.join(world);
    const runs = createRuns(world);
    const names = new Map(server.groups().map(({ id, name }) => [id, name]));
    const groupsOf = (ids: readonly string[]) => ids.flatMap((id) => names.get(id) ?? []);
    const declared = server.members().map(({ email, groupIds }) => ({ email, groups: groupsOf(groupIds) }));
    const callsOf = async (people: typeof declared): Promise<number> => {
      await organization.declare(people);
      const before = server.audit.length;
      await runs.apply();
      return server.audit.length - before;
    };
    // The first run takes over the groups that exist, and what it changes is none of the figures.
    await callsOf(declared);
    const unchanged = await callsOf(declared);
    const [group = '', other = ''] = names.values();
    const changed = await callsOf([
      ...declared.map((person, index) => (index < MOVERS ? { ...person, groups: [group, other] } : person)),
      ...Array.from({ length: JOINERS }, (_, index) => ({ email: `joiner-${index}@example.com`, groups: [group] })),
    ]);
    return {
      figures: [
        {
          name: 'calls to SecretSafe, 10,000 members and 500 declared groups, none changed',
          value: unchanged,
          unit: 'calls',
          target: { atMost: SIZE.groups + LISTS },
          kind: 'count',
        },
        {
          name: 'calls to SecretSafe per change, people who join or move',
          value: (changed - unchanged) / (JOINERS + MOVERS),
          unit: 'calls',
          target: { atMost: 4 },
          kind: 'count',
        },
      ],
      notes: [`${JOINERS} people joined and ${MOVERS} moved, by ${changed} calls in all.`],
    };
  } finally {
    await world.close();
    await organization.close();
  }
};
