import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { directoryAt } from '#shared/records/directory-records.ts';
import { exportsAt } from '#shared/records/export-records.ts';
import { localClientConfig } from '../aws/resources.ts';
import { readRecord, requireSuccess } from '../figures.ts';
import type { CallKind } from '../simulators/secretsafe/audit.ts';
import { STATUS, TYPE } from '../simulators/secretsafe/organization.ts';
import type { World } from '../world.ts';
import { type DeclaredPerson, DIRECTORY_RULE, EXPORT_RULE, type Organization } from './organization.ts';

/** Declared people of an organization who join, move and leave, and its events, which leave without gaps. */

/** Counted by the server, except drift and late events (from the reports), and exported events (from their files). */
export interface DirectoryFigures {
  readonly members: number;
  readonly invited: number;
  readonly changed: number;
  readonly revoked: number;
  readonly drift: number;
  readonly events: number;
  readonly lateEvents: number;
}

interface DirectoryPlay {
  readonly figures: DirectoryFigures;
  /** One sentence for each broken promise. */
  readonly broken: readonly string[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LATE_DAYS = 3;
const SIGN_IN_EVENT = 1000;
const JOINERS: readonly string[] = ['joiner-1@example.com', 'joiner-2@example.com'];
const CHANGES: readonly CallKind[] = ['updateMember', 'setMemberGroups', 'createGroup', 'updateGroup'];

const createRuns = ({ aws, clock }: World) => {
  const fire = async (schedule: string): Promise<string> => {
    const started = await aws.scheduler.fire(schedule, clock.now());
    if (started.kind !== 'execution') throw new Error(`The schedule ${schedule} starts no execution.`);
    const execution = await aws.stepFunctions.settled(started.execution.arn);
    requireSuccess(execution);
    return execution.name;
  };
  const directory = async (schedule: string) =>
    readRecord(aws, directoryAt.report({ rule: DIRECTORY_RULE, run: await fire(`${schedule}.${DIRECTORY_RULE}`) }));
  return {
    apply: () => directory('directory'),
    compare: () => directory('directory-drift'),
    async export() {
      await fire(`export.${EXPORT_RULE}`);
      return readRecord(aws, exportsAt.report(EXPORT_RULE));
    },
  };
};

/** All exported events, as lines. */
const exportedLines = async ({ aws }: World): Promise<string[]> => {
  const Bucket = aws.template.ofType('AWS::S3::Bucket')[0]?.identity.name;
  const s3 = new S3Client(localClientConfig(aws.endpoint));
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: `events/${EXPORT_RULE}/` }));
  const files = await Promise.all(
    Contents.map(async ({ Key }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return (await Body?.transformToString()) ?? '';
    }),
  );
  return files.flatMap((file) => file.split('\n').filter((line) => line !== ''));
};

/** Applies a declared state, lets people join, move and leave, and exports the events. @throws RunFailed */
export const playDirectory = async (
  world: World,
  organization: Organization,
  say: (line: string) => void,
): Promise<DirectoryPlay> => {
  const { server } = organization;
  const { clock } = world;
  const runs = createRuns(world);
  const broken: string[] = [];
  const expect = (what: string, found: unknown, wanted: unknown): void => {
    if (found !== wanted) broken.push(`Directory: ${what} is ${found} instead of ${wanted}.`);
  };
  const called = (...kinds: readonly CallKind[]): number =>
    server.audit.filter(({ kind, changes }) => kinds.includes(kind) && changes > 0).length;

  const names = new Map(server.groups().map(({ id, name }) => [id, name]));
  const groupsOf = (ids: readonly string[]) => ids.flatMap((id) => names.get(id) ?? []);
  const [group = ''] = names.values();
  const present = server.members();
  const plain = present.filter(({ type, status }) => type === TYPE.user && status === STATUS.confirmed);
  const [leaver, mover, promoted] = plain.slice(-3);
  if (!leaver || !mover || !promoted) throw new Error('The fleet has too few members.');
  const declared: readonly DeclaredPerson[] = present.map(({ id, email, groupIds }) => ({
    email,
    groups: groupsOf(groupIds),
    ...(id === promoted.id && { type: 'user' as const }),
  }));
  const memberOf = (id: string) => server.members().find((member) => member.id === id);

  say(`Directory: ${present.length} members, and ${JOINERS.length} people who join`);
  const joined: readonly DeclaredPerson[] = JOINERS.map((email) => ({ email, groups: [group] }));
  await organization.declare([...declared, ...joined]);
  await runs.apply();
  await runs.export();

  say('One leaves, one moves, an administrator promotes one, and an event arrives late');
  const moved = [...names.values()].slice(0, 2);
  await organization.declare([
    ...declared
      .filter(({ email }) => email !== leaver.email)
      .map((person) => (person.email === mover.email ? { ...person, groups: moved } : person)),
    ...joined,
  ]);
  server.editMember(promoted.id, { type: TYPE.admin });
  server.addLateEvent({ type: SIGN_IN_EVENT, date: clock.now() - LATE_DAYS * DAY_MS });
  clock.advance(HOUR_MS);
  const { drift } = await runs.compare();
  await runs.apply();
  expect('the status of the leaver', memberOf(leaver.id)?.status, STATUS.revoked);
  expect('the number of groups of the mover', memberOf(mover.id)?.groupIds.length, moved.length);
  expect('the type of the promoted member', memberOf(promoted.id)?.type, TYPE.user);
  expect('the number of revoked members', called('revoke'), 1);
  expect('the number of removed members', called('removeMember'), 0);

  say('A day later, the events again');
  clock.advance(DAY_MS);
  const { late } = await runs.export();
  const lines = await exportedLines(world);
  expect('the number of exported events', lines.length, server.addedEvents().length);
  expect('the number of different exported events', new Set(lines).size, lines.length);
  return {
    figures: {
      members: server.members().length,
      invited: called('invite'),
      changed: called(...CHANGES),
      revoked: called('revoke'),
      drift: drift.length,
      events: lines.length,
      lateEvents: late,
    },
    broken,
  };
};
