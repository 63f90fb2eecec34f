import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { type Measured, round } from '../figure.ts';

const CHILD = resolve(import.meta.dirname, '../children/load.ts');
/** With spare memory, V8 delays garbage collection and uses more memory than it needs. */
const SMALL_HEAP = ['--max-semi-space-size=4'];
const SYNCS = 2000;
const HOSTILE_LENGTH = 900_000;

const HEAD = `connections:
  vault:
    type: password-safe
    url: https://pam.example.com/BeyondTrust/api/public/v3
    authentication: { type: oauth, bootstrapSecret: bootstrap/vault }
stores:
  aws: { type: aws-secrets-manager }
syncs:
`;

/** A relay.yaml with many syncs, each in the folder that is given by its index. */
const withSyncs = (folder: (index: number) => string): string =>
  HEAD +
  Array.from(
    { length: SYNCS },
    (_, index) => `  sync-${index}:
    connection: vault
    stores: [aws]
    select: { systems: [db-${index}-*], accounts: [svc*] }
    name: ${folder(index)}/{systemName}/{accountName}
    value: { password: '{credential}' }
    schedule: { expression: cron(0 3 * * ? *), timeZone: Europe/Vienna }
`,
  ).join('');

const repeated = (line: string): string => line.repeat(Math.floor(HOSTILE_LENGTH / line.length));

const HOSTILE: Readonly<Record<string, string>> = {
  tags: repeated('- !a b\n'),
  'duplicate keys': repeated('a: b\n'),
  'brackets in brackets': repeated('['),
  'lists in one line': `a: [${repeated('{},')}]`,
  aliases: `a: &a b\nb:\n${repeated('- *a\n')}`,
};

const loadedSchema = z.object({ problems: z.int(), durationMs: z.number(), residentMb: z.number() });
type Loaded = z.infer<typeof loadedSchema>;

const describe = ({ problems, durationMs, residentMb }: Loaded): string =>
  `${round(durationMs / 1000)} s, ${round(residentMb)} MB, ${problems} messages`;

/** Measures time and memory of loading a large relay.yaml, and hostile ones, each in a process of its own. */
export const measureLoadConfig = async (): Promise<Measured> => {
  const directory = await mkdtemp(join(tmpdir(), 'pam-relay-bench-'));
  const load = async (text: string, flags = SMALL_HEAP): Promise<Loaded> => {
    const file = join(directory, 'relay.yaml');
    await writeFile(file, text);
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, CHILD, file]);
    return loadedSchema.parse(JSON.parse(stdout));
  };
  try {
    const valid = await load(withSyncs((index) => `f${index}`));
    const unbounded = await load(
      withSyncs((index) => `f${index}`),
      [],
    );
    const overlapping = await load(withSyncs(() => 'fleet'));
    const hostile: (readonly [name: string, loaded: Loaded])[] = [];
    for (const [name, text] of Object.entries(HOSTILE)) hostile.push([name, await load(text)]);
    return {
      figures: [
        {
          name: `relay.yaml with ${SYNCS} syncs, time to load`,
          value: Math.max(valid.durationMs, overlapping.durationMs) / 1000,
          unit: 's',
          target: { atMost: 2 },
          kind: 'measure',
        },
        {
          name: `relay.yaml with ${SYNCS} syncs, largest resident memory`,
          value: Math.max(valid.residentMb, overlapping.residentMb),
          unit: 'MB',
          target: { atMost: 300 },
          kind: 'measure',
        },
        {
          name: 'hostile relay.yaml, longest time to the refusal',
          value: Math.max(...hostile.map(([, { durationMs }]) => durationMs)) / 1000,
          unit: 's',
          target: { atMost: 2 },
          kind: 'measure',
        },
      ],
      notes: [
        `${SYNCS} syncs in folders of their own: ${describe(valid)}. In one folder: ${describe(overlapping)}. ${SMALL_HEAP.join(' ')}; with V8's defaults: ${describe(unbounded)}.`,
        ...hostile.map(([name, loaded]) => `${HOSTILE_LENGTH} characters of ${name}: ${describe(loaded)}.`),
      ],
    };
  } finally {
    await rm(directory, { recursive: true });
  }
};
