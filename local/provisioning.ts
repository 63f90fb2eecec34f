import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Document, parse } from 'yaml';
import { z } from 'zod';
import { administer } from './administer.ts';
import type { Execution } from './aws/step-functions/step-functions.ts';
import { machineArn } from './executions.ts';
import { PROVISIONER } from './simulators/password-safe/users.ts';
import type { World } from './world.ts';

/** Provisioning of a local run: the blueprint of `examples/provisioning.yaml`, by messages. */

export const BLUEPRINT = 'linux-hosts';
const ADMIN = 'vault-admin';

const EXAMPLE = resolve(import.meta.dirname, '../examples/provisioning.yaml');
/** `removal.maxPerDay` of the example. */
const MAX_PER_DAY = 20;

const exampleSchema = z.object({
  connections: z.record(z.string(), z.looseObject({ authentication: z.looseObject({ bootstrapSecret: z.string() }) })),
  provisioning: z.record(z.string(), z.looseObject({})),
});
const example = exampleSchema.parse(parse(readFileSync(EXAMPLE, 'utf8')));

/** Adds the blueprint of the example and its connection, at the address of the vault, to a relay.yaml. */
export const addBlueprint = (config: Document, vault: { readonly url: string; readonly ca: string }): void => {
  config.setIn(['connections', ADMIN], config.createNode({ ...example.connections[ADMIN], ...vault }));
  config.setIn(['provisioning', BLUEPRINT], config.createNode(example.provisioning[BLUEPRINT]));
};

/** The secret with which the relay signs in to administer. */
export const ADMIN_BOOTSTRAP = {
  name: example.connections[ADMIN]?.authentication.bootstrapSecret ?? '',
  value: JSON.stringify(PROVISIONER.oauth),
} as const;

/** Numbers of subjects, of resources that were made, found unchanged and undone, of failed tasks, and of drift. */
export interface ProvisioningFigures {
  readonly subjects: number;
  readonly made: number;
  readonly unchanged: number;
  readonly undone: number;
  readonly failed: number;
  readonly drift: number;
}

const reportedSchema = z.object({ made: z.int(), unchanged: z.int(), undone: z.int() });
const comparedSchema = z.object({ drifted: z.int() });

const inputsOf = (subject: number) => ({
  host: `web-${String(subject).padStart(4, '0')}`,
  address: `10.77.${Math.floor(subject / 250)}.${(subject % 250) + 1}`,
});

