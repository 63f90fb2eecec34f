import { createProvisioning } from '#local/provisioning.ts';
import { startWorld } from '#local/world.ts';
import type { Figure, Measured } from '../figure.ts';
import { SEED } from '../worlds.ts';

/** Calls for one subject of the example, with the look-ups of names, the sign-in and the sign-out. */
const MAX_FIRST_CALLS = 26;
const MAX_REPEATED_CALLS = 12;

/** Each invocation is a thread of its own on this machine. */
const MAX_CONCURRENT = 64;

interface Costs {
  readonly subjects: number;
  /** Vault calls per subject that is made. */
  readonly first: number;
  /** Vault calls per subject that is found unchanged. */
  readonly repeated: number;
  /** Calls of the repetition that could change an object. */
  readonly changing: number;
  readonly failed: number;
}

/** Provisions subjects, and sends their messages again with a later position. */
const costsOf = async (subjects: number): Promise<Costs> => {
  const world = await startWorld({
    accounts: 1,
    seed: SEED,
    waitScale: 0.3,
    maxConcurrentInvocations: MAX_CONCURRENT,
    provisions: true,
  });
  try {
    const provisioning = createProvisioning(world);
    await provisioning.all('provision', subjects, 1);
    const first = world.vault.audit.length;
    await provisioning.all('provision', subjects, 2);
    const repeated = world.vault.audit.slice(first);
    const changing = repeated.filter(({ kind, method }) => kind === 'provision' && method !== 'GET').length;
    const { failed } = provisioning.counts();
    return { subjects, first: first / subjects, repeated: repeated.length / subjects, changing, failed };
  } finally {
    await world.close();
  }
};

const measure = async (...sizes: readonly number[]): Promise<Measured> => {
  const costs: Costs[] = [];
  for (const subjects of sizes) costs.push(await costsOf(subjects));
  return {
    figures: costs.flatMap(({ subjects, first, repeated, changing, failed }): Figure[] => {
      const of = subjects === 1 ? '1 subject' : `${subjects.toLocaleString('en')} subjects`;
      return [
        { name: `vault calls per new subject, ${of}`, value: first, target: { atMost: MAX_FIRST_CALLS } },
        { name: `vault calls per unchanged subject, ${of}`, value: repeated, target: { atMost: MAX_REPEATED_CALLS } },
        { name: `calls that change something in unchanged subjects, ${of}`, value: changing, target: { atMost: 0 } },
      ]
        .map((figure): Figure => ({ ...figure, unit: 'calls', kind: 'count' }))
        .concat({
          name: `tasks that failed, ${of}`,
          value: failed,
          unit: 'tasks',
          target: { atMost: 0 },
          kind: 'count',
        });
    }),
    notes: ['A subject of the example has 7 resources. The token, the sign-in and the sign-out are part of the calls.'],
  };
};

/** Measures the calls of provisioning the example blueprint, and of looking at what is unchanged. */
export const measureProvisioning = (): Promise<Measured> => measure(1, 100);

/** The same for 1,000 subjects. */
export const measureThousandSubjects = (): Promise<Measured> => measure(1000);