/** Sends messages about subjects, and lets their executions come to an end. */
export const createProvisioning = ({ aws, clock }: Pick<World, 'aws' | 'clock'>) => {
  const queue = `${aws.template.stackName}-intake`;
  const machine = machineArn({ aws }, 'provision');
  const send = (type: 'provision' | 'deprovision', subject: number, position: number) =>
    aws.queues.send(
      queue,
      JSON.stringify({
        type: `${type}.requested`,
        provisioning: BLUEPRINT,
        subject: `i-${subject}`,
        position,
        ...(type === 'provision' && { inputs: inputsOf(subject) }),
      }),
    );

  /** Advances the clock past the waits of all executions until all have ended. */
  const settle = async (): Promise<readonly Execution[]> => {
    for (;;) {
      const running = aws.stepFunctions.list(machine).filter(({ status }) => status === 'RUNNING');
      if (running.length === 0) return aws.stepFunctions.list(machine);
      const wakes = await Promise.all(running.map(({ arn }) => aws.stepFunctions.nextWake(arn)));
      const due = wakes.filter((wake) => wake !== undefined);
      if (due.length > 0) clock.advance(Math.max(0, Math.max(...due) - clock.now()));
    }
  };

  return {
    /** Sends a message about each of the subjects 0, 1, … and waits until all are carried out. */
    async all(type: 'provision' | 'deprovision', subjects: number, position: number): Promise<void> {
      for (let subject = 0; subject < subjects; subject++) await send(type, subject, position);
      await aws.eventSources.drained(queue);
      await settle();
    },
    settle,
    /** Sends a message about one subject, and waits until it is carried out. */
    async one(type: 'provision' | 'deprovision', subject: number, position: number): Promise<void> {
      await send(type, subject, position);
      await aws.eventSources.drained(queue);
      await settle();
    },
    /** Fires the sweep, and waits for what it starts. */
    async sweep(): Promise<void> {
      await aws.scheduler.fire('sweep', clock.now());
      await settle();
    },
    /** Fires the comparison. Returns the number of subjects that differ. */
    async compare(): Promise<number> {
      const started = await aws.scheduler.fire(`drift.${BLUEPRINT}`, clock.now());
      if (started.kind !== 'execution') throw new Error('The schedule of the comparison starts no execution.');
      const { ending } = await aws.stepFunctions.settled(started.execution.arn);
      if (ending?.status !== 'SUCCEEDED') throw new Error('The comparison failed.');
      return comparedSchema.parse(JSON.parse(ending.output)).drifted;
    },
    /** Sums over all executions so far. */
    counts(): Pick<ProvisioningFigures, 'made' | 'unchanged' | 'undone' | 'failed'> {
      const total = { made: 0, unchanged: 0, undone: 0, failed: 0 };
      for (const { ending } of aws.stepFunctions.list(machine)) {
        if (ending?.status !== 'SUCCEEDED') {
          total.failed += 1;
          continue;
        }
        const { made, unchanged, undone } = reportedSchema.parse(JSON.parse(ending.output));
        total.made += made;
        total.unchanged += unchanged;
        total.undone += undone;
      }
      return total;
    },
  };
};

/** A life of subjects: provisioned, repeated, changed by someone else, one that fails, deprovisioned. */
export interface ProvisioningRun {
  readonly figures: ProvisioningFigures;
  /** One sentence for each broken promise. */
  readonly broken: readonly string[];
}

const GRACE_MS = 8 * 86_400_000;

/** Provisions subjects, and takes them back. */
export const runProvisioning = async (
  world: World,
  subjects: number,
  say: (line: string) => void,
): Promise<ProvisioningRun> => {
  const { vault, clock } = world;
  const { all, one, compare, sweep, counts } = createProvisioning(world);
  const marked = () => vault.contents.assets().filter(({ Description }) => Description?.includes('[pam-relay ')).length;
  const broken: string[] = [];
  const expect = (what: string, found: number, wanted: number): void => {
    if (found !== wanted) broken.push(`Provisioning: ${found} ${what} instead of ${wanted}.`);
  };

  say(`Provisioning: ${subjects} machines appear`);
  await all('provision', subjects, 1);
  expect('machines are in the vault', marked(), subjects);
  say('The same messages again, with a later position');
  await all('provision', subjects, 2);

  say('Another machine, whose group someone else has made');
  const { host } = inputsOf(subjects);
  await administer(vault, [
    {
      method: 'POST',
      path: 'UserGroups',
      body: { groupType: 'BeyondInsight', groupName: `Owners of ${host}`, description: 'By hand', isActive: true },
    },
  ]);
  await one('provision', subjects, 1);
  expect('machines are in the vault after an undo', marked(), subjects);

  say('Someone changes an asset');
  const [asset] = vault.contents.assets().filter(({ AssetName }) => AssetName === inputsOf(0).host);
  await administer(vault, [
    { method: 'PUT', path: `Assets/${asset?.AssetID}?version=3.1`, body: { ...asset, OperatingSystem: 'Other' } },
  ]);
  const drift = await compare();

  say('All machines disappear');
  await all('deprovision', subjects, 3);
  const { made, unchanged, failed } = counts();
  for (let day = 0; day < Math.ceil(subjects / MAX_PER_DAY) + 1; day++) {
    clock.advance(GRACE_MS);
    await sweep();
  }
  const { undone } = counts();
  expect('machines are left', marked(), 0);
  expect('resources were undone', undone, made);
  return { figures: { subjects: subjects + 1, made, unchanged, undone, failed, drift }, broken };
};
